"""Files: what Graph says of one by its id, and the address at which its bytes are read."""

from __future__ import annotations

import base64

from aiohttp import web

from providers.simulator.documents import Json
from providers.simulator.media import StoredFile
from providers.simulator.media_serving import served
from providers.simulator.refusal import Refusal
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.meta.access import account_by_token, graph_response, number_of

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


async def upload(request: web.Request) -> web.Response:
    """``POST /{version}/{phone_number_id}/media``, multipart: messaging_product, type, file. Answers with the file's id."""
    simulator = request.app[SIMULATOR]
    account = account_by_token(simulator.world, request)
    number_of(simulator.world, account, request.match_info["object_id"], "post")
    form = await request.post()
    file = form.get("file")
    if (
        form.get("messaging_product") != "whatsapp"
        or not isinstance(file, web.FileField)
        or file.content_type != form.get("type")
    ):
        raise Refusal(100, "messaging_product, type and file are required, and type is the file's.")
    content = file.file.read()
    stored = simulator.shelf.add(
        account.waba_id,
        "document",
        {"content_type": file.content_type, "name": file.filename, "base64": base64.b64encode(content).decode()},
    )
    return graph_response(request, {"id": stored.id})


async def download(request: web.Request) -> web.StreamResponse:
    """``GET /whatsapp_business/attachments/?mid=…`` with the account's token."""
    simulator = request.app[SIMULATOR]
    account = account_by_token(simulator.world, request)
    return await served(request, simulator.shelf, simulator.shelf.get(request.query.get("mid", ""), account.waba_id))
