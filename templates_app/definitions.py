"""What a template consists of, as frozen values: header, texts, buttons, cards, offer, and the variables a send fills."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django_stubs_ext import StrOrPromise

PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")

MEDIA_KINDS = ("image", "video", "document")

# Text limits at send and of a card, in characters (Meta, messages reference and components pages).
HEADER_LIMIT = 60
BODY_LIMIT = 1024
LONE_BODY_LIMIT = 32768
CODE_LIMIT = 15
PAYLOAD_LIMIT = 256
URL_LIMIT = 2000


@dataclass(frozen=True)
class Variable:
    """One value a send has to fill. `key` is stable; `kind` says how the value is checked and what a form asks.

    Kinds: text, media_url (https address or media id), filename, number, place, url_suffix, payload, code, datetime, id,
    json, sections.
    """

    key: str
    kind: str
    label: StrOrPromise
    required: bool = True
    example: str = ""
    max_length: int | None = None


@dataclass(frozen=True)
class Blocker:
    """One reason why a template cannot be sent: a stable code and a sentence for people."""

    code: str
    sentence: StrOrPromise


@dataclass(frozen=True)
class TextPart:
    """A piece of a text: fixed words, or the place of a variable (then `text` is the variable's name)."""

    text: str
    variable: bool


@dataclass(frozen=True)
class Text:
    """A text with places {{n}} or {{name}}. `names` are distinct, positional ones by number; `examples` run beside them."""

    raw: str = ""
    names: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.raw

    @cached_property
    def parts(self) -> tuple[TextPart, ...]:
        """The text cut at its places, in order."""
        return tuple(self._cut())

    def _cut(self) -> Iterator[TextPart]:
        end = 0
        for match in PLACE.finditer(self.raw):
            if match.start() > end:
                yield TextPart(self.raw[end : match.start()], variable=False)
            yield TextPart(match.group(1), variable=True)
            end = match.end()
        if end < len(self.raw):
            yield TextPart(self.raw[end:], variable=False)


NO_TEXT = Text()


@dataclass(frozen=True)
class Header:
    """Kind: none, text, image, video, document, location, product, or another word we cannot send (gif, ...)."""

    kind: str = "none"
    text: Text = NO_TEXT
    media_example: str = ""


@dataclass(frozen=True)
class Button:
    """Kind: quick_reply, url, phone_number, copy_code, otp, flow, catalog, mpm, spm, voice_call, ... in lower case.

    `url` keeps its {{1}}; `base_url` is what stands before it. `example` is of the variable part alone.
    """

    index: int
    kind: str
    text: str = ""
    url: str = ""
    phone: str = ""
    example: str = ""

    @property
    def has_url_variable(self) -> bool:
        return self.kind == "url" and PLACE.search(self.url) is not None

    @property
    def base_url(self) -> str:
        return PLACE.split(self.url, maxsplit=1)[0]

    def url_with(self, suffix: str) -> str:
        """The address with `suffix` in its place."""
        return PLACE.sub(lambda match: suffix, self.url)


@dataclass(frozen=True)
class Card:
    """One card of a carousel."""

    index: int
    header: Header
    body: Text
    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class Offer:
    """A limited-time offer; with `expires` each send says until when."""

    text: str
    expires: bool
