"""Values in, the provider's components and the bubble out: the one renderer of screens, API and bulk. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from providers.contracts import JsonObject
from templates_app.bubbles import bubble_of, bubble_text
from templates_app.components import ParsedTemplate
from templates_app.definitions import BODY_LIMIT, HEADER_LIMIT, LONE_BODY_LIMIT
from templates_app.sentences import sentence
from templates_app.values import RenderProblem, values_check
from templates_app.wire import wire_components

__all__ = ["RenderError", "RenderProblem", "Rendered", "body_limit", "preview", "render"]


@dataclass(frozen=True)
class Rendered:
    """A message ready to be frozen: the wire's components, the bubble (JSON), and the bubble's words as plain text."""

    components: list[JsonObject]
    bubble: JsonObject
    text: str


class RenderError(Exception):
    """The values do not make a message. `problems` names every one of them."""

    def __init__(self, problems: Sequence[RenderProblem]) -> None:
        super().__init__(", ".join(f"{problem.key}: {problem.code}" for problem in problems))
        self.problems = tuple(problems)


def render(parsed: ParsedTemplate, values: Mapping[str, str]) -> Rendered:
    """Make the message. `values` by variable key; raises RenderError naming every missing, surplus and unfit value."""
    clean, problems = values_check(parsed, values)
    problems = [RenderProblem("", blocker.code, blocker.sentence) for blocker in parsed.not_sendable] + problems
    bubble = bubble_of(parsed, clean)
    problems += _too_long(parsed, bubble)
    if problems:
        raise RenderError(problems)
    return Rendered(wire_components(parsed, clean), bubble, bubble_text(bubble))


def preview(parsed: ParsedTemplate, values: Mapping[str, str] | None = None) -> JsonObject:
    """The bubble for a screen; never raises. Without `values` it shows the examples, else {{n}} for what is missing."""
    if values is None:
        return bubble_of(parsed, {variable.key: variable.example for variable in parsed.variables if variable.example})
    return bubble_of(parsed, {key: str(value).strip() for key, value in values.items()})


def body_limit(parsed: ParsedTemplate) -> int:
    """How many characters the finished body may have."""
    return LONE_BODY_LIMIT if parsed.body_stands_alone else BODY_LIMIT


def _too_long(parsed: ParsedTemplate, bubble: JsonObject) -> list[RenderProblem]:
    """The finished texts against WhatsApp's limits."""
    problems = []
    header = (bubble["header"] or {}).get("text", "")
    for code, length, allowed, text in (
        ("header_too_long", len(header), HEADER_LIMIT, HEADER_TOO_LONG),
        ("body_too_long", len(bubble["body"]), body_limit(parsed), BODY_TOO_LONG),
    ):
        if length > allowed:
            problems.append(RenderProblem("", code, sentence(text, length=length, limit=allowed)))
    return problems


HEADER_TOO_LONG = _("With these values the header has %(length)s characters; WhatsApp allows %(limit)s.")
BODY_TOO_LONG = _("With these values the text has %(length)s characters; WhatsApp allows %(limit)s.")
