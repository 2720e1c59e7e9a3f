"""What the customer does: write, tap a button, stop or resume marketing messages, change her number."""

from __future__ import annotations

from providers.simulator.documents import Json, mapping
from providers.simulator.identity import wa_id_from_input
from providers.simulator.media import FILE_KINDS, WITH_CONTENT, StoredFile
from providers.simulator.record import Inbound
from providers.simulator.simulator import Simulator
from providers.simulator.wires.facts import InboundFact, NumberFact, PreferenceFact
from providers.simulator.world import Account, Customer, Number


class CannotHappen(ValueError):
    """The control request asks for something that makes no sense; its text says what."""


def number_named(simulator: Simulator, order: Json) -> tuple[Account, Number]:
    """The order's ``phone_number_id``: a number by its id, or its digits (of the account ``waba_id`` when it is given)."""
    world, name, waba_id = simulator.world, str(order.get("phone_number_id", "")), order.get("waba_id")
    number = world.numbers.get(name)
    accounts = [str(waba_id)] if waba_id is not None else list(world.accounts)
    found = (world.number_of(account, name) for account in accounts)
    number = number or next((item for item in found if item is not None), None)
    if number is None or waba_id not in (None, number.waba_id):
        raise CannotHappen(f"there is no number {name}")
    return world.accounts[number.waba_id], number


def customer_named(simulator: Simulator, account: Account, number: Number, name: str) -> Customer:
    """A customer by phone or business-scoped user id, made on first sight."""
    if "." in name:
        return simulator.world.customer_with_user_id(account.portfolio, name)
    wa_id = wa_id_from_input(name, number.digits)
    if wa_id is None:
        raise CannotHappen(f"{name} is no phone number")
    return simulator.world.customer_with_phone(account.portfolio, wa_id)


def write(simulator: Simulator, order: Json) -> Inbound:
    """The customer writes. ``order``: phone_number_id, from, type, text, payload, context (message id), interactive,

    referral (ad data), hide_phone (username user), name, media (of a file: content_type, name, base64, size, gone), content
    (Meta's object of a location, of contacts, a reaction, an order). Returns what was sent; raises CannotHappen.
    """
    account, number = number_named(simulator, order)
    customer = customer_named(simulator, account, number, str(order.get("from", "")))
    wire = simulator.wire_of(account)
    kind = str(order.get("type", "text"))
    if kind not in wire.inbound_kinds:
        raise CannotHappen(f"type is one of {', '.join(wire.inbound_kinds)}")
    interactive = mapping(order.get("interactive"))
    text = _text(kind, order, interactive)
    if order.get("name") and order["name"] != customer.name:
        customer.name = str(order["name"])
        simulator.save(customer)
    now = simulator.now()
    fact = InboundFact(
        account=account,
        number=number,
        customer=customer,
        id=wire.new_inbound_id(customer),
        at=int(now),
        kind=kind,
        text=text,
        payload=str(order.get("payload") or text),
        context=str(order.get("context") or ""),
        interactive=interactive,
        referral=order["referral"] if isinstance(order.get("referral"), dict) else None,
        hide_phone=bool(order.get("hide_phone", False)) or customer.wa_id is None,
        last=simulator.record.last_message(number.phone_number_id, customer.key),
        file=_file(simulator, account, kind, order),
        content=order.get("content"),
    )
    inbound = Inbound(
        wamid=fact.id,
        at=now,
        phone_number_id=number.phone_number_id,
        waba_id=number.waba_id,
        customer_key=customer.key,
        text=text or _shown(fact),
        message={"type": kind, "payload": fact.payload, "context": fact.context},
    )
    simulator.add_inbound(inbound, from_entry_point=fact.referral is not None)
    simulator.emit(number.waba_id, wire.inbound(fact))
    return inbound


def _file(simulator: Simulator, account: Account, kind: str, order: Json) -> StoredFile | None:
    if kind not in FILE_KINDS:
        return None
    try:
        return simulator.shelf.add(account.waba_id, kind, mapping(order.get("media")))
    except ValueError as problem:
        raise CannotHappen(str(problem)) from problem


def _shown(fact: InboundFact) -> str:
    """What the phone shows of a message without words."""
    name = f" {fact.file.name}" if fact.file is not None and fact.file.name else ""
    return "" if fact.kind in ("text", "button", "interactive") else f"[{fact.kind}{name}]"


def _text(kind: str, order: Json, interactive: Json) -> str:
    text = str(order.get("text", ""))
    if kind in ("text", "button") and not text:
        raise CannotHappen("text (of a button: its label) is empty")
    if kind in WITH_CONTENT and not order.get("content"):
        raise CannotHappen(f"{kind} needs its object in content")
    if kind == "interactive":
        if not interactive.get("type"):
            raise CannotHappen("interactive needs its object, such as {type: button_reply, button_reply: {id, title}}")
        return str(mapping(interactive.get(str(interactive["type"]))).get("title", ""))
    return text


def choose(simulator: Simulator, order: Json) -> Customer:
    """The customer stops or resumes marketing messages (``choice``: stop, resume)."""
    account, number = number_named(simulator, order)
    customer = customer_named(simulator, account, number, str(order.get("from", "")))
    choice = str(order.get("choice", ""))
    if choice not in ("stop", "resume"):
        raise CannotHappen("choice is stop or resume")
    customer.stopped = choice == "stop"
    simulator.save(customer)
    fact = PreferenceFact(account, number, customer, choice, int(simulator.now()))
    simulator.emit(number.waba_id, simulator.wire_of(account).preference(fact))
    return customer


def move(simulator: Simulator, order: Json) -> Json:
    """The customer changes her number (``from``, ``to``). Returns what was told."""
    account, number = number_named(simulator, order)
    customer = customer_named(simulator, account, number, str(order.get("from", "")))
    fresh = wa_id_from_input(str(order.get("to", "")), number.digits)
    if fresh is None or customer.wa_id is None:
        raise CannotHappen("from and to are phone numbers")
    wire = simulator.wire_of(account)
    fact = NumberFact(account, number, customer, fresh, wire.new_inbound_id(customer), int(simulator.now()))
    simulator.emit(number.waba_id, wire.number_changed(fact))
    return {"id": fact.id, "from": customer.wa_id, "to": fresh}
