"""The WhatsApp bubble as the customer will see it, everywhere the same: `{% hsm_bubble bubble %}`.

Pages that show it load `templates_app/bubble.css`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from providers.rates.models import Category
from templates_app.models import Template
from templates_app.rendering import preview
from templates_app.selectors import template_parsed
from templates_app.values import datetime_read

register = template.Library()


@register.filter
def category_words(category: str) -> str:
    """A category in words ("Utility"); one that the portal does not know as it is."""
    return str(dict(Category.choices).get(category, category))


HEADER_ICONS = {
    "image": "image",
    "video": "play_circle",
    "document": "description",
    "location": "location_on",
    "product": "shopping_bag",
}
BUTTON_ICONS = {
    "quick_reply": "reply",
    "url": "open_in_new",
    "phone_number": "call",
    "voice_call": "call",
    "copy_code": "content_copy",
    "otp": "content_copy",
    "flow": "list_alt",
    "catalog": "storefront",
    "mpm": "storefront",
    "spm": "storefront",
}
# WhatsApp's own marks for bold, italic, struck and fixed width; the text is escaped before they are looked for.
MARKS = (
    (re.compile(r"```(.+?)```", re.DOTALL), r"<code>\1</code>"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), r"<em>\1</em>"),
    (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), r"<s>\1</s>"),
)


@register.inclusion_tag("templates_app/bubble.html")
def hsm_bubble(bubble: Mapping[str, Any]) -> dict[str, Any]:
    """Show a stored or rendered bubble (templates_app.bubbles gives its shape)."""
    return {"bubble": bubble}


@register.inclusion_tag("templates_app/bubble.html")
def hsm_bubble_for(shown: Template, values: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Show a template with `values` in its places; without them with its examples."""
    return {"bubble": preview(template_parsed(shown), values)}


@register.filter
def hsm_words(face: Mapping[str, Any], part: str = "body") -> SafeString:
    """The words of a face's `body`, or of a header's `text`, as HTML: values marked, WhatsApp's marks turned into tags."""
    key = "parts" if part == "text" else "body_parts"
    parts: Iterable[Mapping[str, Any]] = face.get(key) or [{"text": face.get(part) or "", "variable": False}]
    html = "".join(
        f"<mark>{escape(piece['text'])}</mark>" if piece["variable"] else str(escape(piece["text"])) for piece in parts
    )
    for mark, tag in MARKS:
        html = mark.sub(tag, html)
    # Every piece was escaped above; only our own tags stand between them.
    return mark_safe(html)  # noqa: S308


@register.filter
def hsm_header_icon(kind: str) -> str:
    """The symbol that stands for a header's media."""
    return HEADER_ICONS.get(kind, "help")


@register.filter
def hsm_button_icon(kind: str) -> str:
    """The symbol on a button."""
    return BUTTON_ICONS.get(kind, "help")


@register.filter
def hsm_button_text(button: Mapping[str, Any]) -> str:
    """What stands on a button; WhatsApp itself labels the copy-code button."""
    if button.get("text"):
        return str(button["text"])
    return _("Copy code") if button.get("kind") in ("copy_code", "otp") else str(button.get("kind", ""))


@register.filter
def hsm_moment(written: str) -> datetime | str:
    """The end of an offer as a moment that Django's `date` filter takes; as it was written when it is none."""
    return datetime_read(written) or written
