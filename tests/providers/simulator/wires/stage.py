"""One account of any provider in the simulator, and a client that talks to its wire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.providers.simulator.server import Receiver, SimulatorProcess, until

ACCOUNT = "account-of-the-tests"
NUMBER = "number-of-the-tests"
SENDER = "5491155550199"
CUSTOMER = "5491155550100"
TOKEN = "token-of-the-tests"
SECRET = "0123456789abcdef0123456789abcdef"


@dataclass
class Stage:
    """The simulator with one account of a provider. ``client`` starts at its prefix."""

    simulator: SimulatorProcess
    receiver: Receiver
    client: httpx.Client
    settings: Mapping[str, str] = field(default_factory=dict)

    def messages(self, **filters: str) -> list[dict[str, Any]]:
        """What the simulator accepted; filters ``to``, ``reference``."""
        found: list[dict[str, Any]] = self.simulator.get("messages", **filters)["data"]
        return found

    def arrived(self, count: int) -> list[Any]:
        """The JSON of the first webhooks, once so many have come."""
        until(lambda: len(self.receiver.arrived) >= count)
        return [webhook.document for webhook in self.receiver.arrived]

    def write(self, text: str = "Hola", **order: Any) -> Any:
        """The customer writes (which opens the service window)."""
        return self.simulator.post("inbound", phone_number_id=NUMBER, **{"from": CUSTOMER, "text": text, **order})


def stage_make(
    simulator: SimulatorProcess,
    receiver: Receiver,
    slug: str,
    *,
    settings: Mapping[str, str] | None = None,
    templates: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
    **account: Any,
) -> Stage:
    """An emptied simulator with one account of the provider, its number and templates. The caller closes the client."""
    own = {"waba_id": ACCOUNT, "token": TOKEN, "app_secret": SECRET, "webhook_url": receiver.url}
    number = {"phone_number_id": NUMBER, "waba_id": ACCOUNT, "display_phone_number": f"+{SENDER}"}
    simulator.post("reset", world=True)
    simulator.post(
        "seed",
        accounts=[{**own, "provider": slug, "settings": dict(settings or {}), **account}],
        numbers=[number],
        templates=[{"waba_id": ACCOUNT, **template} for template in templates],
        customers=[{"wa_id": CUSTOMER, "name": "Lucía Fernández"}],
    )
    simulator.knobs(
        webhook_delay_ms=10, webhook_concurrency=1, retry_base_ms=20, review_delay_ms=10, enforce_limits=False
    )
    client = httpx.Client(base_url=f"{simulator.url}/{slug}", headers=dict(headers or {}), timeout=10)
    return Stage(simulator, receiver, client, dict(settings or {}))
