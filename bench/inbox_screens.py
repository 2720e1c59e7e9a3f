"""A hundred agents with an open ticket each, as their browsers ask: a pulse every two seconds, and what it says has changed."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from html import unescape
from urllib.parse import urlencode

import aiohttp
import httpx
from yarl import URL

from bench.figures import figure
from bench.inbox_filled import WRITTEN
from bench.portal import Portal, until
from bench.services import RUNNING
from bench.usage import cpu_seconds
from customer_service.inbound import inbound_receive
from hsm_portal.models import User
from providers.contracts import InboundEvent
from providers.models import SenderNumber
from recontact.clock import database_now
from recontact.models import Query
from tests.customer_service.agents import browser

#: Of all customers together, to these agents.
WRITTEN_PER_SECOND = 2.0
EVERY_SECONDS = 2.0
_PART = re.compile(
    r'id="(conversations|ticket-live)"[^>]*?hx-get="([^"]*)"[^>]*?data-token="([^"]*)" data-print="([^"]*)"'
)


class Screen:
    """One agent's open ticket with the list beside it, and the cookie that he is known by."""

    def __init__(self, user: User, query_id: int) -> None:
        client = browser(user)
        self.cookie = client.cookies["sessionid"].value
        self.parts: dict[str, tuple[str, str, str]] = {}
        self.take(client.get(f"/service/queries/{query_id}/?tab=mine").content.decode())

    def take(self, html: str) -> None:
        """What the page, or a part of it, says that is to be asked next."""
        for name, address, token, print_ in _PART.findall(html):
            self.parts[name] = (unescape(address), token, print_)

    @property
    def question(self) -> str:
        (_list, list_token, list_print), (_ticket, token, print_) = (
            self.parts["conversations"],
            self.parts["ticket-live"],
        )
        asked = {"list": list_token, "list_print": list_print, "ticket": token, "ticket_print": print_}
        return f"/service/pulse/?{urlencode(asked)}"


class Screens:
    """The screens of all agents against gunicorn, while customers write."""

    def __init__(self, made: Portal, people: Sequence[User], *, number_id: int) -> None:
        self.made, self.number = made, SenderNumber.objects.get(pk=number_id)
        mine = {
            user: Query.objects.filter(assigned_to=user).exclude(state="resolved").order_by("-pk") for user in people
        }
        found = {user: list(rows.values_list("pk", flat=True)[:5]) for user, rows in mine.items()}
        # In a short run not everybody has a query.
        self.queries = {user: ids for user, ids in found.items() if ids}
        self.screens = [Screen(user, ids[0]) for user, ids in self.queries.items()]
        self.pulses = self.fetched = 0

    def run(self, *, seconds: float) -> None:
        """Print the share of one core that web and PostgreSQL took together, less what storing the customers' messages cost."""
        self.made.start("web")
        until(self._answers, seconds=30, what="the start of the web server")
        written = self._cost_of_writing()
        # What these messages changed is fetched before anything is counted.
        asyncio.run(self._all(6.0))
        before, began = self._cpu(), time.monotonic()
        self.pulses = self.fetched = 0
        count = asyncio.run(self._all(seconds, writing=True))
        share = max(0.0, (self._cpu() - before - written * count) / (time.monotonic() - began))
        figure(
            "agents_100_core_share",
            share,
            f"of a core: {len(self.screens)} screens, {self.pulses} pulses, {self.fetched} parts, {count} messages",
        )

    def _cpu(self) -> float:
        web = cpu_seconds(self.made.children["web"].process.pid)
        return web + (cpu_seconds(RUNNING.postgres.pid or 0) if RUNNING.postgres is not None else 0.0)

    def _cost_of_writing(self) -> float:
        """PostgreSQL's processor seconds for one message of a customer."""
        before = self._cpu()
        for number in range(50):
            self._write(number)
        return (self._cpu() - before) / 50

    def _write(self, number: int) -> None:
        ids = list(self.queries.values())[number % len(self.queries)]
        phone = Query.objects.values_list("customer__phone", flat=True).get(pk=ids[number % len(ids)])
        event = InboundEvent(
            sender_external_id=self.number.external_id, provider_message_id=f"{WRITTEN}{time.time_ns()}", phone=phone or "",
            bsuid="", profile_name="", kind="text", text="¿Hay novedades?", button_payload="", context_message_id="",
            occurred_at=database_now(), payload={},
        )  # fmt: skip
        inbound_receive(self.number.account_id, event)

    async def _all(self, seconds: float, *, writing: bool = False) -> int:
        ends = time.monotonic() + seconds
        screens = [self._screen(screen, place, ends) for place, screen in enumerate(self.screens)]
        written = self._written(ends) if writing else _nothing()
        counts = await asyncio.gather(written, *screens)
        return int(counts[0])

    async def _written(self, ends: float) -> int:
        count = 0
        while time.monotonic() < ends:
            await asyncio.to_thread(self._write, count)
            count += 1
            await asyncio.sleep(1 / WRITTEN_PER_SECOND)
        return count

    async def _screen(self, screen: Screen, place: int, ends: float) -> int:
        await asyncio.sleep(EVERY_SECONDS * place / len(self.screens))
        # Connections of its own, kept from one question to the next as a browser does.
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            while time.monotonic() < ends:
                began = time.monotonic()
                await self._ask(session, screen)
                await asyncio.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - began)))
        return 0

    async def _ask(self, session: aiohttp.ClientSession, screen: Screen) -> None:
        status, body = await self._get(session, screen.question)
        self.pulses += 1
        for name, part in (("list", "conversations"), ("ticket", "ticket-live")):
            if status == 200 and f'"{name}"' in body:
                _status, html = await self._get(session, screen.parts[part][0], cookie=screen.cookie)
                screen.take(html)
                self.fetched += 1

    async def _get(self, session: aiohttp.ClientSession, path: str, cookie: str = "") -> tuple[int, str]:
        headers = {"HX-Request": "true"} | ({"Cookie": f"sessionid={cookie}"} if cookie else {})
        url = URL(f"http://127.0.0.1:{self.made.web_port}{path}", encoded=True)
        async with session.get(url, headers=headers) as answer:
            if answer.status >= 400:
                raise RuntimeError(f"{path[:80]} answered {answer.status}")
            return answer.status, await answer.text()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.made.web_port}/service/pulse/").status_code == 204
        except httpx.TransportError:
            return False


async def _nothing() -> int:
    return 0
