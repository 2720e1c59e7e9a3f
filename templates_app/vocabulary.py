"""A provider's words for a template, normalized to ours; what cannot be stored is taken out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from providers.contracts import JsonObject
from templates_app.models import Template, TemplateStatus

# Words of the provider for states that are ours under another name.
STATUS_WORDS = {"REINSTATED": TemplateStatus.APPROVED, "UNARCHIVED": TemplateStatus.APPROVED}
NO_REASON = ("NONE", "NULL")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def language_normalize(language: str) -> str:
    """es-AR becomes es_AR."""
    return storable(language).strip().replace("-", "_")[:15]


def category_normalize(category: str) -> str:
    """The category in lower case, as far as it fits."""
    return storable(category).strip().lower()[:20]


def status_normalize(status: str) -> str:
    """One of TemplateStatus; UNKNOWN for a word we do not know, empty when nothing was said."""
    word = status.strip().upper()
    if not word:
        return ""
    known = STATUS_WORDS.get(word, word)
    return str(known) if known in TemplateStatus.values else TemplateStatus.UNKNOWN.value


def quality_normalize(quality: str) -> str:
    """One of Template.Quality; empty when nothing was said."""
    word = quality.strip().upper()
    if not word:
        return ""
    return word if word in Template.Quality.values else Template.Quality.UNKNOWN.value


def reason_normalize(reason: str) -> str:
    """The reason of a rejection; NONE is none."""
    text = storable(reason).strip()[:200]
    return "" if text.upper() in NO_REASON else text


def parameter_format_normalize(parameter_format: str) -> str:
    """POSITIONAL or NAMED; POSITIONAL is what the provider means by silence."""
    return "NAMED" if parameter_format.strip().upper() == "NAMED" else "POSITIONAL"


def storable(text: str) -> str:
    """`text` without what PostgreSQL refuses."""
    return UNSTORABLE.sub("", text)


def components_storable(components: Sequence[JsonObject]) -> list[JsonObject]:
    """The components as plain JSON that PostgreSQL takes."""
    cleaned: list[JsonObject] = _clean(list(components))
    return cleaned


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list | tuple) else value
