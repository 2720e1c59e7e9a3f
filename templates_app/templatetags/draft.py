"""What the form of a template needs in its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import template
from django_stubs_ext import StrOrPromise

register = template.Library()


@register.filter
def by_field(errors: Mapping[str, Sequence[StrOrPromise]], field: str) -> Sequence[StrOrPromise]:
    """The sentences about `field`; none when nothing is wrong with it."""
    return errors.get(field, ())
