"""What the customer does: write, tap a button, stop or resume marketing messages, change her number."""

from __future__ import annotations

from providers.simulator import payloads
from providers.simulator.identity import new_message_id, wa_id_from_input
from providers.simulator.record import Inbound
from providers.simulator.simulator import Simulator
from providers.simulator.wire import Json, mapping
from providers.simulator.world import Account, Customer, Number

INBOUND_TYPES = ("text", "button", "interactive", "unsupported")
UNSUPPORTED = {
    "code": 131051,
    "title": "Message type unknown",
    "message": "Message type unknown",
    "error_data": {"details": "Message type is currently not supported."},
}


class CannotHappen(ValueError):
    """The control request asks for something that makes no sense; its text says what."""


def number_named(simulator: Simulator, name: str) -> tuple[Account, Number]:
    """A number by its Graph id or its digits, with its account."""
    number = simulator.world.numbers.get(name)
    if number is None:
        digits = "".join(character for character in name if character.isdigit())
        number = next((item for item in simulator.world.numbers.values() if item.digits == digits), None)
    if number is None:
        raise CannotHappen(f"there is no number {name}")
    return simulator.world.accounts[number.waba_id], number


def customer_named(simulator: Simulator, account: Account, number: Number, name: str) -> Customer:
    """A customer by phone or business-scoped user id, made on first sight."""
    if "." in name:
        return simulator.world.customer_with_user_id(account.portfolio, name)
    wa_id = wa_id_from_input(name, number.digits)
    if wa_id is None:
        raise CannotHappen(f"{name} is no phone number")
    return simulator.world.customer_with_phone(account.portfolio, wa_id)


def write(simulator: Simulator, order: Json) -> Inbound:
    """The customer writes. ``order``: phone_number_id, from, type, text, payload, context (wamid), interactive,

    referral (ad data), hide_phone (username user), name. Returns what was sent; raises CannotHappen.
    """
    account, number = number_named(simulator, str(order.get("phone_number_id", "")))
    customer = customer_named(simulator, account, number, str(order.get("from", "")))
    if order.get("name") and order["name"] != customer.name:
        customer.name = str(order["name"])
        simulator.save(customer)
    hide_phone = bool(order.get("hide_phone", False)) or customer.wa_id is None
    kind = str(order.get("type", "text"))
    if kind not in INBOUND_TYPES:
        raise CannotHappen(f"type is one of {', '.join(INBOUND_TYPES)}")
    now = simulator.now()
    message: Json = {}
    if order.get("context"):
        message["context"] = {"from": number.digits, "id": str(order["context"])}
    if not hide_phone:
        message["from"] = customer.wa_id
    message.update(
        from_user_id=customer.user_id,
        id=new_message_id(customer.key, inbound=True),
        timestamp=str(int(now)),
        type=kind,
    )
    text = _content(message, kind, order)
    if isinstance(order.get("referral"), dict):
        message["referral"] = order["referral"]
    inbound = Inbound(
        wamid=message["id"],
        at=now,
        phone_number_id=number.phone_number_id,
        waba_id=number.waba_id,
        customer_key=customer.key,
        text=text,
        message=message,
    )
    simulator.add_inbound(inbound, from_entry_point="referral" in message)
    value = payloads.inbound_value(number, customer, message, hide_phone=hide_phone)
    simulator.emit(number.waba_id, "messages", value)
    return inbound


def _content(message: Json, kind: str, order: Json) -> str:
    text = str(order.get("text", ""))
    if kind == "text":
        if not text:
            raise CannotHappen("text is empty")
        message["text"] = {"body": text}
    elif kind == "button":
        if not text:
            raise CannotHappen("text (the label of the button) is empty")
        message["button"] = {"payload": str(order.get("payload") or text), "text": text}
    elif kind == "interactive":
        interactive = mapping(order.get("interactive"))
        if not interactive.get("type"):
            raise CannotHappen("interactive needs its object, such as {type: button_reply, button_reply: {id, title}}")
        message["interactive"] = interactive
        text = str(mapping(interactive.get(str(interactive["type"]))).get("title", ""))
    else:
        message["errors"] = [UNSUPPORTED]
    return text


def choose(simulator: Simulator, order: Json) -> Customer:
    """The customer stops or resumes marketing messages (``choice``: stop, resume); told by ``user_preferences``."""
    account, number = number_named(simulator, str(order.get("phone_number_id", "")))
    customer = customer_named(simulator, account, number, str(order.get("from", "")))
    choice = str(order.get("choice", ""))
    if choice not in ("stop", "resume"):
        raise CannotHappen("choice is stop or resume")
    customer.stopped = choice == "stop"
    simulator.save(customer)
    value = payloads.preference_value(number, customer, choice, int(simulator.now()))
    simulator.emit(number.waba_id, "user_preferences", value)
    return customer


def move(simulator: Simulator, order: Json) -> Json:
    """The customer changes her number (``from``, ``to``); told by a ``system`` message without contacts."""
    account, number = number_named(simulator, str(order.get("phone_number_id", "")))
    customer = customer_named(simulator, account, number, str(order.get("from", "")))
    fresh = wa_id_from_input(str(order.get("to", "")), number.digits)
    if fresh is None or customer.wa_id is None:
        raise CannotHappen("from and to are phone numbers")
    message: Json = {
        "from": customer.wa_id,
        "id": new_message_id(customer.wa_id, inbound=True),
        "timestamp": str(int(simulator.now())),
        "system": {
            "body": f"User {customer.name} changed from {customer.wa_id} to {fresh}",
            "wa_id": fresh,
            "type": "user_changed_number",
        },
        "type": "system",
    }
    value = {"messaging_product": "whatsapp", "metadata": payloads.metadata(number), "messages": [message]}
    simulator.emit(number.waba_id, "messages", value)
    return message
