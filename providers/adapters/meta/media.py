"""Files that customers sent: asked for by their id, then read at the address that Meta answers with, under the same token.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media, "Retrieve media
URL", "Download media", 2026-11. The address is good for five minutes, the id for 30 days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from providers.abilities import MediaSource
from providers.adapters.meta.errors import call_problem, error_read
from providers.adapters.meta.reading import text
from providers.contracts import JsonObject, MediaPointer
from providers.errors import MediaGone
from providers.http import Answer
from providers.media_sources import own_source
from providers.policy import unreadable_answer

#: Where Meta serves files.
HOSTS = ("fbsbx.com", "fbcdn.net", "whatsapp.net")
#: "Object does not exist", which is what an expired id answers.
_UNKNOWN_OBJECT, _DOWNLOAD_ERROR = 100, 131052


def media_source(
    pointer: MediaPointer,
    *,
    ask: Callable[[str, Mapping[str, str]], Answer],
    headers: Mapping[str, str],
    base_url: str,
) -> MediaSource:
    """Where the file is now. Raises MediaGone, or ProviderCallError."""
    answer = ask(quote(pointer.id, safe=""), {})
    body: JsonObject = answer.json_object() or {}
    if not 200 <= answer.status < 300:
        error = error_read(body.get("error"))
        if answer.status == 404 or (error is not None and error.code in (_UNKNOWN_OBJECT, _DOWNLOAD_ERROR)):
            raise MediaGone
        raise call_problem(answer)
    url = text(body.get("url"))
    if not url:
        raise unreadable_answer(answer, "The answer holds no url.")
    return own_source(url, hosts=HOSTS, headers=headers, base_url=base_url)
