"""Webhooks doubled, out of order, lost and retried, batched, and before the record: every message ends where it belongs."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum

from recontact.books import balance
from recontact.models import CostEntry, Message
from tests.faults.processes import until
from tests.faults.stage import Stage

#: Last digits of the recipient -> where its message must end.
ENDS = {
    "00": "read",
    "01": "read",
    "02": "failed",
    "09": "failed",
    "10": "read",
    "11": "read",
    "12": "delivered",
    "13": "sent",
    "14": "accepted",
    "15": "failed",
    "25": "read",
    "29": "failed",
    "33": "rejected",
    "42": "delivered",
}
EACH = 8


def test_webhooks_doubled_reordered_retried_and_batched_bring_every_message_to_its_end(stage: Stage) -> None:
    stage.world.simulator.knobs(duplicate_share=0.4, reorder=True, batch=7, webhook_concurrency=4, retry_limit=40)
    with stage.deaf_portal():
        made = {digits: stage.queue(EACH, digits=digits) for digits in ENDS}
        stage.wait_at_rest()
        until(
            lambda: "ClientConnectorError" in {each["answer"] for each in stage.deliveries()}, what="a failed webhook"
        )
    stage.wait_at_rest()
    stage.wait_for_webhooks()
    for digits, messages in made.items():
        stage.wait_for(ENDS[digits], messages=messages)
    stage.prove()
    stage.prove_events()
    _prove_charges(stage)
    assert balance().outcomes["read"] == EACH * list(ENDS.values()).count("read")
    arrived = [each for each in stage.deliveries() if each["answer"] == "200"]
    assert max(each["attempt"] for each in arrived) > 1
    assert max(len(each["events"]) for each in arrived) > 1
    assert len(arrived) > len({each["body"] for each in arrived})


def _prove_charges(stage: Stage) -> None:
    """Each delivered message was charged once at the card's price, and nothing else was."""
    reports = CostEntry.objects.filter(kind=CostEntry.Kind.REPORT)
    delivered = Message.objects.filter(state__in=["delivered", "read"])
    assert reports.aggregate(total=Sum("amount"))["total"] == Decimal("0.0260") * delivered.count()
    assert set(delivered.values_list("billed", flat=True)) == {True}
    assert set(Message.objects.filter(state="failed").values_list("billed", flat=True)) == {False}
    assert CostEntry.objects.filter(kind=CostEntry.Kind.ESTIMATE).count() == len(stage.messages)


def test_webhooks_that_come_before_the_record_are_not_lost(stage: Stage) -> None:
    stage.world.simulator.knobs(webhook_delay_ms=0, latency_ms=600)
    messages = stage.queue(20)
    stage.wait_for("read")
    stage.prove_events()
    # The calls return only now: what they say is old news, and moves nothing back.
    until(lambda: all(stage.attempts(message) == ["accepted"] for message in messages), what="the records")
    assert stage.states() == {"read": 20}
    stage.prove()
