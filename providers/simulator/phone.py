"""The phone: a page that shows what customers received and lets a person answer as one of them."""

from __future__ import annotations

import html
import json
from itertools import islice
from pathlib import Path
from string import Template as TextTemplate

from aiohttp import web

from providers.simulator.control import answer
from providers.simulator.documents import Json
from providers.simulator.outcomes import OUTCOMES
from providers.simulator.phone_words import WORDS, language_of
from providers.simulator.record import Conversation, Inbound, Message
from providers.simulator.simulator import SIMULATOR, Simulator
from providers.simulator.world import Customer

FOLDER = Path(__file__).parent
PAGE = TextTemplate((FOLDER / "phone.html").read_text(encoding="utf-8"))
STATIC = {
    "phone.css": ("text/css", (FOLDER / "phone.css").read_bytes()),
    "phone.js": ("text/javascript", (FOLDER / "phone.js").read_bytes()),
}
SECURITY = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
CONVERSATIONS_SHOWN = 60
ENTRIES_SHOWN = 200


async def page(request: web.Request) -> web.Response:
    """``GET /``."""
    words = WORDS[language_of(request.headers.get("Accept-Language", ""))]
    outcomes = "".join(
        f"<tr><th scope=row>{digits}</th><td>{html.escape(getattr(outcome, _language_field(words)))}</td></tr>"
        for digits, outcome in OUTCOMES.items()
    )
    escaped = {name: html.escape(text) for name, text in words.items()}
    text = PAGE.substitute(escaped, words=html.escape(json.dumps(words)), outcome_rows=outcomes)
    return web.Response(text=text, content_type="text/html", headers=SECURITY)


def _language_field(words: dict[str, str]) -> str:
    return "spanish" if words["lang"] == "es" else "english"


async def static(request: web.Request) -> web.Response:
    """``GET /phone/static/{name}``."""
    kind, body = STATIC[request.match_info["name"]]
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=SECURITY)


async def conversations(request: web.Request) -> web.Response:
    """``GET /phone/conversations?search=``: the latest ones."""
    simulator = request.app[SIMULATOR]
    needle = request.query.get("search", "").strip().lower()
    shown = (_summary(simulator, item) for item in simulator.record.conversations())
    if needle:
        shown = (item for item in shown if needle in item["customer"] or needle in item["name"].lower())
    return answer({"data": list(islice(shown, CONVERSATIONS_SHOWN))})


def _customer(simulator: Simulator, conversation: Conversation) -> Customer | None:
    number = simulator.world.numbers.get(conversation.phone_number_id)
    account = simulator.world.accounts.get(number.waba_id) if number else None
    if account is None:
        return None
    if "." in conversation.customer_key:
        return simulator.world.customer_with_user_id(account.portfolio, conversation.customer_key)
    return simulator.world.customer_with_phone(account.portfolio, conversation.customer_key)


def _summary(simulator: Simulator, conversation: Conversation) -> Json:
    customer = _customer(simulator, conversation)
    number = simulator.world.numbers.get(conversation.phone_number_id)
    last = conversation.entries[-1]
    return {
        "phone_number_id": conversation.phone_number_id,
        "business": number.verified_name if number else conversation.phone_number_id,
        "customer": conversation.customer_key,
        "name": customer.name if customer else conversation.customer_key,
        "stopped": bool(customer and customer.stopped),
        "last": (last.rendered if isinstance(last, Message) else last.text)[:120],
        "last_at": conversation.last_at,
        "count": len(conversation.entries),
    }


async def conversation(request: web.Request) -> web.Response:
    """``GET /phone/conversation?phone_number_id=&customer=``: its bubbles, oldest first."""
    simulator = request.app[SIMULATOR]
    query = request.query
    found = simulator.record.conversation(query.get("phone_number_id", ""), query.get("customer", ""))
    if found is None:
        return answer({"error": "no such conversation"}, 404)
    entries = [_entry(entry) for entry in found.entries[-ENTRIES_SHOWN:]]
    return answer({**_summary(simulator, found), "entries": entries})


def _entry(entry: Message | Inbound) -> Json:
    if isinstance(entry, Inbound):
        return {"id": entry.wamid, "from_customer": True, "at": entry.at, "bubble": {"body": entry.text}}
    last = entry.statuses[-1] if entry.statuses else None
    return {
        "id": entry.wamid,
        "from_customer": False,
        "at": entry.at,
        "bubble": entry.bubble,
        "template": entry.template,
        "status": last.status if last else entry.message_status or "accepted",
        "code": last.code if last else None,
    }


def phone_application() -> web.Application:
    """The application to mount under ``/phone``."""
    application = web.Application()
    application.router.add_get("/static/{name:phone\\.(?:css|js)}", static)
    application.router.add_get("/conversations", conversations)
    application.router.add_get("/conversation", conversation)
    return application
