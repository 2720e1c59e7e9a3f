"""Any order of queueing, launching, delivering, failing, cancelling and late proofs: the sums are those of the rows."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from providers.contracts import DeliveryStatus, PriceReport, StatusEvent
from providers.models import RateFee
from providers.rates.publishing import card_publish
from recontact.budgets.counting import CHECKS, period_count
from recontact.budgets.settle import changes_add_up
from recontact.campaigns.control import campaign_cancel, campaign_launch, campaign_pause, campaign_resume
from recontact.campaigns.launch import campaigns_launch
from recontact.cancelling import message_cancel
from recontact.clock import database_now
from recontact.delivery import status_apply
from recontact.dispatch.sweep import campaigns_complete
from recontact.models import BudgetPeriod, Campaign, CostEntry, ExchangeRate, Message
from recontact.refusals import SendRefused
from recontact.states import MESSAGE_MOVES, NEVER_SENT, MessageState
from tests.factories import (
    budget_make,
    campaign_make,
    customer_make,
    message_make,
    query_make,
    rate_card_make,
    recipients_make,
    sender_number_make,
    template_make,
)

#: Meta's price and the provider's fee for each message; and what it takes for one that failed.
PRICE, FAILED_FEE = Decimal("0.026") + Decimal("0.005"), Decimal("0.001")
LIMIT = Decimal("0.50")
TO_PESOS = Decimal("1437.25")
WHAT = (
    *["send", "report", "report", "move", "add_up"] * 3,
    *["plan_and_launch", "launch_some", "cancel_message", "cancel_campaign", "complete", "pause_and_resume", "count"],
)
#: What the portal itself may make of a message, beside what providers report.
MOVES = (
    MessageState.SENDING,
    MessageState.UNCERTAIN,
    MessageState.REJECTED,
    MessageState.EXPIRED,
    MessageState.SKIPPED,
)
PRICES = (
    None,
    PriceReport(billable=True, category="utility", amount=Decimal("0.037"), currency="USD"),
    PriceReport(billable=True, category="utility", amount=Decimal("9"), currency="ARS"),
    PriceReport(billable=False, category="utility", pricing_type="free_entry_point"),
)


class TwoBudgets(RuleBasedStateMachine):
    """One budget in the card's currency that stops, and one in another that counts the same at a dated rate."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.template = template_make()
        card = rate_card_make(account=self.template.account, is_published=False)
        RateFee.objects.create(card=card, kind="per_message", value=Decimal("0.005"))
        RateFee.objects.create(card=card, kind="failed", value=FAILED_FEE, exempt_codes=["63010"])
        card_publish(card.pk)
        self.number = sender_number_make(account=self.template.account)
        self.stops = budget_make(amount=str(LIMIT))
        ExchangeRate.objects.create(
            from_currency="USD", to_currency="ARS", rate=TO_PESOS, valid_from=timezone.localdate()
        )
        budget_make(amount="100", currency="ARS", stops=False)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @rule(what=st.sampled_from(WHAT), data=st.data())
    def next_step(self, what: str, data: st.DataObject) -> None:
        getattr(self, what)(data)

    # --- what may happen ---------------------------------------------------------------------------------------------

    def send(self, _data: st.DataObject) -> None:
        query = query_make(sender_number=self.number, customer=customer_make())
        left = LIMIT - self.used()
        try:
            message_make(query=query, template=self.template)
        except SendRefused:
            assert left < PRICE
        else:
            assert left >= PRICE

    def plan_and_launch(self, data: st.DataObject) -> None:
        count = data.draw(st.integers(1, 5))
        number = sender_number_make(account=self.template.account)
        campaign = campaign_make(sender_number=number, template=self.template)
        recipients_make(campaign=campaign, count=count, estimate=PRICE, currency="USD", market="AR")
        left = LIMIT - self.used()
        campaign = campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
        assert (campaign.state == Campaign.State.RUNNING) == (count * PRICE <= left)

    def launch_some(self, _data: st.DataObject) -> None:
        campaigns_launch()

    def report(self, data: st.DataObject) -> None:
        message = self.some_message(data)
        if message is None:
            return
        status = data.draw(st.sampled_from([DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.FAILED]))
        price = data.draw(st.sampled_from(PRICES)) if status == DeliveryStatus.DELIVERED else None
        status_apply(
            message.account_id,
            StatusEvent(
                provider_message_id=f"wamid.{message.pk}",
                reference=str(message.reference),
                status=status,
                occurred_at=database_now(),
                error_code=data.draw(st.sampled_from(["63016", "63010"])) if status == "failed" else "",
                error_reason=data.draw(st.sampled_from(["", "media_fetch"])) if status == "failed" else "",
                price=price,
            ),
        )

    def move(self, data: st.DataObject) -> None:
        message = self.some_message(data)
        if message is None:
            return
        able = [state for state in MOVES if state in MESSAGE_MOVES[MessageState(message.state)]]
        if able:
            Message.objects.filter(pk=message.pk).update(state=data.draw(st.sampled_from(able)))

    def cancel_message(self, data: st.DataObject) -> None:
        message = self.some_message(data)
        if message is not None:
            message_cancel(message_id=message.pk)

    def cancel_campaign(self, data: st.DataObject) -> None:
        campaign = self.some_campaign(data)
        if campaign is not None:
            campaign_cancel(campaign_id=campaign.pk)

    def pause_and_resume(self, data: st.DataObject) -> None:
        campaign = self.some_campaign(data)
        if campaign is not None:
            campaign_pause(campaign_id=campaign.pk)
            campaign_resume(campaign_id=campaign.pk)

    def complete(self, _data: st.DataObject) -> None:
        campaigns_complete()

    def add_up(self, _data: st.DataObject) -> None:
        changes_add_up()

    def count(self, _data: st.DataObject) -> None:
        for period in BudgetPeriod.objects.all():
            period_count(period)

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def the_sums_are_those_of_the_rows(self) -> None:
        with connection.cursor() as cursor:
            for name, sql in CHECKS.items():
                cursor.execute(sql)
                assert cursor.fetchall() == [], name
        sums = {period.budget.currency: period for period in BudgetPeriod.objects.select_related("budget")}
        if len(sums) == 2:
            assert sums["ARS"].reserved == sums["USD"].reserved * TO_PESOS
            assert sums["ARS"].spent == sums["USD"].spent * TO_PESOS

    @invariant()
    def what_is_charged_is_what_messages_cost(self) -> None:
        """Told by the messages one by one, without the portal's own classes."""
        with transaction.atomic():
            changes_add_up()
            period = BudgetPeriod.objects.filter(budget=self.stops).first()
            if period is not None:
                assert period.spent == sum(map(_cost, Message.objects.all()), Decimal(0))
                alive = Message.objects.exclude(state__in=[*NEVER_SENT, "failed", "delivered", "read"])
                assert period.reserved >= sum((message.estimate or 0 for message in alive), Decimal(0))
            transaction.set_rollback(True)

    def used(self) -> Decimal:
        period = BudgetPeriod.objects.filter(budget=self.stops).first()
        return period.used if period is not None else Decimal(0)

    def some_message(self, data: st.DataObject) -> Message | None:
        found = list(Message.objects.order_by("pk"))
        return data.draw(st.sampled_from(found)) if found else None

    def some_campaign(self, data: st.DataObject) -> Campaign | None:
        found = list(Campaign.objects.order_by("pk"))
        return data.draw(st.sampled_from(found)) if found else None


def _cost(message: Message) -> Decimal:
    if message.state not in ("delivered", "read", "failed"):
        return Decimal(0)
    told = {entry.kind: entry.amount for entry in CostEntry.objects.filter(message=message, currency="USD")}
    if message.state == "failed":
        return told.get("failed", Decimal(0))
    return told.get("report", Decimal(0) if message.billed is False else message.estimate or Decimal(0))


@pytest.mark.django_db
def test_no_order_of_events_parts_the_sums_from_the_rows() -> None:
    profile = settings(
        max_examples=16,
        stateful_step_count=24,
        deadline=None,
        phases=[Phase.generate],  # shrinking takes minutes; the steps are printed as they were
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(TwoBudgets, settings=profile)
