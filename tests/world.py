"""The portal and the simulator facing each other: one account, number and template that both know, and a pump to run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from providers.credentials import credentials_encrypt
from providers.http import close_client
from providers.models import ProviderAccount, SenderNumber
from recontact.dispatch.pump import Pump
from recontact.models import Message, Query
from templates_app.models import Template
from tests.factories import (
    RETOMAR_TURNO,
    account_make,
    customer_make,
    message_make,
    query_make,
    rate_card_make,
    sender_number_make,
    template_make,
)
from tests.providers.simulator.server import (
    APP_SECRET,
    PHONE_NUMBER_ID,
    TOKEN,
    VERIFY_TOKEN,
    WABA_ID,
    SimulatorProcess,
    seed_data,
)

CREDENTIALS = {"access_token": TOKEN, "app_secret": APP_SECRET, "verify_token": VERIFY_TOKEN, "graph_version": "v25.0"}
TEMPLATE_ID = "1274830044500001"


@dataclass
class World:
    """Both sides. `webhook_url` is where the simulator reports; nowhere unless a test serves the portal."""

    simulator: SimulatorProcess
    account: ProviderAccount
    number: SenderNumber
    template: Template

    def query(self, *, digits: str = "00", **fields: Any) -> Query:
        """A pending query of a new customer whose last two digits choose the simulator's outcome."""
        customer = customer_make()
        phone = f"{(customer.phone or '')[:-2]}{digits}"
        customer.phone = phone
        customer.save()
        return query_make(customer=customer, sender_number=self.number, **fields)

    def message(self, *, digits: str = "00") -> Message:
        """A queued recontact of such a query."""
        return message_make(query=self.query(digits=digits), template=self.template)

    def pump(self, seconds: float = 10.0, *, stop: Callable[[], bool] = lambda: False) -> bool:
        """Run one slice in this process until nothing is due, or `stop` says so."""
        return asyncio.run(_slice(stop, seconds))

    def accepted(self, message: Message) -> list[dict[str, Any]]:
        """What the simulator accepted under the message's reference: the oracle."""
        found: list[dict[str, Any]] = self.simulator.get("messages", reference=str(message.reference))["data"]
        return found

    def duplicates(self) -> int:
        """References that the simulator accepted more than once."""
        return int(self.simulator.get("counts")["duplicates"])


async def _slice(stop: Callable[[], bool], seconds: float) -> bool:
    try:
        return await Pump("test", stop, idle_seconds=0.1).run(seconds)
    finally:
        await close_client()


def world_make(simulator: SimulatorProcess, *, webhook_base: str = "http://127.0.0.1:9") -> World:
    """Seed the simulator and the portal's database with the same account, number and template."""
    account = account_make(external_id=WABA_ID, credentials=credentials_encrypt(CREDENTIALS))
    rate_card_make(account=account)
    number = sender_number_make(account=account, external_id=PHONE_NUMBER_ID, phone="+5491155550199")
    template = template_make(account=account, external_id=TEMPLATE_ID)
    seed = seed_data(webhook_base + account.webhook_path)
    seed["templates"].append(
        {
            "id": TEMPLATE_ID,
            "waba_id": WABA_ID,
            "name": template.name,
            "language": template.language,
            "category": "UTILITY",
            "components": RETOMAR_TURNO,
        }
    )
    simulator.post("reset", world=True)
    simulator.post("seed", **seed)
    simulator.knobs(webhook_delay_ms=10, retry_base_ms=20, review_delay_ms=10, enforce_limits=False)
    return World(simulator, account, number, template)
