"""Budgets in the Manager: their page and form, and what they say before a click on every screen that sends."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hsm_portal.roles import Role
from providers.models import SenderNumber
from recontact.models import Budget, BudgetPeriod, Campaign, CampaignRefusal, Message, Query
from templates_app.models import Template
from tests.factories import (
    VALUES,
    budget_make,
    campaign_make,
    message_make,
    query_make,
    rate_card_make,
    recipients_make,
    sender_number_make,
    template_make,
)
from tests.recontact.admin.test_bulk import form as bulk_form

BUDGETS = "/manager/recontact/budget/"
PRICE = Decimal("0.026")
FORM = {
    "name": "Noviembre",
    "amount": "500",
    "currency": "USD",
    "is_active": "on",
    "period": "month",
    "scope": "everything",
    "stops": "on",
    "agents_share": "20",
    "alert_shares": "100,50,50",
}


@pytest.fixture
def ops(client_of: Callable[[Role], Client]) -> Client:
    return client_of(Role.OPS)


@pytest.fixture
def number(db: None) -> SenderNumber:
    number = sender_number_make()
    rate_card_make(account=number.account)
    return number


@pytest.fixture
def template(number: SenderNumber) -> Template:
    return template_make(account=number.account)


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def planned(number: SenderNumber, template: Template, count: int = 10, **fields: object) -> Campaign:
    campaign = campaign_make(sender_number=number, template=template, **fields)  # type: ignore[arg-type]
    recipients_make(campaign=campaign, count=count, estimate=PRICE, currency="USD", market="AR")
    return campaign


def test_ops_makes_one_that_counts_what_was_sent_this_month_already_and_it_is_audited(ops: Client) -> None:
    message_make()
    assert ops.post(f"{BUDGETS}add/", FORM).status_code == 302
    budget = Budget.objects.get()
    assert (budget.amount, budget.alert_shares, budget.agents_share) == (Decimal(500), [50, 100], 20)
    assert BudgetPeriod.objects.get().reserved == PRICE
    assert LogEntry.objects.get_for_object(budget).count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scope": "account"}, "account"),
        ({"scope": "team"}, "team"),
        ({"scope": "source"}, "source"),
        ({"period": "dates"}, "starts_on"),
        ({"period": "dates", "starts_on": "2026-11-20", "ends_on": "2026-11-01"}, "ends_on"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "9" * 30}, "amount"),
        ({"currency": "us$"}, "currency"),
        ({"agents_share": "101"}, "agents_share"),
        ({"alert_shares": "half"}, "alert_shares"),
    ],
)
def test_what_makes_no_budget_is_refused_at_its_field(ops: Client, changes: dict[str, str], field: str) -> None:
    answer = ops.post(f"{BUDGETS}add/", FORM | changes)
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert not Budget.objects.exists()


def test_what_it_counts_and_its_currency_never_change_and_it_is_never_deleted(ops: Client) -> None:
    budget = budget_make()
    changed = FORM | {"currency": "ARS", "scope": "source", "source": "file", "amount": "7.50"}
    assert ops.post(f"{BUDGETS}{budget.pk}/change/", changed).status_code == 302
    budget.refresh_from_db()
    assert (budget.currency, budget.scope, budget.amount) == ("USD", "everything", Decimal("7.50"))
    assert ops.post(f"{BUDGETS}{budget.pk}/delete/", {"post": "yes"}).status_code == 403


def test_one_that_is_active_again_counts_what_it_missed(ops: Client) -> None:
    budget = budget_make(is_active=False)
    message_make()
    ops.post(f"{BUDGETS}{budget.pk}/change/", FORM)
    assert BudgetPeriod.objects.get().reserved == PRICE


def test_the_page_shows_used_and_left_in_as_many_queries_however_many_there_are(ops: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            shown(ops, BUDGETS)
        return len(found)

    budget_make(amount="1.00")
    message_make()
    few = queries()
    for name in "abcde":
        budget_make(name=name)
    message_make()
    assert queries() == few
    page = ops.get(BUDGETS)
    standing = next(each for each in page.context["standings"] if each.budget.amount == 1)
    assert (standing.period.reserved, standing.left) == (2 * PRICE, 1 - 2 * PRICE)


def test_the_review_shows_the_campaign_against_each_budget_before_it_is_launched(
    client: Client, number: SenderNumber, template: Template
) -> None:
    budget_make(amount="1.00", agents_share=20, name="Noviembre")
    campaign = planned(number, template)
    for step in ("review", "sending", "approval"):
        page = client.get(f"/manager/recontact/campaign/{campaign.pk}/{step}/")
        [share] = page.context["shares"]
        assert (share.left, share.price, share.after) == (Decimal("0.80"), 10 * PRICE, Decimal("0.54"))
        assert share.agents == Decimal("0.20")
        assert "Noviembre" in page.content.decode()


def test_what_does_not_fit_is_said_before_the_launch_and_again_where_it_is_parked(
    client: Client, number: SenderNumber, template: Template
) -> None:
    budget_make(amount="0.25", name="Noviembre")
    campaign = planned(number, template)
    review = client.get(f"/manager/recontact/campaign/{campaign.pk}/review/").content.decode()
    assert 'role="alert"' in review
    assert "text-stopped" in review
    address = f"/manager/recontact/campaign/{campaign.pk}/approval/"
    seen = client.get(address).context["seen"]
    client.post(address, {"seen": seen, "action": "launch"})
    campaign.refresh_from_db()
    assert (campaign.state, campaign.state_reason) == ("parked", "budget")
    page = client.get(f"/manager/recontact/campaign/{campaign.pk}/change/")
    [share] = page.context["short"]
    assert share.missing == Decimal("0.01")
    assert "US$ 0.01 are missing" in page.content.decode()
    assert not Message.objects.exists()


def test_resuming_it_says_whether_it_fits_by_now(client: Client, number: SenderNumber, template: Template) -> None:
    budget_make(amount="0.25")
    campaign = planned(number, template, state=Campaign.State.PARKED, state_reason="budget")
    control = f"/manager/recontact/campaign/{campaign.pk}/control/"
    client.post(control, {"action": "resume"})
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.PARKED
    Budget.objects.update(amount=1)
    BudgetPeriod.objects.update(amount=1)
    client.post(control, {"action": "resume"})
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING


def test_sending_to_one_phone_says_it_before_the_click_and_refuses_it_after(
    client: Client, number: SenderNumber, template: Template
) -> None:
    budget_make(amount="0.01", name="Noviembre")
    typed = {
        "phone": "+5491155550100",
        "sender_number": str(number.pk),
        "template": str(template.pk),
        "send_key": "x" * 20,
    }
    typed |= {f"var-{key}": value for key, value in VALUES.items()}
    preview = client.post("/manager/recontact/message/send/preview/", typed)
    assert [refusal.code for refusal in preview.context["blockers"]] == ["budget_exhausted"]
    answer = client.post("/manager/recontact/message/send/", typed)
    assert (answer.status_code, Message.objects.count()) == (409, 0)


def test_recontacting_many_predicts_who_will_still_fit(
    client: Client, number: SenderNumber, template: Template
) -> None:
    budget_make(amount="0.06")
    queries = [query_make(sender_number=number, data={"turno": "viernes 21"}) for _number in range(3)]
    chosen = bulk_form(queries, template)
    found = client.post("/manager/recontact/query/recontact/preview/", chosen).context["found"]
    predicted = {fate.query.pk: str(fate.code) for fate in found.fates if fate.code}
    client.post("/manager/recontact/query/recontact/", chosen)
    assert list(predicted.values()) == ["budget_exhausted"]
    assert dict(CampaignRefusal.objects.values_list("query", "code")) == predicted


def test_a_ticket_shows_no_button_when_the_budget_is_used_up(
    client_of: Callable[[Role], Client], number: SenderNumber, template: Template
) -> None:
    budget_make(amount="0.01", name="Noviembre")
    query = query_make(sender_number=number, state=Query.State.PENDING)
    page = client_of(Role.AGENT).get(f"/service/queries/{query.pk}/")
    assert page.status_code == 200
    assert "Noviembre" in page.content.decode()
