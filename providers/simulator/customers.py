"""What the customer does: write, tap a button, stop or resume marketing messages, change her number."""

from __future__ import annotations

from providers.simulator.documents import Json, mapping
from providers.simulator.identity import wa_id_from_input
from providers.simulator.record import Inbound
from providers.simulator.simulator import Simulator
from providers.simulator.wires.facts import InboundFact, NumberFact, PreferenceFact
from providers.simulator.world import Account, Customer, Number

INBOUND_TYPES = ("text", "button", "interactive", "unsupported")


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

    referral (ad data), hide_phone (username user), name. Returns what was sent; raises CannotHappen.
    """
    account, number = number_named(simulator, order)
    customer = customer_named(simulator, account, number, str(order.get("from", "")))
    kind = str(order.get("type", "text"))
    if kind not in INBOUND_TYPES:
        raise CannotHappen(f"type is one of {', '.join(INBOUND_TYPES)}")
    interactive = mapping(order.get("interactive"))
    text = _text(kind, order, interactive)
    if order.get("name") and order["name"] != customer.name:
        customer.name = str(order["name"])
        simulator.save(customer)
    wire = simulator.wire_of(account)
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
    )
    inbound = Inbound(
        wamid=fact.id,
        at=now,
        phone_number_id=number.phone_number_id,
        waba_id=number.waba_id,
        customer_key=customer.key,
        text=text,
        message={"type": kind, "payload": fact.payload, "context": fact.context},
    )
    simulator.add_inbound(inbound, from_entry_point=fact.referral is not None)
    simulator.emit(number.waba_id, wire.inbound(fact))
    return inbound


def _text(kind: str, order: Json, interactive: Json) -> str:
    text = str(order.get("text", ""))
    if kind in ("text", "button") and not text:
        raise CannotHappen("text (of a button: its label) is empty")
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
