"""From a file to a plan: every row has one outcome, with its reason, and what is sent is fixed."""

from __future__ import annotations

import csv
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from recontact.campaigns.columns import Source
from recontact.campaigns.outcome_words import recipient_sentence
from recontact.campaigns.outcomes import plan_review, recipients_csv, recipients_of
from recontact.campaigns.plan import campaign_plan
from recontact.customers import opt_out_add
from recontact.erasure import customer_erase
from recontact.models import Campaign, CampaignRecipient, Customer, Message, ServiceWindow
from recontact.wishes import BLOCKED
from tests.factories import customer_make, message_make, prices_end, query_make, template_make
from tests.recontact.campaigns.audiences import PAYMENT, csv_bytes, fates, number_make, planned, xlsx_bytes

pytestmark = pytest.mark.django_db

HEADER = ("phone", "nombre", "cuota")
PHONE = "+5491155550100"
ROW = (PHONE, "Carla", "$ 48.210")


def test_a_file_becomes_a_plan() -> None:
    campaign = planned(csv_bytes(HEADER, ROW, ("", "Ana", "$ 1")))

    assert (campaign.state, campaign.name, campaign.rows_total) == ("planned", "pagos-vencidos", 2)
    assert fates(campaign) == [(2, "ready", ""), (3, "error", "phone_missing")]


def test_what_a_recipient_will_read_and_cost_is_fixed() -> None:
    campaign = planned(csv_bytes(HEADER, ROW))

    recipient = CampaignRecipient.objects.get(campaign=campaign)
    assert recipient.values == {"body.1": "Carla", "body.2": "$ 48.210"}
    assert (recipient.market, recipient.estimate, recipient.currency) == ("AR", Decimal("0.0260"), "USD")


def test_the_plan_remembers_the_template_it_was_made_with() -> None:
    campaign = planned(csv_bytes(HEADER, ROW))

    assert campaign.template is not None
    assert (campaign.template_hash, campaign.category) == (campaign.template.content_hash, "utility")


@pytest.mark.parametrize(
    ("typed", "country", "phone", "outcome"),
    [
        ("+54 9 11 5555-0100", "AR", PHONE, "ready"),
        ("5491155550100", "MX", PHONE, "ready"),
        ("011 15 5555-0100", "AR", PHONE, "corrected"),
        ("1155550100", "AR", PHONE, "corrected"),
        ("0351 15 555-1234", "AR", "+5493515551234", "corrected"),
        ("5,491155550100E12", "AR", PHONE, "corrected"),
        ("55 1234 5678", "MX", "+525512345678", "corrected"),
        ("5215512345678", "AR", "+525512345678", "corrected"),
        ("+52 1 55 1234 5678", "AR", "+525512345678", "corrected"),
        ("+52 55 1234 5678", "AR", "+525512345678", "ready"),
    ],
)
def test_phones_are_read_as_people_write_them(typed: str, country: str, phone: str, outcome: str) -> None:
    campaign = planned(csv_bytes(HEADER, (typed, "Ana", "1"), delimiter=";"), default_country=country)

    recipient = CampaignRecipient.objects.get(campaign=campaign)
    assert (recipient.phone, recipient.outcome, recipient.typed) == (phone, outcome, typed)


@pytest.mark.parametrize(
    ("phone", "time_zone"),
    [
        (PHONE, "America/Argentina/Buenos_Aires"),
        ("+525512345678", "America/Mexico_City"),
        ("+12125550100", "America/New_York"),
        ("+34612345678", "Europe/Madrid"),
    ],
)
def test_a_recipient_has_the_time_zone_of_his_phone(phone: str, time_zone: str) -> None:
    assert (
        CampaignRecipient.objects.get(campaign=planned(csv_bytes(HEADER, (phone, "Ana", "1")))).time_zone == time_zone
    )


def test_numbers_of_a_workbook_are_phones() -> None:
    campaign = planned(xlsx_bytes(HEADER, (5491155550100, "Ana", 48210.5)), name="a.xlsx")

    recipient = CampaignRecipient.objects.get(campaign=campaign)
    assert (recipient.phone, recipient.values["body.2"]) == (PHONE, "48210.5")


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (("no tiene", "Ana", "1"), "invalid_phone"),
        (("5.49116E+12", "Ana", "1"), "phone_rounded"),
        ((PHONE, "Ana", ""), "missing_variable"),
        ((PHONE, "Ana", "#N/A"), "cell_error"),
        ((PHONE, "Ana", "a\tb"), "newline_in_variable"),
        ((PHONE, "Ana", "x" * 33_000), "body_too_long"),
    ],
)
def test_a_row_that_makes_no_message_is_an_error_with_its_reason(row: tuple[str, str, str], code: str) -> None:
    assert fates(planned(csv_bytes(HEADER, row))) == [(2, "error", code)]


def test_an_error_names_the_variable_and_its_column() -> None:
    campaign = planned(csv_bytes(HEADER, (PHONE, "Ana", "")))

    params = CampaignRecipient.objects.get(campaign=campaign).params
    assert (params["variable"], params["column"]) == ("body.2", "cuota")


@pytest.mark.parametrize(
    ("row", "column"), [((PHONE, "Ana", "=A2*2"), "cuota"), (("=B2", "Ana", 1), ""), ((PHONE, "=A2", 1), "")]
)
def test_a_formula_that_was_never_computed_is_an_error_that_says_what_to_do(row: tuple[Any, ...], column: str) -> None:
    campaign = planned(xlsx_bytes(HEADER, row, (5491155550101, "Eva", 2)), name="a.xlsx")

    assert fates(campaign) == [(2, "error", "formula_empty"), (3, "ready", "")]
    recipient = CampaignRecipient.objects.get(campaign=campaign, row_number=2)
    sentence = recipient_sentence(recipient, {})
    assert "formula without a value" in sentence
    assert "save it, or paste the values in" in sentence
    assert column in sentence


def test_a_formula_in_a_column_that_nobody_needs_does_no_harm() -> None:
    campaign = planned(xlsx_bytes((*HEADER, "otra"), (5491155550100, "Ana", 1, "=A2")), name="a.xlsx")

    assert fates(campaign) == [(2, "ready", "")]


def test_nobody_is_called_as_the_error_that_his_cell_shows() -> None:
    fixed = {"body.1": Source("text", "cliente"), "body.2": Source("text", "$ 1")}

    for name, mapping in (("#N/A", fixed), ("Ana", fixed)):
        campaign = planned(csv_bytes(HEADER, (PHONE, name, "1")), mapping=mapping)
        recipient = CampaignRecipient.objects.get(campaign=campaign)
        assert (recipient.outcome, recipient.name) == ("ready", "" if name == "#N/A" else name)


def test_a_country_without_a_price_is_an_error() -> None:
    number = number_make()
    prices_end()

    assert fates(planned(csv_bytes(HEADER, ROW), number=number)) == [(2, "error", "price_unknown")]


def test_the_first_row_of_a_person_that_can_be_sent_is_the_one() -> None:
    campaign = planned(
        csv_bytes(HEADER, (PHONE, "Ana", ""), ROW, ("1155550100", "Eva", "2"), ("+541155550100", "E", "3"))
    )

    assert [fate[1:] for fate in fates(campaign)] == [
        ("error", "missing_variable"),
        ("ready", ""),
        ("left_out", "duplicate"),
        ("left_out", "duplicate"),
    ]
    assert CampaignRecipient.objects.get(campaign=campaign, row_number=4).params == {"row": 3}


def test_a_person_is_recognized_by_phone_and_by_id_as_one() -> None:
    customer_make(phone=PHONE, bsuid="AR.ABC123")
    body = csv_bytes((*HEADER, "bsuid"), (*ROW, ""), ("", "Carla", "1", "AR.ABC123"), ("", "Otra", "1", "AR.OTHER1"))

    assert [fate[1:] for fate in fates(planned(body))] == [("ready", ""), ("left_out", "duplicate"), ("ready", "")]


@pytest.mark.parametrize("batch", [1, 2_000])
@pytest.mark.parametrize(
    ("people", "outcomes"),
    [
        ((PHONE, PHONE + " AR.NEW1", " AR.NEW1"), ["ready", "left_out", "left_out"]),
        ((PHONE, " AR.NEW1", PHONE + " AR.NEW1"), ["ready", "left_out", "left_out"]),
        ((" AR.NEW1", PHONE, PHONE + " AR.NEW1", " AR.NEW1"), ["ready", "left_out", "left_out", "left_out"]),
        ((PHONE, " AR.NEW1", PHONE + " AR.NEW2", " AR.NEW2"), ["ready", "ready", "left_out", "left_out"]),
    ],
)
def test_a_row_with_both_tells_that_two_others_are_one_person(
    people: tuple[str, ...], outcomes: list[str], batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recontact.campaigns.plan.BATCH", batch)
    rows = [(phone, "Carla", "1", bsuid) for phone, _space, bsuid in (each.partition(" ") for each in people)]
    campaign = planned(csv_bytes((*HEADER, "bsuid"), *rows))

    recipients = CampaignRecipient.objects.filter(campaign=campaign).order_by("row_number")
    assert [recipient.outcome for recipient in recipients] == outcomes
    left_out = [recipient for recipient in recipients if recipient.outcome == "left_out"]
    assert all((each.code, each.params, each.values) == ("duplicate", {"row": 2}, {}) for each in left_out)
    review = plan_review(campaign)
    assert (review.rows, review.sendable) == (len(rows), outcomes.count("ready"))
    assert sum(line.count for line in review.prices) == outcomes.count("ready")


def test_a_duplicate_is_found_across_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recontact.campaigns.plan.BATCH", 1)

    assert fates(planned(csv_bytes(HEADER, ROW, ROW)))[1] == (3, "left_out", "duplicate")


def _fate(**options: object) -> tuple[str, str]:
    return fates(planned(csv_bytes(HEADER, ROW), **options))[0][1:]


def test_who_wants_no_messages_is_left_out() -> None:
    opt_out_add(customer=customer_make(phone=PHONE), scope="all", source="customer's word")

    assert _fate() == ("left_out", "opted_out")


def test_who_wants_no_marketing_still_gets_what_is_none() -> None:
    opt_out_add(customer=customer_make(phone=PHONE), scope="marketing", source="customer's word")
    number = number_make()
    marketing = template_make(account=number.account, name="promo", category="marketing", components=PAYMENT)

    assert _fate(number=number, template=marketing) == ("left_out", "opted_out_marketing")
    assert _fate(number=number) == ("ready", "")


def test_who_blocked_the_number_is_left_out_as_such() -> None:
    opt_out_add(customer=customer_make(phone=PHONE), scope="all", source=BLOCKED)

    assert _fate() == ("left_out", "blocked")


def test_who_had_his_data_erased_is_left_out_until_he_comes_back() -> None:
    customer_erase(customer_id=customer_make(phone=PHONE).pk, user=None)
    assert _fate() == ("left_out", "customer_erased")

    customer_make(phone=PHONE)
    assert _fate() == ("ready", "")


def test_who_has_an_open_query_with_the_number_is_left_out_unless_wanted() -> None:
    number = number_make()
    query_make(customer=customer_make(phone=PHONE), sender_number=number)

    assert _fate(number=number) == ("left_out", "open_query_exists")
    assert _fate(number=number, include_open_queries=True) == ("ready", "")
    assert _fate() == ("ready", "")


def test_whose_open_query_was_recontacted_is_left_out() -> None:
    message = message_make(query=query_make(customer=customer_make(phone=PHONE)))

    assert _fate(number=message.sender_number, include_open_queries=True) == ("left_out", "already_recontacted")


def test_who_wrote_to_the_number_today_is_left_out() -> None:
    number, now = number_make(), timezone.now()
    ServiceWindow.objects.create(
        customer=customer_make(phone=PHONE), sender_number=number, last_inbound_at=now, expires_at=now + timedelta(1)
    )

    assert _fate(number=number) == ("left_out", "window_open")


def test_who_got_another_campaign_lately_is_left_out_when_there_is_a_cap(settings: Settings) -> None:
    message = message_make(query=query_make(customer=customer_make(phone=PHONE)))
    other = planned(csv_bytes(HEADER, ("1155550199", "Eva", "1")))
    Message.objects.filter(pk=message.pk).update(campaign=other, state="accepted")

    assert _fate() == ("ready", "")
    settings.CAMPAIGN_FREQUENCY_CAP_DAYS = 7
    assert _fate() == ("left_out", "recent_campaign")


def test_a_plan_makes_no_customer() -> None:
    planned(csv_bytes(HEADER, ROW))

    assert not Customer.objects.exists()


def test_the_name_of_a_customer_stands_in_for_one_the_file_has_not() -> None:
    customer_make(phone=PHONE, name="Lucía Fernández")
    mapping = {"body.1": Source("customer_first_name"), "body.2": Source("text", "$ 10")}

    recipient = CampaignRecipient.objects.get(campaign=planned(csv_bytes(("phone",), (PHONE,)), mapping=mapping))
    assert recipient.values == {"body.1": "Lucía", "body.2": "$ 10"}


def test_planning_again_replaces_the_plan() -> None:
    campaign = planned(csv_bytes(HEADER, ROW))
    first = CampaignRecipient.objects.get(campaign=campaign).pk

    assert campaign_plan(campaign.pk)
    assert CampaignRecipient.objects.get(campaign=campaign).pk != first


def test_a_campaign_that_runs_is_not_planned_again() -> None:
    campaign = planned(csv_bytes(HEADER, ROW))
    Campaign.objects.filter(pk=campaign.pk).update(state="running")

    assert not campaign_plan(campaign.pk)
    assert CampaignRecipient.objects.filter(campaign=campaign).count() == 1


def test_a_file_that_breaks_in_the_middle_leaves_no_half_of_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recontact.campaigns.plan.BATCH", 1)
    campaign = planned(csv_bytes(HEADER, ROW, ("1155550101", "Eva", "1"), ("1155550102", '"Ana', "1")))

    assert (campaign.state, campaign.planning_since) == ("draft", None)
    assert campaign.plan_problem.startswith("Row 4 cannot be read")
    assert not CampaignRecipient.objects.exists()


def test_a_template_that_cannot_be_sent_stops_the_plan_with_the_reason() -> None:
    number = number_make()
    paused = template_make(account=number.account, status="PAUSED", components=PAYMENT)

    assert "paused" in planned(csv_bytes(HEADER, ROW), number=number, template=paused).plan_problem


def test_each_reason_is_told_in_words_and_the_counts_are_all_rows() -> None:
    customer_make(phone="+5491155550101")
    rows = [ROW, ROW, ("011 15 5555-0102", "Eva", "1"), ("", "E", "1"), ("x", "E", "1"), ("1155550103", "E", "")]
    campaign = planned(csv_bytes(HEADER, *rows))

    review = plan_review(campaign)
    assert [(line.outcome, line.count, line.words) for line in review.counts] == [
        ("ready", 1, "Valid and complete"),
        ("corrected", 1, "Phone rewritten"),
        ("left_out", 1, "Repeated in the file"),
        ("error", 1, "Invalid phone"),
        ("error", 1, "{{2}} missing"),
        ("error", 1, "Phone missing"),
    ]
    assert (review.rows, review.sendable, review.totals) == (6, 2, {"USD": Decimal("0.0520")})


def test_the_rows_can_be_downloaded_with_their_reasons_and_run_no_formula() -> None:
    campaign = planned(csv_bytes(HEADER, ("=1+1", "@Ana", "1"), ROW, ROW))

    text = "".join(recipients_csv(campaign, recipients_of(campaign, "left_out", "error")))
    lines = list(csv.reader(text.removeprefix("\ufeff").splitlines()))
    assert [line[:3] for line in lines[1:]] == [["2", "With an error", "invalid_phone"], ["4", "Left out", "duplicate"]]
    assert (lines[1][4], lines[1][6]) == ("'=1+1", "'@Ana")
    assert lines[2][3] == "The same person is in row 3: it is written to once."
