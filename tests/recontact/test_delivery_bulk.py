"""Many statuses at once come to exactly what they come to one after the other; the one-by-one path is the specification."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from providers.contracts import DeliveryStatus, PriceReport, StatusEvent
from providers.errors import Reason
from providers.models import RateCard, RateFee
from recontact import ledger
from recontact.books import differences
from recontact.delivery import status_apply
from recontact.delivery_bulk import statuses_apply
from recontact.ledger import release_by_person
from recontact.models import (
    CostEntry,
    Customer,
    Incident,
    Message,
    MessageEvent,
    OptOut,
    Recontact,
)
from tests.factories import message_make, query_make, user_make
from tests.recontact.chains import accepted, campaign_message, fail

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PRICED = PriceReport(billable=True, category="utility", pricing_type="regular")
FREE = PriceReport(billable=False, category="utility", pricing_type="free_entry_point")
NAMED = PriceReport(billable=True, category="marketing", amount=Decimal("0.0311"), currency="EUR")
UNRATED = PriceReport(billable=True, category="no such category")

Pair = tuple[int, StatusEvent]


def messages_make(count: int) -> list[Message]:
    """Accepted recontacts of one account."""
    first = query_make()
    queries = [first, *(query_make(sender_number=first.sender_number) for _ in range(count - 1))]
    template = None
    messages = []
    for query in queries:
        message = message_make(query=query, template=template)
        template = message.template
        messages.append(message)
    for message in messages:
        _move(message, "sending", attempt_number=1, claimed_at=NOW)
        message.attempts.create(number=1, claimed_at=NOW, outcome="accepted")
        _move(message, "accepted", provider_message_id=f"wamid.{message.pk}", accepted_at=NOW)
    return messages


def chain_make() -> list[Message]:
    """A campaign's message that failed, its retry that failed too, and the retry of that, accepted."""
    tries = [campaign_message()]
    for _ in range(2):
        fail(tries[-1], Reason.PROVIDER_ERROR)
        tries.append(accepted(Message.objects.get(retry_of=tries[-1])))
    return tries


def _move(message: Message, state: str, **fields: Any) -> None:
    Message.objects.filter(pk=message.pk).update(state=state, **fields)
    ledger.settle([message.pk])
    message.refresh_from_db()


def event_of(message: Message, status: DeliveryStatus, **fields: Any) -> Pair:
    """A plain status of the message."""
    fields.setdefault("provider_message_id", f"wamid.{message.pk}")
    fields.setdefault("reference", str(message.reference))
    fields.setdefault("occurred_at", NOW + timedelta(seconds=1))
    return message.account_id, StatusEvent(status=status, **fields)


def one_by_one(pairs: Sequence[Pair]) -> None:
    """As the specification has it."""
    for account_id, event in pairs:
        status_apply(account_id, event)


def in_bulk(pairs: Sequence[Pair]) -> set[int]:
    """As the inbox does it: what is left, or all of what failed, goes one by one."""
    with transaction.atomic():
        left = statuses_apply(pairs)
    one_by_one([pairs[position] for position in sorted(left)])
    return left


# --- what is plain is done at once -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_plain_statuses_are_all_done_at_once_whoever_named_them() -> None:
    messages = messages_make(3)
    pairs = [event_of(message, DeliveryStatus.SENT, reference="") for message in messages]
    pairs += [event_of(message, DeliveryStatus.DELIVERED, price=PRICED) for message in messages]
    assert statuses_apply(pairs) == set()
    assert set(Message.objects.values_list("state", "billed")) == {("delivered", True)}
    assert MessageEvent.objects.filter(effect="moved").count() == 6
    assert CostEntry.objects.filter(kind="report", amount=Decimal("0.026")).count() == 3
    assert list(differences()) == []


@pytest.mark.django_db
def test_failures_that_nothing_follows_from_are_done_at_once_and_tell_no_person() -> None:
    messages = messages_make(3)
    words = {"error_code": "131026", "error_reason": "recipient_unreachable"}
    pairs = [
        event_of(message, DeliveryStatus.FAILED, error_detail=f"not on WhatsApp: {message.recipient_phone}", **words)
        for message in messages
    ]
    assert statuses_apply(pairs) == set()
    kept = {("failed", False, "recipient_unreachable", "131026", "not on WhatsApp: •••")}
    columns = ("state", "billed", "reason", "provider_code", "provider_detail")
    assert set(Message.objects.values_list(*columns)) == kept
    assert set(MessageEvent.objects.values_list("effect", "detail")) == {("moved", "not on WhatsApp: •••")}
    assert not Message.objects.filter(settled_at=None).exists()


@pytest.mark.django_db
def test_a_failure_that_the_provider_takes_a_fee_for_goes_by_itself() -> None:
    (message,) = messages_make(1)
    card = RateCard.objects.get(account_id=message.account_id, status=RateCard.Status.PUBLISHED)
    # Past the triggers: a published card is no longer changed.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        RateFee.objects.create(card=card, kind=RateFee.Kind.FAILED, value=Decimal("0.001"))
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert statuses_apply([event_of(message, DeliveryStatus.FAILED)]) == {0}


@pytest.mark.django_db
def test_a_retry_is_told_of_in_bulk_unless_an_earlier_try_is_told_of_too() -> None:
    first, _second, third = chain_make()
    assert statuses_apply([event_of(third, DeliveryStatus.SENT)]) == set()
    assert statuses_apply([event_of(third, DeliveryStatus.READ), event_of(first, DeliveryStatus.DELIVERED)]) == {0, 1}


@pytest.mark.django_db
def test_more_events_cost_no_more_statements() -> None:
    counts = []
    for messages in (messages_make(1), messages_make(6)):
        pairs = [event_of(message, DeliveryStatus.DELIVERED, price=PRICED) for message in messages]
        with CaptureQueriesContext(connection) as queries:
            assert statuses_apply(pairs) == set()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 16


@pytest.mark.django_db
def test_what_was_told_before_changes_nothing() -> None:
    (message,) = messages_make(1)
    pairs = [event_of(message, DeliveryStatus.SENT), event_of(message, DeliveryStatus.READ)]
    statuses_apply(pairs)
    before = rows()
    assert statuses_apply([*pairs, *pairs]) == set()
    assert rows() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [
        {"status": DeliveryStatus.FAILED, "error_reason": "marketing_opt_out"},
        {"status": DeliveryStatus.FAILED, "error_reason": "media_fetch"},
        {"status": DeliveryStatus.FAILED, "error_reason": "billing"},
        {"status": DeliveryStatus.FAILED, "error_reason": "marketing_limit"},
        {"status": DeliveryStatus.UNKNOWN},
        {"provider_message_id": ""},
        {"error_code": "131026"},
        {"error_detail": "words"},
    ],
)
def test_from_what_is_not_plain_on_a_message_s_events_are_left(fields: dict[str, Any]) -> None:
    messages = messages_make(2)
    odd = {"status": DeliveryStatus.SENT, **fields}
    pairs = [event_of(messages[0], DeliveryStatus.DELIVERED), event_of(messages[1], DeliveryStatus.DELIVERED)]
    pairs += [event_of(messages[0], **odd), event_of(messages[0], DeliveryStatus.READ)]
    assert statuses_apply(pairs) == {2, 3}
    assert set(Message.objects.values_list("state", flat=True)) == {Message.State.DELIVERED}


@pytest.mark.django_db
def test_what_failed_is_done_and_what_arrived_after_all_is_left() -> None:
    (message,) = messages_make(1)
    told = (DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.DELIVERED)
    assert statuses_apply([event_of(message, status) for status in told]) == {2}
    message.refresh_from_db()
    assert message.state == Message.State.FAILED


@pytest.mark.django_db
@pytest.mark.parametrize(
    "fields",
    [{"provider_message_id": "wamid.another"}, {"recipient_phone": "5491100000000", "recipient_bsuid": "AR.1"}],
)
def test_a_second_id_and_a_stranger_leave_all_of_their_message_and_spoil_no_other(fields: dict[str, Any]) -> None:
    messages = messages_make(2)
    pairs = [event_of(messages[0], DeliveryStatus.DELIVERED), event_of(messages[1], DeliveryStatus.DELIVERED)]
    pairs.append(event_of(messages[0], **{"status": DeliveryStatus.SENT, **fields}))
    assert statuses_apply(pairs) == {0, 2}
    assert Message.objects.get(pk=messages[1].pk).state == Message.State.DELIVERED


@pytest.mark.django_db
@pytest.mark.parametrize(("then", "billed"), [(FREE, False), (NAMED, True), (None, True)])
def test_a_later_word_on_the_price_bills_as_it_does_alone(then: PriceReport | None, billed: bool) -> None:
    (message,) = messages_make(1)
    pairs = [event_of(message, DeliveryStatus.DELIVERED, price=PRICED)]
    pairs.append(event_of(message, DeliveryStatus.READ, price=then))
    assert [statuses_apply([pair]) for pair in pairs] == [set(), set()]
    message.refresh_from_db()
    assert (message.billed, CostEntry.objects.get(kind="report").amount) == (billed, Decimal("0.026"))


def named(message: Message, bsuid: str, status: DeliveryStatus = DeliveryStatus.SENT) -> Pair:
    """A status that names the message's person by phone and by this user id."""
    return event_of(message, status, recipient_phone=message.recipient_phone.lstrip("+"), recipient_bsuid=bsuid)


def bsuid_of(message: Message) -> str | None:
    return Customer.objects.get(pk=message.customer_id).bsuid


@pytest.mark.django_db
def test_people_whose_user_id_is_told_for_the_first_time_get_it_all_at_once() -> None:
    messages = messages_make(3)
    with CaptureQueriesContext(connection) as queries:
        assert statuses_apply([named(message, f"AR.{message.pk}") for message in messages]) == set()
    assert [bsuid_of(message) for message in messages] == [f"AR.{message.pk}" for message in messages]
    assert len(queries) <= 16


@pytest.mark.django_db
def test_a_user_id_that_somebody_else_has_or_that_two_are_said_to_have_goes_one_by_one() -> None:
    taken, doubled, same, alone = messages_make(4)
    Customer.objects.create(bsuid="AR.taken")
    pairs = [named(taken, "AR.taken"), named(doubled, "AR.two"), named(same, "AR.two"), named(alone, "AR.alone")]
    assert statuses_apply(pairs) == {0, 1, 2}
    assert [bsuid_of(each) for each in (taken, doubled, same, alone)] == [None, None, None, "AR.alone"]


@pytest.mark.django_db
def test_what_was_told_before_joins_nobody_to_who_has_the_phone_now() -> None:
    (message,) = messages_make(1)
    one_by_one([named(message, "AR.before")])
    Customer.objects.filter(pk=message.customer_id).update(phone=None)
    now = Customer.objects.create(phone=message.recipient_phone, country="AR", search="somebody", bsuid=None)
    Customer.objects.filter(bsuid="AR.before").update(bsuid="AR.moved on")
    in_bulk([named(message, "AR.before")])
    now.refresh_from_db()
    assert now.bsuid is None


@pytest.mark.django_db
def test_a_status_that_is_nobodys_is_left_alone() -> None:
    (message,) = messages_make(1)
    foreign = event_of(message, DeliveryStatus.SENT, provider_message_id="wamid.nobody", reference="")
    assert statuses_apply([event_of(message, DeliveryStatus.SENT), foreign]) == {1}


@pytest.mark.django_db
def test_proof_for_a_recontact_that_was_given_back_is_left() -> None:
    (message,) = messages_make(1)
    one_by_one([event_of(message, DeliveryStatus.FAILED)])
    release_by_person(recontact_id=message.recontact.pk, user=user_make(), reason="falló")
    one_by_one([event_of(message, DeliveryStatus.DELIVERED)])
    assert statuses_apply([event_of(message, DeliveryStatus.READ)]) == {0}


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_no_message_that_somebody_else_holds() -> None:
    messages = messages_make(2)
    locked, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Message.objects.select_for_update().get(pk=messages[0].pk)
            locked.set()
            over.wait(10)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    locked.wait(10)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout TO '1s'")
        left = statuses_apply([event_of(message, DeliveryStatus.SENT) for message in messages])
    over.set()
    other.join()
    assert left == {0}
    assert Message.objects.get(pk=messages[1].pk).state == Message.State.SENT


# --- the property ------------------------------------------------------------------------------------------------------

#: What is of the moment or of a sequence, and what two runs cannot have in common.
_LEFT_OUT = {
    "received_at",
    "spent_at",
    "released_at",
    "settled_at",
    "opened_at",
    "created_at",
    "event_id",
    "revoked_at",
}


def rows() -> dict[str, list[Any]]:
    """All rows that statuses may change, without what belongs to the moment."""
    return {
        "messages": _values(Message.objects.order_by("pk"), "id"),
        "events": _values(MessageEvent.objects.order_by("provider_message_id", "pk")),
        "costs": _values(CostEntry.objects.order_by("message_id", "pk")),
        "ledger": _values(Recontact.objects.order_by("pk"), "id"),
        "incidents": _values(Incident.objects.order_by("message_id", "kind")),
        "opt-outs": _values(OptOut.objects.order_by("customer_id", "scope")),
        "customers": _values(Customer.objects.order_by("pk"), "id"),
    }


def _values(found: Any, *kept: str) -> list[dict[str, Any]]:
    left_out = _LEFT_OUT | ({"id"} - set(kept))
    return [{name: value for name, value in row.items() if name not in left_out} for row in found.values()]


def _undone(do: Callable[[], None]) -> dict[str, list[Any]]:
    """The rows that `do` leaves, which are as before afterwards."""
    with transaction.atomic():
        do()
        found = rows()
        transaction.set_rollback(True)
    return found


PLAIN = [DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ]
#: Two messages share an example, so that each is told of again and again; most of what is told is plain.
ABOUT = st.tuples(st.integers(0, 11), st.integers(0, 11)) | st.sampled_from([(7, 8), (7, 9), (8, 9), (10, 11)])
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from([*DeliveryStatus, *PLAIN, *PLAIN, *PLAIN]),
        st.sampled_from([*["both"] * 7, "id", "reference", "another id", "our reference as id"]),
        st.sampled_from([None, None, PRICED, PRICED, FREE, NAMED, UNRATED]),
        st.sampled_from(["", "", "", "", "known", "unknown"]),
        st.integers(0, 5),
        st.sampled_from(["", "marketing_opt_out", "recipient_unreachable", "media"]),
    ),
    min_size=1,
    max_size=10,
)
CUTS = st.lists(st.integers(1, 6), min_size=10, max_size=10)


class AnyBatching(TestCase):
    """Property: whatever comes in whatever order, cut into whatever batches, the rows are those of one after the other."""

    messages: list[Message]

    @classmethod
    def setUpTestData(cls) -> None:
        """One message in each kind of state, and two chains of tries."""
        cls.messages = messages_make(7)
        queued, uncertain, unnamed, delivered, failed, never, plain = cls.messages
        for message, sql in ((queued, "queued"), (uncertain, "uncertain"), (never, "cancelled")):
            # Past the triggers: how they came there is of no account here.
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(
                    "UPDATE recontact_message SET state = %s, provider_message_id = '' WHERE id = %s", [sql, message.pk]
                )
                state = "released" if sql == "cancelled" else "reserved"
                cursor.execute("UPDATE recontact_recontact SET state = %s WHERE message_id = %s", [state, message.pk])
                cursor.execute("SET LOCAL session_replication_role = DEFAULT")
        Message.objects.filter(pk=unnamed.pk).update(provider_message_id=str(unnamed.reference))
        one_by_one([event_of(delivered, DeliveryStatus.DELIVERED), event_of(failed, DeliveryStatus.FAILED)])
        for message in cls.messages:
            message.refresh_from_db()
            if message not in (delivered, plain):
                Customer.objects.filter(pk=message.customer_id).update(bsuid=f"AR.{message.pk}")
        again = campaign_message()
        fail(again, Reason.PROVIDER_ERROR)
        cls.messages += [*chain_make(), again, Message.objects.get(retry_of=again)]

    def _pair(
        self, number: int, status: DeliveryStatus, named: str, price: Any, person: str, seconds: int, reason: str
    ) -> Pair:
        message = self.messages[number]
        ids = {"another id": f"wamid.other{message.pk}", "our reference as id": str(message.reference), "reference": ""}
        fields: dict[str, Any] = {"provider_message_id": ids.get(named, f"wamid.{message.pk}"), "price": price}
        if named == "id":
            fields["reference"] = ""
        if person:
            fields["recipient_phone"] = message.recipient_phone.lstrip("+")
            fields["recipient_bsuid"] = f"AR.{message.pk}" if person == "known" else "AR.unknown"
        if status == DeliveryStatus.FAILED:
            detail = f"no more to {message.recipient_phone.lstrip('+')}"
            fields |= {"error_code": "131050" * 10, "error_reason": reason, "error_detail": detail}
        return event_of(message, status, occurred_at=NOW + timedelta(seconds=seconds), **fields)

    @settings(max_examples=50, deadline=None)
    @given(about=ABOUT, told=EVENTS, cuts=CUTS)
    def test_bulk_and_one_by_one_give_the_same_rows(
        self, about: tuple[int, int], told: list[Any], cuts: list[int]
    ) -> None:
        pairs = [self._pair(about[which], *rest) for which, *rest in told]

        def batches() -> None:
            rest, sizes = list(pairs), iter(cuts)
            while rest:
                size = next(sizes)
                in_bulk(rest[:size])
                del rest[:size]

        assert _undone(batches) == _undone(lambda: one_by_one(pairs))
