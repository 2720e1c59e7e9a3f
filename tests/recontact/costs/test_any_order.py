"""Any order of queueing, sending, statuses (late, doubled, in bulk), prices, answers, retries and moves between periods: the sums
of costs are those of the messages, told by the messages one by one and without the portal's own SQL."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from providers.contracts import DeliveryStatus, PriceReport, StatusEvent
from providers.models import RateFee
from providers.rates.publishing import card_publish
from recontact.adding_up import zone
from recontact.clock import database_now
from recontact.costs.rollup import CELLS, checks, costs_add_up, costs_rebuild
from recontact.delivery import status_apply
from recontact.delivery_bulk import statuses_apply
from recontact.inbound import customer_wrote
from recontact.models import Campaign, CostCell, CostEntry, CostMonth, CostOutline, Message
from recontact.retries import retry_queue
from recontact.states import MESSAGE_MOVES, MessageState
from tests.factories import (
    campaign_make,
    message_make,
    query_make,
    rate_card_make,
    recipients_make,
    sender_number_make,
    template_make,
    user_make,
)
from tests.recontact.costs.recount import MEASURES, recounted

WHAT = (
    *["send", "report", "report", "report_many", "move", "add_up"] * 3,
    *["launch", "retry", "answer", "another_day", "take_from_its_query", "rebuild"],
)
MOVES = (MessageState.SENDING, MessageState.UNCERTAIN, MessageState.REJECTED, MessageState.EXPIRED, MessageState.FAILED)
PRICES = (
    None,
    PriceReport(billable=True, category="utility", amount=Decimal("0.031"), currency="USD"),
    PriceReport(billable=True, category="utility", amount=Decimal("9"), currency="ARS"),
    PriceReport(billable=False, category="utility", pricing_type="free_entry_point"),
)
STATUSES = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.READ, DeliveryStatus.FAILED)
BY = ("day", "account_id", "category", "market", "campaign_id", "agent_id", "currency", "superseded")


class Costs(RuleBasedStateMachine):
    """Two accounts' messages, of agents and of campaigns."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.templates = [template_make(), template_make()]
        for template in self.templates:
            card = rate_card_make(account=template.account, is_published=False)
            RateFee.objects.create(card=card, kind="per_message", value=Decimal("0.005"))
            RateFee.objects.create(card=card, kind="failed", value=Decimal("0.001"))
            card_publish(card.pk)
        self.agents = [user_make(), user_make()]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @rule(what=st.sampled_from(WHAT), data=st.data())
    def next_step(self, what: str, data: st.DataObject) -> None:
        getattr(self, what)(data)

    # --- what may happen ---------------------------------------------------------------------------------------------

    def send(self, data: st.DataObject) -> None:
        template = data.draw(st.sampled_from(self.templates))
        query = query_make(sender_number=sender_number_make(account=template.account))
        message_make(query=query, template=template, user=data.draw(st.sampled_from(self.agents)))

    def launch(self, data: st.DataObject) -> None:
        """Some messages of a campaign, made as one statement."""
        template = data.draw(st.sampled_from(self.templates))
        campaign = campaign_make(template=template, state=Campaign.State.RUNNING, created_by=self.agents[0])
        people = recipients_make(campaign=campaign, count=data.draw(st.integers(1, 4)))
        model = message_make(query=query_make(sender_number=campaign.sender_number), template=template)
        made = [
            Message(
                account_id=model.account_id, sender_number_id=model.sender_number_id, customer_id=model.customer_id,
                campaign=campaign, origin="manager", kind="template", template=template, category=template.category,
                recipient_phone=person.phone, due_at=model.due_at, expires_at=model.expires_at + timedelta(days=3),
                template_hash=template.content_hash, estimate=model.estimate, currency=model.currency, market="AR",
                created_by=self.agents[0],
            )
            for person in people
        ]  # fmt: skip
        Message.objects.bulk_create(made)

    def retry(self, data: st.DataObject) -> None:
        message = self.some_message(data)
        if message is not None and message.campaign_id is not None and message.state == "failed":
            retry_queue(message=message, due_at=database_now())

    def report(self, data: st.DataObject) -> None:
        message = self.some_message(data)
        if message is not None:
            status_apply(message.account_id, self.event(message, data))

    def report_many(self, data: st.DataObject) -> None:
        found = list(Message.objects.order_by("pk"))
        if found:
            some = data.draw(st.lists(st.sampled_from(found), max_size=6))
            told = [(message.account_id, self.event(message, data)) for message in some]
            for position in sorted(statuses_apply(told)):
                status_apply(*told[position])

    def event(self, message: Message, data: st.DataObject) -> StatusEvent:
        status = data.draw(st.sampled_from(STATUSES))
        return StatusEvent(
            provider_message_id=f"wamid.{message.pk}",
            reference=str(message.reference),
            status=status,
            occurred_at=database_now(),
            error_reason="media_fetch" if status == "failed" and data.draw(st.booleans()) else "",
            price=data.draw(st.sampled_from(PRICES)) if status == DeliveryStatus.DELIVERED else None,
        )

    def move(self, data: st.DataObject) -> None:
        message = self.some_message(data)
        if message is None:
            return
        able = [state for state in MOVES if state in MESSAGE_MOVES[MessageState(message.state)]]
        if able:
            Message.objects.filter(pk=message.pk).update(state=data.draw(st.sampled_from(able)))

    def answer(self, data: st.DataObject) -> None:
        message = self.some_message(data)
        if message is not None:
            Message.objects.filter(pk=message.pk, claimed_at=None).update(claimed_at=database_now())
            customer_wrote(
                customer=message.customer, sender_number=message.sender_number, at=timezone.now(), preview="Sí",
                context_message_id=data.draw(st.sampled_from(["", message.provider_message_id])),
            )  # fmt: skip

    def another_day(self, data: st.DataObject) -> None:
        message = self.some_message(data)
        if message is not None:
            back = timedelta(hours=data.draw(st.integers(1, 80)))
            Message.objects.filter(pk=message.pk).update(created_at=timezone.now() - back)

    def take_from_its_query(self, data: st.DataObject) -> None:
        """What no part of the portal does: a change of what sums are told apart by."""
        message = self.some_message(data)
        if message is not None:
            Message.objects.filter(pk=message.pk).update(
                created_by=data.draw(st.sampled_from(self.agents)), market="CL"
            )

    def add_up(self, _data: st.DataObject) -> None:
        costs_add_up()

    def rebuild(self, _data: st.DataObject) -> None:
        costs_rebuild()

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def the_sums_are_those_of_the_messages(self) -> None:
        with connection.cursor() as cursor:
            for name, sql in checks().items():
                cursor.execute(sql)
                assert cursor.fetchall() == [], name

    @invariant()
    def the_cells_of_any_grouping_add_up_to_the_messages(self) -> None:
        each = recounted()
        for by in combinations(BY, 2):
            expected: dict[tuple[object, ...], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(MEASURES))
            for facts, counted in each:
                key = tuple(facts[name] for name in by)
                expected[key] = [a + b for a, b in zip(expected[key], counted, strict=True)]
            assert _grouped(by) == dict(expected), by

    @invariant()
    def what_is_added_up_is_what_is_built_anew(self) -> None:
        with transaction.atomic():
            costs_add_up()
            added = _cells()
            costs_rebuild()
            assert _cells() == added
            transaction.set_rollback(True)

    @invariant()
    def a_message_carries_the_price_of_its_entry(self) -> None:
        """What it is charged; of one that failed, while it counts as failed, the fee for that."""
        told = dict(CostEntry.objects.filter(kind="report").values_list("message_id", "amount"))
        told |= dict(
            CostEntry.objects.filter(kind="failed", message__state="failed").values_list("message_id", "amount")
        )
        assert dict(Message.objects.filter(reported__isnull=False).values_list("pk", "reported")) == told

    def some_message(self, data: st.DataObject) -> Message | None:
        found = list(Message.objects.order_by("pk"))
        return data.draw(st.sampled_from(found)) if found else None


def _grouped(by: tuple[str, ...]) -> dict[tuple[object, ...], list[Decimal]]:
    sums = ", ".join(f"sum({name})" for name in MEASURES)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(by)}, {sums} FROM {CELLS} c GROUP BY {', '.join(by)}", {"zone": zone()})
        rows = {tuple(row[: len(by)]): [Decimal(value) for value in row[len(by) :]] for row in cursor.fetchall()}
    return {key: values for key, values in rows.items() if any(values)}


def _cells() -> set[tuple[object, ...]]:
    """Those that count something, also in outline: one that everything moved out of may stay."""
    return {(model, *row) for model in (CostCell, CostMonth, CostOutline) for row in _counting(model)}


def _counting(model: type[CostCell | CostMonth | CostOutline]) -> list[tuple[object, ...]]:
    names = [field.name for field in model._meta.concrete_fields if field.name != "id"]
    rows = model._default_manager.values_list(*names)
    return [row for row in rows if any(value for name, value in zip(names, row, strict=True) if name in MEASURES)]


@pytest.mark.django_db
def test_no_order_of_events_parts_the_sums_from_the_messages() -> None:
    profile = settings(
        max_examples=12,
        stateful_step_count=24,
        deadline=None,
        phases=[Phase.generate],  # shrinking takes minutes; the steps are printed as they were
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Costs, settings=profile)
