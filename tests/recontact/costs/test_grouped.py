"""Costs by what people ask for: any grouping adds up to the messages, in one currency at a time, against the period before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from recontact.costs.asked import GROUPINGS, TIMES, BadQuestion, Question, month_of, months_before, question_read
from recontact.costs.figures import Figures
from recontact.costs.grouped import costs_all, costs_grouped, currencies_of
from recontact.costs.labels import labels_of
from recontact.costs.rollup import costs_add_up
from recontact.models import CostEntry, Message, Team
from tests.factories import message_make, query_make, rate_card_make, sender_number_make, template_make, user_make

pytestmark = pytest.mark.django_db

PRICE = Decimal("0.026")
TODAY = timezone.localdate()


def this_month(*by: str, currency: str = "USD", **only: str) -> Question:
    return question_read({"currency": currency, "by": ",".join(by), **only}, today=TODAY)


def delivered(message: Message, *, reported: str = "", currency: str = "USD", state: str = "delivered") -> Message:
    Message.objects.filter(pk=message.pk).update(state="sending")
    Message.objects.filter(pk=message.pk).update(state=state, billed=state != "failed")
    if reported:
        CostEntry.objects.create(
            message=message, kind="report", amount=Decimal(reported), currency=currency, market="AR", category="utility"
        )
    return message


def test_it_knows_what_was_spent_and_of_it_what_the_provider_reported() -> None:
    delivered(message_make(), reported="0.031", state="read")
    delivered(message_make())
    delivered(message_make(), state="failed")
    message_make()

    total = costs_grouped(this_month()).total

    assert (total.messages, total.sent, total.delivered, total.read, total.failed, total.priced) == (4, 3, 2, 1, 1, 1)
    assert (total.spent, total.reported, total.unreported) == (Decimal("0.057"), Decimal("0.031"), PRICE)
    assert (total.estimated, total.uncharged, total.confirmed) == (3 * PRICE, PRICE, PRICE)
    assert total.difference == 3 * PRICE - Decimal("0.057")
    assert total.per_delivered == Decimal("0.057") / 2


def test_it_says_the_same_before_and_after_it_is_added_up() -> None:
    delivered(message_make(), reported="0.031")
    before = costs_grouped(this_month("account", "day"))

    costs_add_up()

    assert costs_grouped(this_month("account", "day")) == before


def test_it_mixes_no_currencies() -> None:
    delivered(message_make(), reported="0.031")
    delivered(message_make(), reported="40", currency="ARS")

    assert currencies_of(this_month()) == ["USD", "ARS"]
    dollars, pesos = (costs_grouped(this_month(currency=each)).total for each in ("USD", "ARS"))
    assert (dollars.spent, dollars.delivered, pesos.spent, pesos.delivered) == (Decimal("0.031"), 1, Decimal(40), 1)


@pytest.mark.parametrize("first", GROUPINGS)
def test_its_groups_add_up_to_the_whole_and_all_have_names(first: str) -> None:
    team, user = Team.objects.create(name="Turnos"), user_make()
    delivered(message_make(query=query_make(team=team), user=user), reported="0.031")
    delivered(message_make(), state="read")

    for second in GROUPINGS.keys() - {first}:
        answer = costs_grouped(this_month(first, second))
        assert sum(group.figures.spent for group in answer.groups) == answer.total.spent == Decimal("0.057")
        assert first in TIMES or sum(group.figures.spent for group in answer.tops) == answer.total.spent
        assert answer.count == len(answer.groups)
    names = labels_of(first, [group.keys[0] for group in answer.groups])
    assert all(names.values())


def test_it_narrows_to_a_team_an_agent_or_a_market() -> None:
    team, user = Team.objects.create(name="Turnos"), user_make()
    delivered(message_make(query=query_make(team=team), user=user))
    delivered(message_make())

    for only in ({"team": str(team.pk)}, {"agent": str(user.pk)}, {"team": str(team.pk), "market": "AR"}):
        assert costs_grouped(this_month(**only)).total.delivered == 1
    assert costs_grouped(this_month(market="CL")).total == Figures()


def test_it_compares_with_the_month_before() -> None:
    old, _now = delivered(message_make()), delivered(message_make(), reported="0.039")
    Message.objects.filter(pk=old.pk).update(created_at=timezone.localtime().replace(day=1) - timedelta(days=3))

    total = costs_grouped(this_month("account")).total

    assert (total.spent, total.before, total.change) == (Decimal("0.039"), PRICE, Decimal(50))


def test_it_counts_a_message_on_the_portals_own_day() -> None:
    message = delivered(message_make())
    moment = timezone.now().replace(month=3, day=10, hour=2, minute=30)
    Message.objects.filter(pk=message.pk).update(created_at=moment)
    costs_add_up()

    asked = Question(date(moment.year, 3, 1), date(moment.year, 3, 31), ("day",), "USD")

    assert [group.keys for group in costs_grouped(asked).groups] == [(date(moment.year, 3, 9),)]


def test_it_pages_through_its_groups() -> None:
    number = sender_number_make()
    rate_card_make(account=number.account)
    template = template_make(account=number.account)
    for _ in range(3):
        delivered(message_make(query=query_make(sender_number=number), template=template, user=user_make()))

    pages = [costs_grouped(this_month("agent"), page=page, size=2) for page in (1, 2)]

    assert [(len(page.groups), page.count) for page in pages] == [(2, 3), (1, 3)]
    assert len({group.keys for page in pages for group in page.groups}) == 3
    assert pages[0].total == pages[1].total


def test_it_tells_the_same_sums_over_time_and_row_by_row() -> None:
    first, second = delivered(message_make()), delivered(message_make(), reported="0.031")

    asked = this_month("account", "category")
    answer = costs_grouped(asked)

    told = {key: amount for (_day, key), amount in answer.over_time.items()}
    assert told == {str(first.account_id): PRICE, str(second.account_id): Decimal("0.031")}
    rows = {group.keys: group.figures for group in costs_all(asked)}
    assert rows == {group.keys: group.figures for group in answer.groups}


def test_years_by_month_and_by_day_tell_the_same() -> None:
    old = delivered(message_make(), reported="0.031")
    delivered(message_make())
    Message.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=150))
    costs_add_up()
    year = Question(months_before(TODAY, 11), month_of(TODAY)[1], ("account", "month"), "USD")
    by_days = replace(year, by=("account", "day"))

    assert costs_grouped(year).total == costs_grouped(by_days).total
    assert costs_grouped(year).over_time == costs_grouped(by_days).over_time


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"from": "2026-02-30"}, "from"),
        ({"from": "2026-03-01", "until": "2026-02-01"}, "until"),
        ({"from": "2020-01-01", "until": "2026-02-01"}, "until"),
        ({"by": "phone"}, "by"),
        ({"by": "day,day"}, "by"),
        ({"by": "day,account,number"}, "by"),
        ({"currency": "US$"}, "currency"),
        ({"account": "1 OR 1=1"}, "account"),
        ({"team": "9" * 30}, "team"),
    ],
)
def test_it_refuses_what_makes_no_sense(words: dict[str, str], fault: str) -> None:
    with pytest.raises(BadQuestion) as refused:
        question_read(words, today=TODAY)
    assert refused.value.name == fault
