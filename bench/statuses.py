"""A campaign's messages as they stand when their statuses come, and those statuses as Meta would post them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from providers.models import ProviderAccount
from recontact.campaigns.storing import estimates_insert, messages_copy
from recontact.costs.estimate import estimate_for
from recontact.customers import customer_index
from recontact.models import Campaign, Customer, Message

#: After how many more messages of the campaign each status of one comes: at 1,000 a second, milliseconds.
LAGS = {"sent": 300, "delivered": 1_500, "read": 8_000}
_PRICING = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as the provider knows it."""

    provider_message_id: str
    reference: str
    phone: str
    bsuid: str


def campaign_make() -> Campaign:
    """A running campaign at one number, its account with a rate card."""
    factories: Any = import_module("tests.factories")
    campaign: Campaign = factories.campaign_make(state=Campaign.State.RUNNING)
    return campaign


def messages_make(campaign: Campaign, count: int) -> list[Sent]:
    """That many accepted messages of the campaign, each to a customer of its own, with their estimates."""
    sent: list[Sent] = []
    for first in range(0, count, 10_000):
        sent += _messages_make(campaign, range(first, min(first + 10_000, count)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return sent


@transaction.atomic
def _messages_make(campaign: Campaign, numbers: range) -> list[Sent]:
    customers = [_customer(number) for number in numbers]
    Customer.objects.bulk_create(customers, batch_size=2_000)
    messages = [_message(campaign, customer) for customer in customers]
    messages_copy(messages)
    number = campaign.sender_number
    assert number is not None
    estimate: Any = estimate_for(
        account_id=number.account_id, phone=messages[0].recipient_phone, bsuid="", category=campaign.category
    )
    estimates_insert(messages, [estimate] * len(messages))
    return [
        Sent(each.provider_message_id, str(each.reference), each.recipient_phone, each.recipient_bsuid)
        for each in messages
    ]


def _customer(number: int) -> Customer:
    customer = Customer(phone=f"+54911{number:08d}", bsuid=f"AR.{10**18 + number}", name="Carla Benítez", country="AR")
    customer_index(customer)
    return customer


def _message(campaign: Campaign, customer: Customer) -> Message:
    number, now = campaign.sender_number, timezone.now()
    assert number is not None
    return Message(
        account_id=number.account_id,
        sender_number=number,
        customer=customer,
        campaign=campaign,
        origin=Message.Origin.MANAGER,
        created_by=campaign.created_by,
        kind=Message.Kind.TEMPLATE,
        template=campaign.template,
        category=campaign.category,
        recipient_phone=customer.phone or "",
        recipient_bsuid=customer.bsuid or "",
        state=Message.State.ACCEPTED,
        attempt_number=1,
        claimed_at=now,
        accepted_at=now,
        due_at=now,
        expires_at=now + timedelta(days=3),
        provider_message_id=f"wamid.HBgN{uuid.uuid4().hex}{uuid.uuid4().hex[:12]}",
    )


def statuses_in_order(sent: list[Sent], kinds: tuple[str, ...] = tuple(LAGS)) -> Iterator[dict[str, Any]]:
    """The statuses of all messages in the order in which they would come."""
    moments = sorted((number + LAGS[kind], number, kind) for number in range(len(sent)) for kind in kinds)
    began = int(time.time())
    for moment, number, kind in moments:
        yield _status(sent[number], kind, began + moment // 1_000)


def _status(message: Sent, kind: str, timestamp: int) -> dict[str, Any]:
    told = {
        "id": message.provider_message_id,
        "status": kind,
        "timestamp": str(timestamp),
        "recipient_id": message.phone[1:],
        "recipient_user_id": message.bsuid,
        "biz_opaque_callback_data": message.reference,
    }
    return told if kind == "read" else {**told, "pricing": _PRICING}


def requests(statuses: Iterator[dict[str, Any]], *, account: ProviderAccount, batch: int) -> Iterator[bytes]:
    """Signed POSTs of `batch` statuses each to the account's webhook, as bytes of HTTP."""
    factories: Any = import_module("tests.factories")
    secret = factories.CREDENTIALS["app_secret"].encode()
    number = account.numbers.get()
    while chunk := list(islice(statuses, batch)):
        people = [{"wa_id": each["recipient_id"], "user_id": each["recipient_user_id"]} for each in chunk]
        value = {
            "messaging_product": "whatsapp",
            "metadata": {"display_phone_number": number.phone[1:], "phone_number_id": number.external_id},
            "contacts": people,
            "statuses": chunk,
        }
        entry = {"id": account.external_id, "changes": [{"field": "messages", "value": value}]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}, separators=(",", ":")).encode()
        signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
        yield http_request(account.webhook_path, body, **{"X-Hub-Signature-256": f"sha256={signature}"})


def http_request(path: str, body: bytes, **headers: str) -> bytes:
    """One POST as Meta's servers send it, with what a proxy adds on the way."""
    told = {
        "Host": "127.0.0.1",
        "User-Agent": "facebookexternalua",
        "Accept": "*/*",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "X-Forwarded-For": "173.252.95.1",
        "X-Forwarded-Proto": "https",
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body
