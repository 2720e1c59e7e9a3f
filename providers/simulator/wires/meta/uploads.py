"""The Resumable Upload API, as far as samples of templates need it: begin a session, then send the whole file.

Sessions and handles carry what there is to know of them, signed: nothing is kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets

from aiohttp import web

from providers.simulator.documents import Json, mapping, sequence
from providers.simulator.refusal import Refusal
from providers.simulator.simulator import SIMULATOR
from providers.simulator.wires.meta.access import account_by_token, graph_response
from providers.simulator.world import Account

FILE_TYPES = ("application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4")
KINDS = {"IMAGE": "image/", "VIDEO": "video/", "DOCUMENT": "application/"}
OWN_APP = "app"


async def begin(request: web.Request) -> web.Response:
    """``POST /{app_id}/uploads?file_length=…&file_type=…``: a session."""
    account, query = account_by_token(request.app[SIMULATOR].world, request), request.query
    if request.match_info["app_id"] not in (OWN_APP, account.settings.get("app_id", OWN_APP)):
        raise Refusal(100, "Object with this app id does not exist, or the token may not use it.")
    if not query.get("file_length", "").isdigit() or query.get("file_type") not in FILE_TYPES:
        raise Refusal(100, "file_length and file_type are required and must be valid.")
    about = json.dumps({"length": int(query["file_length"]), "type": query["file_type"]})
    session = base64.urlsafe_b64encode(about.encode()).decode()
    return graph_response(request, {"id": f"upload:{session}?sig={_signature(account, session)}"})


async def receive(request: web.Request) -> web.Response:
    """``POST /upload:{session}``: the file, from its beginning to its end; a handle for it."""
    account = account_by_token(request.app[SIMULATOR].world, request)
    session = request.match_info["session"].removeprefix("upload:")
    if not hmac.compare_digest(request.query.get("sig", ""), _signature(account, session)):
        raise Refusal(100, "The upload session does not exist.")
    if not request.headers.get("Authorization", "").startswith("OAuth ") or request.headers.get("file_offset") != "0":
        raise Refusal(100, "The token must stand in an OAuth header, and file_offset in a header.")
    about, content = mapping(json.loads(base64.urlsafe_b64decode(session))), await request.read()
    if len(content) != about["length"]:
        raise Refusal(100, "The file is not as long as was said.")
    kind = base64.b64encode(str(about["type"]).encode()).decode()
    nonce = secrets.token_urlsafe(16)
    return graph_response(request, {"h": f"4::{kind}:{nonce}:{_signature(account, kind + nonce)}"})


def samples_check(account: Account, components: list[Json]) -> None:
    """Hold the samples of media headers against what was uploaded; raises Refusal(100), as for a link in place of a handle."""
    for component in components:
        for card in sequence(component.get("cards")):
            samples_check(account, [mapping(item) for item in sequence(mapping(card).get("components"))])
        wanted = KINDS.get(str(component.get("format", "")).upper())
        handles = sequence(mapping(component.get("example")).get("header_handle"))
        if wanted is not None and not (handles and _is_handle(account, str(handles[0]), wanted)):
            raise Refusal(100, "A media header needs the handle of an uploaded sample of its kind.")


def _is_handle(account: Account, handle: str, wanted: str) -> bool:
    found = handle.removeprefix("4::").split(":")
    if not handle.startswith("4::") or len(found) != 3:
        return False
    kind, nonce, signature = found
    signed = hmac.compare_digest(signature, _signature(account, kind + nonce))
    return signed and base64.b64decode(kind).decode().startswith(wanted)


def _signature(account: Account, text: str) -> str:
    return hmac.new(account.token.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]
