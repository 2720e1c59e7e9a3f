"""The portal and a simulated provider facing each other: the real pump, the real webhook view, the real adapter.

A test says who its provider is, by its parameter `provider` or its module's `PROVIDER`; the fixture `stage` (conftest.py)
puts both sides up:

    from tests.providers.e2e.setups.zenvia import PROVIDER

    def test_it_is_sent_and_read(stage: Stage) -> None:
        message = stage.queue()
        stage.wait_for(message, "read")
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from customer_service.models import InboundMessage
from providers.contracts import JsonObject
from providers.credentials import credentials_encrypt
from providers.http import close_client
from providers.inbox_batch import deliveries_process_waiting
from providers.models import ProviderAccount, SenderNumber, WebhookDelivery
from recontact.books import balance, differences
from recontact.clock import ClockTimestamp
from recontact.dispatch.pump import Pump
from recontact.dispatch.sweep import sweep
from recontact.look_ups import doubtful_look_up
from recontact.models import Attempt, Incident, Message
from recontact.outbox import query_recontact
from templates_app.models import Template
from templates_app.sync import templates_sync
from tests.factories import (
    account_make,
    customer_make,
    query_make,
    rate_card_make,
    sender_number_make,
    template_make,
)
from tests.providers.simulator.server import SimulatorProcess

PATIENCE_SECONDS = 60.0
NUMBER = "5491155550199"
BODY: JsonObject = {
    "type": "BODY",
    "text": "Hola {{1}}, tu pedido {{2}} está listo.",
    "example": {"body_text": [["Ana", "ORD-1042"]]},
}
REPLY: JsonObject = {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Confirmar"}]}
VALUES = {"body.1": "Ana", "body.2": "ORD-1042"}
#: The account and the number in the simulator's world.
ACCOUNT_ID, NUMBER_ID, TEMPLATE_ID = "acct", "number-1", "template-1"


@dataclass(frozen=True)
class Setup:
    """One provider's account on both sides.

    Ours: `external_id`, `credentials`, `number` (digits) and `number_external_id` (the digits unless given).
    The simulator's: `token`, `app_secret`, `settings` of the account; `template_settings`; `template_id`. `basic`: user and
    password ("hsm:secret") in the address that it calls.
    `base_path`: where the simulator serves the provider ("/" and the slug unless given).
    `listed`: our template comes by the adapter's list; else it is entered by hand (`by_hand`: external_id, namespace...).
    `values` fill the template `components`.
    """

    slug: str
    external_id: str
    credentials: Mapping[str, str]
    token: str
    app_secret: str = ""
    basic: str = ""
    base_path: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    number: str = NUMBER
    number_external_id: str = ""
    components: Sequence[JsonObject] = (BODY,)
    parameter_format: str = "POSITIONAL"
    template_id: str = TEMPLATE_ID
    template_name: str = "order_update"
    template_settings: Mapping[str, Any] = field(default_factory=dict)
    listed: bool = True
    by_hand: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=lambda: dict(VALUES))

    @property
    def path(self) -> str:
        """The provider's address under the simulator's."""
        return f"/{self.slug}" if self.base_path is None else self.base_path


@dataclass
class Stage:
    """Both sides, and what a test does with them."""

    setup: Setup
    simulator: SimulatorProcess
    account: ProviderAccount
    number: SenderNumber
    template: Template
    #: The portal's own address.
    portal: str

    # --- doing -----------------------------------------------------------------------------------------------------------

    def queue(
        self, digits: str = "00", *, template: Template | None = None, values: Mapping[str, str] | None = None
    ) -> Message:
        """Queue a recontact of a new customer, whose last two digits choose the simulator's outcome."""
        customer = customer_make()
        customer.phone = f"{(customer.phone or '')[:-2]}{digits}"
        customer.save()
        query = query_make(customer=customer, sender_number=self.number)
        return query_recontact(
            query_id=query.pk,
            template_id=(template or self.template).pk,
            values=dict(self.setup.values if values is None else values),
            user=None,
            send_key=None,
        )

    def work(self) -> None:
        """What the workers do: a short slice of the pump, the inbox, the sweep."""
        asyncio.run(_slice())
        deliveries_process_waiting()
        sweep()

    def until(self, condition: Callable[[], object], what: str = "it") -> None:
        """Work until the condition holds."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            states = list(Message.objects.values_list("state", "reason", "provider_code"))
            assert time.monotonic() < end, f"{what} did not happen in time: {states}, {self.problems()}"
            self.work()

    def wait_for(self, message: Message, *states: str) -> Message:
        """Work until the message is in one of the states; returns it as it is then."""
        self.until(lambda: Message.objects.get(pk=message.pk).state in states, what=f"{states}")
        message.refresh_from_db()
        return message

    def wait_for_webhooks(self) -> None:
        """Work until the simulator has told everything."""
        self.until(lambda: self.simulator.get("counts")["pending"] == 0, what="the last webhook")
        self.work()

    def look_up(self) -> int:
        """The time has come to ask the provider about what is in doubt; returns how many were settled."""
        Message.objects.filter(state=Message.State.UNCERTAIN).update(look_up_at=ClockTimestamp())
        return doubtful_look_up()

    def write(self, message: Message, text: str = "Sí, dale", **order: Any) -> InboundMessage:
        """The customer of the message answers; returns the answer as Customer Service has it."""
        person = message.recipient_phone.removeprefix("+")
        self.simulator.post("inbound", phone_number_id=NUMBER_ID, **{"from": person, "text": text, **order})
        self.until(InboundMessage.objects.exists, what="the answer")
        return InboundMessage.objects.get()

    # --- seeing ----------------------------------------------------------------------------------------------------------

    def calls(self, message: Message) -> int:
        """How many requests for the message's recipient reached the provider."""
        return len(self.simulator.get("requests", to=message.recipient_phone)["data"])

    def accepted(self, message: Message) -> list[dict[str, Any]]:
        """What the provider accepted for the message's recipient: the oracle."""
        found: list[dict[str, Any]] = self.simulator.get("messages", to=message.recipient_phone)["data"]
        return found

    def attempts(self, message: Message) -> list[str]:
        """How each attempt of the message ended."""
        return list(Attempt.objects.filter(message=message).order_by("number").values_list("outcome", flat=True))

    def problems(self) -> list[Any]:
        """What was wrong with webhooks."""
        return [delivery.problems for delivery in WebhookDelivery.objects.all() if delivery.problems]

    def prove(self) -> None:
        """Nothing was sent twice, every webhook was read, the books balance."""
        assert self.simulator.get("counts")["duplicates"] == 0
        assert self.problems() == []
        assert not Incident.objects.exists()
        assert list(differences()) == []
        assert balance().holds


def stage_make(setup: Setup, simulator: SimulatorProcess, *, portal: str) -> Stage:
    """Seed the simulator and the portal's database with the same account, number and template."""
    account = account_make(
        provider=setup.slug,
        external_id=setup.external_id,
        credentials=credentials_encrypt(dict(setup.credentials)),
    )
    rate_card_make(account=account)
    external_id = setup.number_external_id or setup.number
    number = sender_number_make(account=account, external_id=external_id, phone=f"+{setup.number}")
    simulator.post("reset", world=True)
    simulator.post("seed", **_seed(setup, webhook_url=_address(setup, portal) + account.webhook_path))
    simulator.knobs(webhook_delay_ms=10, retry_base_ms=20, review_delay_ms=10, enforce_limits=False, unanswered_ms=4000)
    return Stage(setup, simulator, account, number, _template(setup, account), portal)


def _address(setup: Setup, portal: str) -> str:
    return portal.replace("://", f"://{setup.basic}@", 1) if setup.basic else portal


def _seed(setup: Setup, *, webhook_url: str) -> dict[str, Any]:
    account = {
        "waba_id": ACCOUNT_ID,
        "provider": setup.slug,
        "token": setup.token,
        "app_secret": setup.app_secret,
        "settings": dict(setup.settings),
        "webhook_url": webhook_url,
    }
    template = {
        "id": setup.template_id,
        "waba_id": ACCOUNT_ID,
        "name": setup.template_name,
        "language": "es_AR",
        "category": "UTILITY",
        "components": list(setup.components),
        "parameter_format": setup.parameter_format,
        "settings": dict(setup.template_settings),
    }
    number = {"phone_number_id": NUMBER_ID, "waba_id": ACCOUNT_ID, "display_phone_number": f"+{setup.number}"}
    return {"accounts": [account], "numbers": [number], "templates": [template]}


def _template(setup: Setup, account: ProviderAccount) -> Template:
    if setup.listed:
        templates_sync(account_id=account.pk)
        return Template.objects.get(account=account, name=setup.template_name)
    entered = {"external_id": "", **setup.by_hand}
    return template_make(
        account=account,
        name=setup.template_name,
        components=list(setup.components),
        parameter_format=setup.parameter_format,
        **entered,
    )


async def _slice() -> None:
    try:
        await Pump("test", lambda: False, idle_seconds=0.05).run(0.5)
    finally:
        await close_client()
