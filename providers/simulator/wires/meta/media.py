"""Files: what Graph says of one by its id, and the address at which its bytes are read."""

from __future__ import annotations

from aiohttp import web

from providers.simulator.documents import Json
from providers.simulator.media import StoredFile
from providers.simulator.media_serving import served
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.meta.access import account_by_token

ATTACHMENTS = "/whatsapp_business/attachments/"


def about(file: StoredFile, root: str) -> Json:
    """What ``GET /{media_id}`` answers; ``root`` is the host of the file's address."""
    return {
        "messaging_product": "whatsapp",
        "url": f"{root}{ATTACHMENTS}?mid={file.id}",
        "mime_type": file.content_type,
        "sha256": file.sha256,
        "file_size": file.size,
        "id": file.id,
    }


async def download(request: web.Request) -> web.StreamResponse:
    """``GET /whatsapp_business/attachments/?mid=…`` with the account's token."""
    simulator = request.app[SIMULATOR]
    account = account_by_token(simulator.world, request)
    return await served(request, simulator.shelf, simulator.shelf.get(request.query.get("mid", ""), account.waba_id))
