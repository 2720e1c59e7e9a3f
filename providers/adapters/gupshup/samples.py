"""The sample of a media header: Gupshup fetches it from its address, and gives a handle for it.

Source: https://partner-docs.gupshup.io/reference/post_partner-app-appid-upload-media-1 (2025-02-14).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from providers.abilities import TemplateDraft
from providers.adapters.gupshup.templates import checked
from providers.contracts import JsonObject
from providers.errors import preparing
from providers.http import Answer
from providers.policy import unreadable_answer
from providers.reading import part, text

#: The type that Gupshup is told, by the end of the address, else by the header's kind.
TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "mp4": "video/mp4",
    "pdf": "application/pdf",
    "IMAGE": "image/jpeg",
    "VIDEO": "video/mp4",
    "DOCUMENT": "application/pdf",
}

#: POST of a form with these text fields to the upload's path.
Upload = Callable[[Mapping[str, str]], Answer]


def sample_upload(draft: TemplateDraft, upload: Upload) -> TemplateDraft:
    """The draft with a handle in place of its sample's address. Raises PreparationFailed: nothing of it was asked for yet."""
    with preparing():
        return replace(draft, components=[_with_handle(component, upload) for component in draft.components])


def _with_handle(component: JsonObject, upload: Upload) -> JsonObject:
    kind, example = text(component.get("format")).upper(), part(component, "example")
    handles = example.get("header_handle")
    address = text(handles[0]) if isinstance(handles, list) and handles else ""
    if kind not in TYPES or not address.startswith("http"):
        return component
    ending = address.partition("?")[0].rpartition(".")[2].lower()
    answer = upload({"file_type": TYPES.get(ending) or TYPES[kind], "file": address})
    handle = text(part(checked(answer), "handleId").get("message"))
    if not handle:
        raise unreadable_answer(answer, "The answer holds no handleId.")
    return {**component, "example": {**example, "header_handle": [handle]}}
