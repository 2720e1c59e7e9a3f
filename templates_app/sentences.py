"""Sentences for people whose values are filled in when they are shown, in the language of that moment."""

from __future__ import annotations

from django.utils.functional import lazystr
from django_stubs_ext import StrOrPromise


class Sentence:
    """A lazily translated text with %(name)s places, and the values for them. `str()` gives it in the active language."""

    __slots__ = ("_text", "_values")

    def __init__(self, text: StrOrPromise, **values: StrOrPromise | int) -> None:
        self._text = text
        self._values = values

    def __str__(self) -> str:
        return str(self._text) % self._values

    def __repr__(self) -> str:
        return f"Sentence({str(self)!r})"


def sentence(text: StrOrPromise, **values: StrOrPromise | int) -> StrOrPromise:
    """`text` (from gettext_lazy) with `values` put in its %(name)s places whenever it is shown."""
    return lazystr(Sentence(text, **values)) if values else text
