"""A new campaign by filter: choosing with the count beside it, going on, changing it, and who may."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hsm_portal.roles import Role
from providers.models import SenderNumber
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.campaigns.plan import campaign_plan
from recontact.models import Campaign, Query, Team
from templates_app.models import Template
from tests.factories import customer_make, query_make, template_make
from tests.recontact.campaigns.audiences import number_make

NEW = "/manager/recontact/campaign/add/"
COUNT = "/manager/recontact/campaign/audience/"


@pytest.fixture
def number(db: None) -> SenderNumber:
    return number_make()


@pytest.fixture
def template(number: SenderNumber) -> Template:
    return template_make(account=number.account)


def queries(count: int, number: SenderNumber) -> list[Query]:
    return [
        query_make(customer=customer_make(name=f"Carla {place}"), sender_number=number, data={"turno": "lunes"})
        for place in range(count)
    ]


def asked(number: SenderNumber, **changes: str) -> dict[str, str]:
    usual = {"of": "queries", "chosen": "1", "sender_number": str(number.pk), "states": "pending"}
    return usual | {"window_closed": "on", "unused": "on"} | changes


def begun(client: Client, number: SenderNumber, **changes: str) -> Campaign:
    client.post(NEW, asked(number, **changes))
    return Campaign.objects.latest("pk")


def page(campaign: Campaign, step: str) -> str:
    return f"/manager/recontact/campaign/{campaign.pk}/{step}/"


def planned(client: Client, number: SenderNumber, template: Template) -> Campaign:
    campaign = begun(client, number)
    chosen = {"sender_number": str(number.pk), "template": str(template.pk), "name": "turnos"}
    mapping = {"source-body.1": "customer_first_name", "source-body.2": "agent", "source-body.3": "data:turno"}
    client.post(page(campaign, "variables"), chosen | mapping | {"mapped": str(template.pk)})
    assert campaign_plan(campaign.pk)
    campaign.refresh_from_db()
    return campaign


def test_it_begins_with_the_usual_filter_and_what_it_matches(client: Client, number: SenderNumber) -> None:
    queries(2, number)
    query_make(customer=customer_make(name="Elsa"), sender_number=number, state=Query.State.IN_PROGRESS)

    shown = client.get(NEW + "?of=queries")

    assert shown.context["found"].count == 2
    assert "pending · window closed · not yet recontacted" in shown.content.decode()
    assert "Carla 0" in shown.content.decode()
    assert "Elsa" not in shown.content.decode()


def test_it_counts_while_somebody_chooses(client: Client, number: SenderNumber) -> None:
    queries(3, number)
    Query.objects.filter(pk=Query.objects.latest("pk").pk).update(team=Team.objects.create(name="Turnos"))

    shown = client.get(COUNT, asked(number, team=str(Team.objects.get().pk)))

    assert shown.context["found"].count == 1
    assert "Carla 2" in shown.content.decode()


def test_it_says_how_many_match_at_other_numbers(client: Client, number: SenderNumber) -> None:
    other = number_make()
    queries(2, other)

    shown = client.get(COUNT, asked(number))

    assert (shown.context["found"].count, shown.context["elsewhere"]) == (0, [(other, 2)])


def test_it_says_what_is_wrong_with_the_days_and_matches_nothing(client: Client, number: SenderNumber) -> None:
    wrong = asked(number, created_from="2026-05-02", created_until="2026-05-01")

    assert "before the first one" in client.get(COUNT, wrong).content.decode()
    assert client.post(NEW, wrong).status_code == 400
    assert not Campaign.objects.exists()


def test_it_counts_customers_by_tag_and_country(client: Client, number: SenderNumber) -> None:
    customer_make(tags=["vip"])
    customer_make(phone="+525512345678", tags=["vip"])

    shown = client.get(COUNT, {"of": "customers", "chosen": "1", "tags": "vip", "countries": "MX"})

    assert shown.context["found"].count == 1
    assert "+52" in shown.content.decode()


@pytest.mark.parametrize(
    "odd",
    [
        {"tags": "a\x00b"},
        {"countries": "A\x00"},
        {"contact_until": "9999-12-31"},
        {"contact_from": "0001-01-01"},
        {"contact_from": "9999-12-31", "contact_until": "9999-12-31"},
    ],
)
def test_what_no_database_can_be_asked_for_is_no_error_page(
    client: Client, number: SenderNumber, odd: dict[str, str]
) -> None:
    wanted = {"of": "customers", "chosen": "1"} | odd

    assert client.get(COUNT, wanted).status_code == 200
    assert client.post(NEW, wanted).status_code in (302, 400)


def test_it_goes_on_to_the_variables_of_the_filters_number(
    client: Client, number: SenderNumber, template: Template
) -> None:
    number_make()
    queries(1, number)
    campaign = begun(client, number)

    shown = client.post(
        page(campaign, "variables/preview"), {"template": str(template.pk), "sender_number": "1", "part": "fields"}
    )

    assert shown.context["numbers"] == [number]
    sources = [row.filling.source for row in shown.context["needed"]]
    assert sources == ["customer_first_name", "agent", "data:turno"] or sources[:2] == ["customer_first_name", "agent"]
    assert "turno" in [label for _group, options in shown.context["sources"] for _value, label in options]


def test_it_shows_the_first_queries_as_bubbles(client: Client, number: SenderNumber, template: Template) -> None:
    queries(1, number)
    campaign = begun(client, number)

    data = {"template": str(template.pk), "mapped": str(template.pk), "source-body.3": "data:turno"}
    shown = client.post(page(campaign, "variables/preview"), data).content.decode()

    assert "<mark>lunes</mark>" in shown


def test_the_filter_is_told_in_words_on_the_review_and_the_campaigns_page(
    client: Client, number: SenderNumber, template: Template
) -> None:
    queries(2, number)
    campaign = planned(client, number, template)

    review = client.get(page(campaign, "review")).content.decode()
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    running = client.get(page(campaign, "change")).content.decode()

    for shown in (review, running):
        assert "not yet recontacted" in shown
    assert f"#{Query.objects.earliest('pk').pk}</a>" in running
    assert f"{Query.objects.earliest('pk').pk}\r\n" in client.get(page(campaign, "result/csv")).getvalue().decode()


def test_the_filter_can_be_changed_before_the_launch_and_the_plan_is_made_anew(
    client: Client, number: SenderNumber, template: Template
) -> None:
    queries(1, number)
    campaign = planned(client, number, template)
    before = client.get(page(campaign, "recipients"))

    answer = client.post(page(campaign, "recipients"), asked(number, subject="otra"))

    campaign.refresh_from_db()
    assert before.context["form"].data["states"] == ("pending",)
    assert (campaign.state, campaign.planned_at, campaign.audience["subject"]) == ("draft", None, "otra")
    assert answer.headers["Location"] == page(campaign, "variables")


def test_a_filter_of_another_version_is_chosen_anew(client: Client, number: SenderNumber) -> None:
    campaign = begun(client, number)
    Campaign.objects.update(audience={"version": 99})

    assert "another version of the portal" in client.get(page(campaign, "recipients")).content.decode()


def test_it_tells_of_a_colleagues_campaign_with_the_same_filter(
    client: Client, client_of: Callable[[Role], Client], number: SenderNumber
) -> None:
    begun(client_of(Role.ADMIN), number)
    campaign = begun(client, number)

    assert "with the same filter" in client.get(page(campaign, "variables")).content.decode()


def test_only_who_may_recontact_many_makes_a_campaign_of_queries(
    client: Client, manager: object, number: SenderNumber
) -> None:
    group = manager.groups.get()  # type: ignore[attr-defined]
    group.permissions.remove(group.permissions.get(codename="bulk_recontact"))

    assert client.get(NEW + "?of=queries").status_code == 403
    assert client.get(COUNT, asked(number)).status_code == 403
    assert client.post(NEW, asked(number)).status_code == 403
    assert client.get(NEW + "?of=customers").status_code == 200
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("address", [NEW + "?of=nobody", COUNT + "?of=file"])
def test_a_source_without_a_filter_is_not_found(client: Client, number: SenderNumber, address: str) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("step", ["add", "recipients", "variables", "review", "approval"])
def test_each_page_asks_the_database_as_often_for_many_as_for_few(
    client: Client, number: SenderNumber, template: Template, step: str
) -> None:
    queries(2, number)
    campaign = planned(client, number, template)
    address = NEW + "?of=queries" if step == "add" else page(campaign, step)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    queries(12, number)
    campaign_plan(campaign.pk)
    with CaptureQueriesContext(connection) as many:
        client.get(address)

    # Two samples more are looked up, each by a step on an index.
    assert len(many) <= len(few) + (3 if step in ("review", "approval") else 0)


def test_the_queries_list_leads_to_a_campaign_with_its_filter(client: Client, number: SenderNumber) -> None:
    team = Team.objects.create(name="Turnos")
    asked_for = "?state__exact=pending&window=closed&recontact=unused"
    asked_for += f"&team__id__exact={team.pk}&sender_number__id__exact={number.pk}"

    shown = client.get("/manager/recontact/query/" + asked_for)

    link = shown.content.decode().split('id="campaign-with-filter" href="')[1].split('"')[0].replace("&amp;", "&")
    words = client.get(link).context["words"]
    assert words == [f"Queries of {number}", "pending", "window closed", "not yet recontacted", "team Turnos"]
