"""Who still needs a template: the apps above register what counts, so that a change or a deletion can say what it stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """Something that will not go on without the template, as a sentence for people: "12 messages wait to be sent with it."."""

    count: int
    sentence: StrOrPromise


Counter = Callable[[Sequence[int]], Sequence[TemplateUse]]

_COUNTERS: list[Counter] = []


def counts_uses(counter: Counter) -> Counter:
    """Register `counter`: ids of templates in, what needs one of them now out. Apps register in `AppConfig.ready`."""
    if counter not in _COUNTERS:
        _COUNTERS.append(counter)
    return counter


def templates_needed(template_ids: Sequence[int]) -> list[TemplateUse]:
    """Everything that needs one of these templates now; empty = nothing would be stopped."""
    return [use for counter in _COUNTERS for use in counter(template_ids) if use.count]
