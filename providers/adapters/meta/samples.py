"""The sample of a media header: Meta wants it uploaded before, and takes the handle of the upload.

Source: https://developers.facebook.com/docs/graph-api/guides/upload (Resumable Upload API), 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from urllib.parse import quote

from django.utils.translation import gettext as _

from providers.abilities import TemplateDraft
from providers.adapters.meta.errors import call_problem
from providers.adapters.meta.reading import part, parts, text
from providers.contracts import JsonObject
from providers.errors import PreparationFailed, Reason, preparing
from providers.http import Answer
from providers.policy import unreadable_answer
from providers.public_files import PublicFile, file_fetch

#: The app that the token belongs to, as older versions of Meta's page write the path; taken where the account names no app.
OWN_APP = "app"
TYPES = {"IMAGE": ("image/jpeg", "image/png"), "VIDEO": ("video/mp4",), "DOCUMENT": ("application/pdf",)}
_SESSION = re.compile(r"upload:[^\s#]{1,1900}")

#: POST of one path below the version: query, more headers, and the file's bytes in the second step.
Upload = Callable[[str, Mapping[str, str], Mapping[str, str], bytes | None], Answer]


def samples_upload(draft: TemplateDraft, *, app_id: str, token: str, upload: Upload) -> TemplateDraft:
    """The draft with a handle in place of each sample's address. Raises PreparationFailed: nothing of it was asked for yet."""

    def component(item: JsonObject) -> JsonObject:
        if cards := parts(item, "cards"):
            return {**item, "cards": [{**card, "components": all_of(parts(card, "components"))} for card in cards]}
        kind, example = text(item.get("format")).upper(), part(item, "example")
        handles = example.get("header_handle")
        address = text(handles[0]) if isinstance(handles, list) and handles else ""
        if kind not in TYPES or not address.startswith("http"):
            return item
        file = file_fetch(address)
        if file.content_type not in TYPES[kind]:
            raise PreparationFailed(Reason.MEDIA, detail=_("The sample is of another kind than the header."))
        return {**item, "example": {**example, "header_handle": [_uploaded(file, app_id, token, upload)]}}

    def all_of(components: list[JsonObject]) -> list[JsonObject]:
        return [component(item) for item in components]

    with preparing():
        return replace(draft, components=all_of(list(draft.components)))


def _uploaded(file: PublicFile, app_id: str, token: str, upload: Upload) -> str:
    about = {"file_name": file.name, "file_length": str(len(file.content)), "file_type": file.content_type}
    began = upload(f"{quote(app_id or OWN_APP, safe='')}/uploads", about, {}, None)
    session = text((began.json_object() or {}).get("id"))
    if not 200 <= began.status < 300:
        raise call_problem(began)
    if not _SESSION.fullmatch(session):
        raise unreadable_answer(began, "The answer holds no upload session.")
    # The second step wants the token under another scheme, and the offset in a header.
    done = upload(session, {}, {"Authorization": f"OAuth {token}", "file_offset": "0"}, file.content)
    if not 200 <= done.status < 300:
        raise call_problem(done)
    handle = text((done.json_object() or {}).get("h"))
    if not handle:
        raise unreadable_answer(done, "The answer holds no handle.")
    return handle
