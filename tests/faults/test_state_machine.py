"""Any order of queueing, claiming, calling, recording, dying, webhooks, sweeps and people: the promises hold after each step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from providers.contracts import Accepted, DeliveryStatus, PriceReport, StatusEvent
from providers.errors import Reason, Rejected, SendError, Throttled, Unavailable, Uncertain
from providers.models import ProviderAccount
from recontact.books import balance, differences
from recontact.cancelling import message_cancel
from recontact.delivery import status_apply
from recontact.dispatch.claim import Claim, claim
from recontact.dispatch.lease import leases_take
from recontact.dispatch.record import Result, record
from recontact.dispatch.settlement import uncertain_settle
from recontact.dispatch.sweep import lost_to_uncertain, queued_to_expired
from recontact.incidents import incident_close
from recontact.ledger import release_by_person
from recontact.models import Incident, Message, NumberLease, Query, Recontact, Settlement
from recontact.outbox import query_recontact
from recontact.refusals import Code, SendRefused
from recontact.states import MESSAGE_MOVES, NEVER_SENT, MessageState
from tests.factories import VALUES, query_make, template_make, user_make

PAST = timedelta(hours=2)
PRICE = PriceReport(billable=True, category="utility", pricing_type="regular")
REPORTED = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.FAILED)

#: What a call that certainly did nothing may say, and one that may have been (and here was not) taken.
NOTHING_DONE: tuple[SendError, ...] = (
    Rejected(Reason.RECIPIENT_UNREACHABLE),
    Throttled(Reason.THROUGHPUT, retry_after=0),
    Unavailable(Reason.NETWORK),
    Unavailable(Reason.NOT_STARTED),
)
HEARD: tuple[SendError | str, ...] = (*NOTHING_DONE, "accepted", "taken, unheard", "unknown")
#: What may happen next; what is named more often happens more often.
WHAT = (
    *["go_out", "call", "record", "webhook"] * 3,
    *["recontact", "claim", "leases_run_out", "something_comes_between", "settle", "release", "close_incidents"],
)
UNSURE = Uncertain(Reason.NO_ANSWER)


@dataclass(frozen=True)
class Taken:
    """What the provider accepted, whether or not we heard of it."""

    message_id: int
    wamid: str


class OneQuery(RuleBasedStateMachine):
    """One query and everything that can happen to it; the truth about the provider is kept beside the database."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.query = query_make()
        self.account_id = self.query.sender_number.account_id
        self.template = template_make(account=self.query.sender_number.account)
        self.person = user_make()
        self.claims: list[Claim] = []
        self.results: list[Result] = []
        self.taken: list[Taken] = []
        self.may_have_been_sent: Counter[int] = Counter()
        self.states: dict[int, str] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @rule(what=st.sampled_from(WHAT), data=st.data())
    def next_step(self, what: str, data: st.DataObject) -> None:
        """One rule for all, because hypothesis leaves whole rules out of an example, and then little happens in it."""
        getattr(self, what)(data)

    # --- what the portal does ----------------------------------------------------------------------------------------

    def recontact(self, _data: st.DataObject | None = None) -> None:
        stands = Recontact.objects.exclude(state="released").exists()
        incident = Incident.objects.filter(closed_at=None).exists()
        self.query.refresh_from_db()
        reason = (
            (stands and Code.ALREADY_RECONTACTED)
            or (incident and Code.RECONTACT_INCIDENT)
            or (not self.query.is_open and Code.QUERY_CLOSED)
        )
        assert self._refusal() == reason

    @initialize()
    def begin(self) -> None:
        self.go_out()

    def go_out(self, _data: st.DataObject | None = None) -> None:
        """A recontact if the query may have one, and a pump that claims."""
        self._refusal()
        self.claim()

    def claim(self, _data: st.DataObject | None = None) -> None:
        Message.objects.filter(state="queued").update(due_at=timezone.now() - timedelta(seconds=1))
        NumberLease.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        for lease in leases_take("machine"):
            for claimed in claim(lease, 10):
                assert not self.may_have_been_sent[claimed.message_id]
                self.claims.append(claimed)

    def call(self, data: st.DataObject) -> None:
        """One call, and what came back; what it really did is kept here alone."""
        if not self.claims:
            return
        heard = data.draw(st.sampled_from(HEARD))
        called = data.draw(st.sampled_from(self.claims))
        self.claims.remove(called)
        outcome: Accepted | SendError = UNSURE if isinstance(heard, str) else heard
        if isinstance(heard, str):
            self.may_have_been_sent[called.message_id] += 1
        if heard in ("accepted", "taken, unheard"):
            taken = Taken(called.message_id, f"wamid.{called.message_id}.{called.attempt_number}")
            self.taken.append(taken)
            outcome = Accepted(taken.wamid) if heard == "accepted" else UNSURE
        self.results.append(Result(called, outcome))

    def record(self, data: st.DataObject) -> None:
        """Late, or again: a result stays, so that it may be written after everything else."""
        if self.results:
            record([data.draw(st.sampled_from(self.results))])

    def leases_run_out(self, _data: st.DataObject | None = None) -> None:
        Message.objects.filter(state="sending").update(lease_expires_at=timezone.now() - PAST)
        lost_to_uncertain()

    def something_comes_between(self, data: st.DataObject) -> None:
        what = data.draw(st.sampled_from(["the pump dies", "time is up", "cancelled", "resolved or reopened"]))
        if what == "the pump dies":
            self.claims.clear()
            self.results.clear()
        elif what == "time is up":
            Message.objects.filter(state="queued").update(expires_at=timezone.now() - PAST)
            queued_to_expired()
        elif what == "cancelled":
            for message in Message.objects.filter(state="queued"):
                assert message_cancel(message_id=message.pk)
        else:
            self.query.refresh_from_db()
            state = Query.State.RESOLVED if self.query.is_open else Query.State.IN_PROGRESS
            Query.objects.filter(pk=self.query.pk).update(state=state)

    # --- what the provider reports -----------------------------------------------------------------------------------

    def webhook(self, data: st.DataObject) -> None:
        if not self.taken:
            return
        status = data.draw(st.sampled_from(REPORTED))
        echoes, priced = data.draw(st.booleans()), data.draw(st.booleans())
        taken = data.draw(st.sampled_from(self.taken))
        reference = str(Message.objects.get(pk=taken.message_id).reference) if echoes else ""
        event = StatusEvent(
            provider_message_id=taken.wamid,
            reference=reference,
            status=status,
            occurred_at=timezone.now(),
            price=PRICE if priced and status in (DeliveryStatus.DELIVERED, DeliveryStatus.READ) else None,
        )
        status_apply(self.account_id, event)

    # --- what people do ----------------------------------------------------------------------------------------------

    def settle(self, data: st.DataObject) -> None:
        outcome = data.draw(st.sampled_from(["accepted", "rejected"]))
        Message.objects.filter(state="uncertain").update(claimed_at=timezone.now() - PAST)
        ProviderAccount.objects.update(last_webhook_at=timezone.now())
        for message in Message.objects.filter(state="uncertain"):
            uncertain_settle(message_id=message.pk, outcome=outcome, reason="lo dijo el cliente", user=self.person)

    def release(self, _data: st.DataObject | None = None) -> None:
        for recontact in Recontact.objects.filter(state="spent", message__state="failed").exclude(message__billed=True):
            release_by_person(recontact_id=recontact.pk, user=self.person, reason="no tenía WhatsApp")

    def close_incidents(self, _data: st.DataObject | None = None) -> None:
        for incident in Incident.objects.filter(closed_at=None):
            incident_close(incident_id=incident.pk, user=self.person, note="visto")

    # --- what must hold ----------------------------------------------------------------------------------------------

    @invariant()
    def at_most_one_recontact_stands(self) -> None:
        assert Recontact.objects.exclude(state="released").count() <= 1

    @invariant()
    def no_message_may_have_been_sent_twice(self) -> None:
        assert max(self.may_have_been_sent.values(), default=0) <= 1

    @invariant()
    def the_books_are_right(self) -> None:
        assert list(differences()) == []
        assert balance().holds

    @invariant()
    def states_move_only_as_the_table_says(self) -> None:
        for pk, state in Message.objects.values_list("pk", "state"):
            assert state in _reachable(self.states.get(pk, "queued"))
            self.states[pk] = state

    @invariant()
    def what_was_taken_counts_as_never_sent_only_by_a_persons_word(self) -> None:
        wrong = Message.objects.filter(pk__in=[taken.message_id for taken in self.taken], state__in=NEVER_SENT)
        assert set(wrong.values_list("pk", flat=True)) <= set(Settlement.objects.values_list("message_id", flat=True))

    def _refusal(self) -> str | bool:
        """Ask for a recontact; returns why it was refused, or False."""
        try:
            query_recontact(
                query_id=self.query.pk, template_id=self.template.pk, values=VALUES, user=self.person, send_key=None
            )
        except SendRefused as refused:
            [refusal] = refused.refusals
            return refusal.code
        return False


def _reachable(state: str) -> set[str]:
    found, waiting = {state}, [MessageState(state)]
    while waiting:
        new = {target for target in MESSAGE_MOVES[waiting.pop()] if target.value not in found}
        found |= {target.value for target in new}
        waiting += new
    return found


@pytest.mark.django_db
def test_no_order_of_events_breaks_the_promises() -> None:
    profile = settings(
        max_examples=40,
        stateful_step_count=30,
        deadline=None,
        phases=[Phase.generate],  # shrinking takes minutes; the steps are printed as they were
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(OneQuery, settings=profile)
