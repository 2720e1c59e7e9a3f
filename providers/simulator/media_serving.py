"""Handing out what lies on the shelf, piece by piece, at the paths of each vendor."""

from __future__ import annotations

from aiohttp import web

from providers.simulator.media import Shelf, StoredFile
from providers.simulator.simulator import SIMULATOR

_CHUNK = 64 * 1024


async def open_address(request: web.Request) -> web.StreamResponse:
    """``GET …/{media_id}``: an address that opens by itself, as those vendors sign theirs."""
    shelf = request.app[SIMULATOR].shelf
    return await served(request, shelf, shelf.any(request.match_info["media_id"]))


async def served(request: web.Request, shelf: Shelf, file: StoredFile | None) -> web.StreamResponse:
    """The file's bytes, piece by piece; 404 for none."""
    if file is None:
        return web.Response(status=404, text="Not found")
    shelf.served[file.id] = shelf.served.get(file.id, 0) + 1
    response = web.StreamResponse(headers={"Content-Type": file.content_type, "Content-Length": str(file.size)})
    await response.prepare(request)
    await response.write(file.body)
    missing = file.size - len(file.body)
    try:
        while missing > 0:
            await response.write(bytes(min(_CHUNK, missing)))
            missing -= _CHUNK
    except ConnectionError:
        return response
    await response.write_eof()
    return response
