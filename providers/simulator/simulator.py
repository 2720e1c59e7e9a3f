"""The simulator itself: world, record, knobs, journal and webhooks, and how they are put back after a restart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from aiohttp import web

from providers.simulator.agenda import Action, Agenda
from providers.simulator.documents import Json
from providers.simulator.journal import Journal
from providers.simulator.knobs import Knobs
from providers.simulator.limits import Limits
from providers.simulator.media import Shelf
from providers.simulator.pricing import Charge
from providers.simulator.record import Delivery, Inbound, Message, Received, Record, Status, as_json
from providers.simulator.webhooks import Event, Webhook, WebhookSender
from providers.simulator.wires.contract import Note, Wire
from providers.simulator.world import (
    Account,
    Customer,
    Number,
    Template,
    World,
    thing_from_json,
    thing_to_json,
)


class Simulator:
    """All state. Everything runs on one event loop, so nothing here is locked."""

    def __init__(self, directory: Path, wires: Mapping[str, Wire]) -> None:
        self.wires = wires
        self.world = World()
        self.record = Record()
        self.knobs = Knobs()
        self.limits = Limits()
        self.shelf = Shelf()
        self.random = self.knobs.random()
        self.journal = Journal(directory)
        self.unsettled: dict[int, Event] = {}
        self._events = 0
        self._agenda = Agenda()
        self._replay()
        self.webhooks = WebhookSender(lambda: self.knobs, self._account_and_wire, self._delivered, self._settled)

    def wire_of(self, account: Account) -> Wire:
        """How the account's provider talks."""
        return self.wires[account.provider]

    def _account_and_wire(self, waba_id: str) -> tuple[Account, Wire] | None:
        account = self.world.accounts.get(waba_id)
        return None if account is None else (account, self.wire_of(account))

    # --- time -------------------------------------------------------------------------------------------------

    def now(self) -> float:
        """The simulated time in seconds."""
        return self.knobs.now()

    def later(self, seconds: float, action: Action) -> None:
        """Run an action later, unless a reset or the end comes first."""
        self._agenda.add(seconds, action)

    @property
    def pending(self) -> int:
        """How much is still going to happen: planned statuses and webhooks on their way."""
        return len(self._agenda) + self.webhooks.waiting

    async def stop(self) -> None:
        """Stop timers and webhooks and close the journal."""
        self._agenda.clear()
        await self.webhooks.stop()
        self.journal.close()

    # --- writing ----------------------------------------------------------------------------------------------

    def save(self, thing: Account | Number | Template | Customer) -> None:
        """Put an object into the world and the journal."""
        self._place(thing)
        self.journal.append({"kind": type(thing).__name__.lower(), "data": thing_to_json(thing)})

    def delete_template(self, template_id: str) -> None:
        """Take a template out of the world and note it in the journal."""
        self.world.remove_template(template_id)
        self.journal.append({"kind": "template_removed", "data": {"id": template_id}})

    def receive(self, received: Received) -> None:
        """Keep a request before anything is decided about it."""
        self.record.add_request(received)
        self.journal.append({"kind": "request", "data": received})

    def settle_request(self, received: Received, result: str, code: int | None) -> None:
        """Note a request that made no message."""
        received.result, received.code = result, code
        self.record.counts[result] += 1
        self.journal.append({"kind": "settled", "data": {"id": received.id, "result": result, "code": code}})

    def accept(self, message: Message) -> None:
        """Keep an accepted message."""
        self.record.add_message(message)
        self.journal.append({"kind": "message", "data": message})

    def add_inbound(self, inbound: Inbound, *, from_entry_point: bool) -> None:
        """Keep a customer's message and open her window."""
        self._note_inbound(inbound, from_entry_point)
        data = {**as_json(inbound), "from_entry_point": from_entry_point}
        self.journal.append({"kind": "inbound", "data": data})

    def charge(self, charge: Charge) -> None:
        """Count a delivered message."""
        self.record.add_charge(charge)
        self.journal.append({"kind": "charge", "data": charge})

    def emit(self, waba_id: str, notes: Iterable[Note]) -> None:
        """Queue webhook notes of an account."""
        for event in [self._event(waba_id, note) for note in notes]:
            self.journal.append({"kind": "event", "data": event})
            self._queue(event)

    def report_status(self, message: Message, status: Status, notes: Iterable[Note]) -> None:
        """Keep a status that a message reached, with the price it has by then, and queue the notes that tell it."""
        events = [self._event(message.waba_id, note, message.wamid, status.status) for note in notes]
        self._note_status(message, status, message.pricing)
        # One record: a crash leaves both, the status and what is still to be told, or neither.
        data = {"wamid": message.wamid, "status": status.status, "at": status.at, "code": status.code}
        self.journal.append({"kind": "status", "data": {**data, "pricing": message.pricing, "events": events}})
        for event in events:
            self._queue(event)

    def _event(self, waba_id: str, note: Note, wamid: str | None = None, status: str | None = None) -> Event:
        self._events += 1
        return Event(
            id=self._events,
            waba_id=waba_id,
            field=note.field,
            value=note.value,
            at=int(self.now()),
            wamid=wamid,
            status=status,
            url=note.url,
            stream=note.stream,
        )

    def _queue(self, event: Event) -> None:
        self.unsettled[event.id] = event
        self.webhooks.emit(event)

    def tune(self, knobs: Knobs) -> None:
        """Use other knobs from now on."""
        self.knobs = knobs
        self.random = knobs.random()
        self.webhooks.tune()

    def reset(self, *, keep_world: bool) -> None:
        """Forget all traffic and turn the knobs back; forget the world too when asked."""
        self._agenda.clear()
        self.webhooks.clear()
        self.unsettled.clear()
        self.record = Record()
        self.limits = Limits()
        self.shelf = Shelf()
        self.world.forget_traffic()
        if not keep_world:
            self.world.forget_things()
        self.tune(Knobs())
        self.journal.rewrite(self._world_records() if keep_world else [])

    def _world_records(self) -> Iterator[Json]:
        things: list[Account | Number | Template | Customer] = [
            *self.world.accounts.values(),
            *self.world.numbers.values(),
            *self.world.templates.values(),
            *self.world.customers(),
        ]
        for thing in things:
            yield {"kind": type(thing).__name__.lower(), "data": thing_to_json(thing)}

    # --- webhooks coming back ---------------------------------------------------------------------------------

    def _delivered(self, webhook: Webhook, delivery: Delivery) -> None:
        self.record.add_delivery(delivery)
        data = as_json(delivery)
        del data["body"]
        self.journal.append({"kind": "delivery", "data": data})
        for event in webhook.events:
            self._mark(event, "DELIVERED" if delivery.reached else "FAILED", delivery.answer)

    def _settled(self, webhook: Webhook, reached: bool) -> None:
        for event in webhook.events:
            self.unsettled.pop(event.id, None)
        self.record.counts["webhooks_reached" if reached else "webhooks_given_up"] += 1
        identifiers = [event.id for event in webhook.events]
        self.journal.append({"kind": "events_settled", "data": {"events": identifiers, "reached": reached}})

    def _mark(self, event: Event, state: str, answer: str) -> None:
        message = self.record.messages.get(event.wamid or "")
        if message is None:
            return
        for status in message.statuses:
            if status.status == event.status and status.webhook != "DELIVERED":
                status.webhook = state
                status.error = "" if state == "DELIVERED" else f"Webhook endpoint returned {answer}"

    # --- reading the journal ----------------------------------------------------------------------------------

    def _place(self, thing: Account | Number | Template | Customer) -> None:
        if isinstance(thing, Account):
            self.world.put_account(thing)
        elif isinstance(thing, Number):
            self.world.put_number(thing)
        elif isinstance(thing, Template):
            self.world.put_template(thing)
        else:
            self.world.put_customer(thing)

    def _note_inbound(self, inbound: Inbound, from_entry_point: bool) -> None:
        self.record.add_inbound(inbound)
        self.world.note_inbound(
            inbound.phone_number_id, inbound.customer_key, inbound.at, from_entry_point=from_entry_point
        )

    def _replay(self) -> None:
        readers: dict[str, Callable[[Json], None]] = {
            "account": lambda data: self._place(thing_from_json(Account, data)),
            "number": lambda data: self._place(thing_from_json(Number, data)),
            "template": lambda data: self._place(thing_from_json(Template, data)),
            "customer": lambda data: self._place(thing_from_json(Customer, data)),
            "template_removed": lambda data: self.world.remove_template(str(data["id"])),
            "request": lambda data: self.record.add_request(Received(**data)),
            "settled": self._replay_settled,
            "message": self._replay_message,
            "inbound": lambda data: self._note_inbound(
                Inbound(**{key: value for key, value in data.items() if key != "from_entry_point"}),
                bool(data["from_entry_point"]),
            ),
            "charge": lambda data: self.record.add_charge(Charge(**data)),
            "status": self._replay_status,
            "event": self._replay_event,
            "delivery": lambda data: self.record.add_delivery(Delivery(**data, body="")),
            "events_settled": self._replay_events_settled,
        }
        for entry in self.journal.replay():
            readers[entry["kind"]](entry["data"])

    def _replay_settled(self, data: Json) -> None:
        received = self.record.request(data["id"])
        if received is not None:
            received.result, received.code = data["result"], data["code"]
        self.record.counts[data["result"]] += 1

    def _replay_message(self, data: Json) -> None:
        message = Message(**{**data, "statuses": []})
        self.record.add_message(message)
        self.world.note_answer(message.phone_number_id, message.customer_key, message.at)

    def _note_status(self, message: Message, status: Status, pricing: Json | None) -> None:
        message.statuses.append(status)
        message.pricing = pricing
        self.record.counts[f"status_{status.status}"] += 1

    def _replay_status(self, data: Json) -> None:
        message = self.record.messages[data["wamid"]]
        self._note_status(message, Status(data["status"], data["at"], data["code"]), data["pricing"])
        for event in data["events"]:
            self._replay_event(event)

    def _replay_event(self, data: Json) -> None:
        if "code" in data:
            raise ValueError("its store is of an earlier version: remove it")
        event = Event(**data)
        self._events = max(self._events, event.id)
        self.unsettled[event.id] = event

    def _replay_events_settled(self, data: Json) -> None:
        for identifier in data["events"]:
            event = self.unsettled.pop(identifier, None)
            if event is not None:
                self._mark(event, "DELIVERED" if data["reached"] else "FAILED", "no success")
        self.record.counts["webhooks_reached" if data["reached"] else "webhooks_given_up"] += 1


SIMULATOR = web.AppKey("simulator", Simulator)
