"""The whole portal under test: workers, served webhooks, simulator and database, and the proof that the promises held."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from celery import current_app
from django.db import connection

from providers.models import WebhookDelivery
from recontact.books import balance, differences
from recontact.models import Attempt, CostEntry, Incident, Message, MessageEvent
from recontact.states import NEVER_SENT, WENT_OUT
from tests.faults.postgres_wire import PostgresWire
from tests.faults.processes import Worker, Workers, until
from tests.world import World

SWEEPS = ("recontact.tasks.dispatch_sweep", "providers.tasks.inbox_sweep")
#: Where a message is no longer on its way through us.
AT_REST = frozenset({*NEVER_SENT, *WENT_OUT, "uncertain"})


@dataclass
class Stage:
    """A world with workers, and the portal served at an address."""

    world: World
    workers: Workers
    portal: str
    messages: list[Message] = field(default_factory=list)

    @property
    def dispatcher(self) -> Worker:
        """The worker that sends; it may be killed."""
        return self.workers.dispatcher

    @property
    def wire(self) -> PostgresWire:
        """The dispatcher's wire to the database."""
        return self.workers.wire

    def queue(self, count: int = 1, *, digits: str = "00") -> list[Message]:
        """Queue recontacts of that many new queries."""
        made = [self.world.message(digits=digits) for _ in range(count)]
        self.messages += made
        return made

    def states(self, messages: Iterable[Message] | None = None) -> Counter[str]:
        """How many of the messages are in each state."""
        ids = [message.pk for message in (self.messages if messages is None else messages)]
        return Counter(Message.objects.filter(pk__in=ids).values_list("state", flat=True))

    def wait_for(self, *states: str, messages: Iterable[Message] | None = None) -> None:
        """Wait until all messages (or these) are in one of the states."""
        chosen = self.messages if messages is None else list(messages)
        until(lambda: set(self.states(chosen)) <= set(states), what=f"{states} of {self.states(chosen)}")

    def wait_ticking(self, *states: str, messages: Iterable[Message]) -> None:
        """The same with beat ticking: a frozen worker may have swallowed a wake."""
        chosen = list(messages)

        def come() -> bool:
            self.sweep()
            time.sleep(0.5)
            return set(self.states(chosen)) <= set(states)

        until(come, what=f"{states}, beat ticking")

    def wait_at_rest(self) -> None:
        """Wait until nothing is queued or sending."""
        self.wait_for(*AT_REST)

    def sweep(self) -> None:
        """What beat does every five seconds."""
        for name in SWEEPS:
            current_app.send_task(name, queue="default", retry=False)

    def calls(self, message: Message) -> int:
        """How many requests for the message reached the simulator."""
        return len(self.world.simulator.get("requests", reference=str(message.reference))["data"])

    def accepted(self) -> dict[str, int]:
        """The oracle: how often the simulator accepted each reference."""
        found: dict[str, int] = self.world.simulator.get("references")["data"]
        return found

    def time_passes(self) -> None:
        """The leases of claims, of numbers and of webhooks run out."""
        with connection.cursor() as cursor:
            cursor.execute("""UPDATE recontact_message SET lease_expires_at = clock_timestamp() - interval '1 second'
                              WHERE state = 'sending'""")
            cursor.execute("UPDATE recontact_numberlease SET expires_at = clock_timestamp() - interval '1 second'")
            cursor.execute(
                "UPDATE providers_webhookdelivery SET claimed_until = clock_timestamp() - interval '1 second'"
            )

    def deliveries(self) -> list[dict[str, Any]]:
        """Every webhook the simulator posted, with what was answered."""
        found: list[dict[str, Any]] = self.world.simulator.get("deliveries")["data"]
        return found

    @contextmanager
    def deaf_portal(self) -> Iterator[None]:
        """The provider's webhooks reach nobody meanwhile, and are tried again."""
        account = f"accounts/{self.world.account.external_id}"
        self.world.simulator.post(account, webhook_url="http://127.0.0.1:9/")
        yield
        self.world.simulator.post(account, webhook_url=self.portal + self.world.account.webhook_path)

    def prove(self) -> None:
        """Nothing doubled, nothing lost, the books balance and agree with the simulator's record."""
        accepted = self.accepted()
        assert {reference: count for reference, count in accepted.items() if count > 1} == {}
        assert list(differences()) == []
        assert balance().holds
        assert balance().planned == len(self.messages)
        assert not Incident.objects.exists()
        for message in Message.objects.all():
            assert message.state in AT_REST
            if str(message.reference) in accepted:
                assert message.state in {*WENT_OUT, "uncertain"}
            else:
                assert message.state in {*NEVER_SENT, "uncertain"}

    def wait_for_webhooks(self) -> None:
        """Wait until the simulator has reported everything, and the portal has read it without a problem."""
        until(lambda: self.world.simulator.get("counts")["pending"] == 0, what="the last webhook")
        received = WebhookDelivery.objects.filter(state=WebhookDelivery.State.RECEIVED)
        until(lambda: not received.exists(), what="the reading of the webhooks")
        assert [each.problems for each in WebhookDelivery.objects.all() if each.problems] == []

    def prove_events(self) -> None:
        """Every status the simulator reported is kept once, with its message, and each delivery is charged once."""
        self.wait_for_webhooks()
        told = {
            (message["wamid"], status["status"])
            for message in self.world.simulator.get("messages")["data"]
            for status in message["statuses"]
        }
        kept = list(MessageEvent.objects.exclude(status="accepted").values_list("provider_message_id", "status"))
        assert sorted(kept) == sorted(told)
        assert not MessageEvent.objects.filter(message=None).exists()
        charged = CostEntry.objects.filter(kind=CostEntry.Kind.REPORT).values_list("message_id", flat=True)
        delivered = Message.objects.filter(state__in=["delivered", "read"]).values_list("pk", flat=True)
        assert sorted(charged) == sorted(delivered)

    def attempts(self, message: Message) -> list[str]:
        """How each attempt of the message ended."""
        return list(Attempt.objects.filter(message=message).order_by("number").values_list("outcome", flat=True))


def prepare(world: World) -> None:
    """Outcomes that come at once, and answers that come too late after half a second."""
    world.simulator.knobs(slow_answer_ms=500, unanswered_ms=60_000)


def database_is_quiet() -> bool:
    """Whether nobody else is in the middle of something in this database."""
    with connection.cursor() as cursor:
        cursor.execute("""SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                          AND pid <> pg_backend_pid() AND state <> 'idle'""")
        return bool(cursor.fetchone()[0] == 0)
