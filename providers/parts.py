"""Which parts of a template carry values in a send, and which of them a provider cannot carry. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from providers.contracts import Capabilities, JsonObject, MediaContent, TemplateContent
from providers.errors import Reason, Rejected

PART_NAMES: dict[str, StrPromise] = {
    "header_text": _("a header with a variable"),
    "header_image": _("an image in the header"),
    "header_video": _("a video in the header"),
    "header_document": _("a document in the header"),
    "header_location": _("a location in the header"),
    "header_product": _("a product in the header"),
    "body": _("variables in the text"),
    "button_url": _("a button with a variable address"),
    "button_quick_reply": _("a quick-reply button with an answer of its own"),
    "button_copy_code": _("a button that copies a code"),
    "button_flow": _("a button that opens a flow"),
    "button_catalog": _("a button that opens the catalog"),
    "button_mpm": _("a button that shows products"),
    "carousel": _("a carousel"),
    "limited_time_offer": _("a limited-time offer"),
}


def parts_of(components: Iterable[JsonObject]) -> Iterator[str]:
    """The parts that `components` (send-time, Meta's neutral shape) fill with values; a word of its own for others."""
    for component in components:
        kind = str(component.get("type", "")).lower()
        parameters = component.get("parameters") or [{}]
        first = parameters[0] if isinstance(parameters[0], dict) else {}
        if kind == "header":
            yield f"header_{first.get('type', 'text')}"
        elif kind == "button":
            yield f"button_{str(component.get('sub_type', '')).lower()}"
        else:
            yield kind


def parts_missing(components: Iterable[JsonObject], carried: frozenset[str]) -> list[str]:
    """The parts of `components` that a provider which carries `carried` cannot send, in their order, each once."""
    return parts_not_carried(parts_of(components), carried)


def parts_not_carried(parts: Iterable[str], carried: frozenset[str]) -> list[str]:
    """The same of parts that are known already."""
    return [part for part in dict.fromkeys(parts) if part not in carried]


def media_check(content: MediaContent, can: Capabilities) -> None:
    """Refuse, before any call, a file that the provider cannot send, or words that it cannot send with it. Raises Rejected."""
    if content.kind not in can.media:
        raise Rejected(Reason.UNSUPPORTED, provider_code=content.kind[:40], detail=content.kind)
    if content.caption and content.kind not in can.captions:
        raise Rejected(Reason.UNSUPPORTED, provider_code="caption", detail=f"a caption of {content.kind}")


def parts_check(content: TemplateContent, carried: frozenset[str]) -> None:
    """Refuse, before any call, what the provider cannot carry. Raises Rejected that names the parts."""
    missing = parts_missing(content.components, carried)
    if missing:
        raise Rejected(Reason.UNSUPPORTED, provider_code=missing[0][:40], detail=", ".join(missing))
