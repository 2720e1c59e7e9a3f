"""Files: those that customers sent are asked for by their id and read where Meta says, under the same token.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media, "Retrieve media
URL", "Download media", "Upload media", 2026-11. The address is good for five minutes, the id for 30 days. Ours are uploaded
before they are sent: an id is of no use to others, where a link would be open for a while.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import quote

from providers.abilities import MediaSource
from providers.adapters.meta.errors import call_problem, error_read, send_error
from providers.adapters.meta.reading import text
from providers.contracts import JsonObject, MediaContent, MediaPointer
from providers.errors import MediaGone, Reason, Rejected, SendError
from providers.http import Answer
from providers.media_sources import own_source
from providers.policy import unreadable_answer

#: Where Meta serves files.
HOSTS = ("fbsbx.com", "fbcdn.net", "whatsapp.net")
#: A larger file would not be through in a call's time: Meta fetches it by its link.
LARGEST_UPLOAD = 16 * 1024 * 1024
#: "Object does not exist", which is what an expired id answers.
_UNKNOWN_OBJECT, _DOWNLOAD_ERROR = 100, 131052


async def media_upload(content: MediaContent, post: Callable[[Mapping[str, str], bytes], Awaitable[Answer]]) -> str:
    """Upload a file that is to be sent; its id, or "" when it could not be: then its link is sent, and nothing is lost.

    Raises Rejected for a file that Meta does not take.
    """
    if content.size > LARGEST_UPLOAD:
        return ""
    try:
        answer = await post(
            {"messaging_product": "whatsapp", "type": content.content_type}, await to_thread(content.read)
        )
    except (SendError, OSError):
        return ""
    body = answer.json_object()
    media_id = text((body or {}).get("id"))
    if 200 <= answer.status < 300:
        return media_id
    error = send_error(answer.status, body, answer.headers, exchange=answer.exchange)
    if isinstance(error, Rejected) and error.reason in (Reason.MEDIA, Reason.MEDIA_FETCH):
        raise error
    return ""


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
