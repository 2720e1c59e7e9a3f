"""A new campaign from a file: the steps from the upload to the launch, and what they refuse."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import BinaryIO, cast

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from hsm_portal.models import User
from hsm_portal.roles import Role
from providers.models import Portfolio, SenderNumber
from recontact.campaigns import file_head
from recontact.campaigns.plan import campaign_plan
from recontact.campaigns.sheets import Row, SheetFacts, sheet_rows
from recontact.campaigns.upload import campaign_draft_from_file
from recontact.models import Campaign, CampaignFile, CampaignRecipient, Message, PortfolioUse
from templates_app.models import Template
from tests.factories import rate_card_make, sender_number_make, template_make
from tests.recontact.campaigns.audiences import draft_make, xlsx_bytes

NEW = "/manager/recontact/campaign/add/"
FILE = """phone;nombre;agente;turno
+54 9 11 5555-0100;Carla;Ana;viernes 21
011 15 5555-0200;Mateo;Ana;lunes 24
+54 9 11 5555-0100;Carla otra vez;Ana;martes 25
+54 9 11 5555-0300;Lucía;Ana;
no es un teléfono;Elsa;Ana;jueves 27
"""


@pytest.fixture
def number(db: None) -> SenderNumber:
    number = sender_number_make()
    rate_card_make(account=number.account)
    return number


@pytest.fixture
def template(number: SenderNumber) -> Template:
    return template_make(account=number.account)


def upload(client: Client, text: str = FILE, name: str = "pagos-noviembre.csv") -> Campaign:
    client.post(NEW, {"file": SimpleUploadedFile(name, text.encode())})
    return Campaign.objects.latest("pk")


def page(campaign: Campaign, step: str) -> str:
    return f"/manager/recontact/campaign/{campaign.pk}/{step}/"


def variables(number: SenderNumber, template: Template, **changes: str) -> dict[str, str]:
    return {
        "sender_number": str(number.pk),
        "template": str(template.pk),
        "name": "pagos",
        "default_country": "AR",
        "mapped": str(template.pk),
        "source-body.1": "column:nombre",
        "source-body.2": "column:agente",
        "source-body.3": "column:turno",
    } | changes


def planned(client: Client, number: SenderNumber, template: Template, text: str = FILE) -> Campaign:
    campaign = upload(client, text)
    client.post(page(campaign, "variables"), variables(number, template))
    assert campaign_plan(campaign.pk)
    campaign.refresh_from_db()
    return campaign


def launch(client: Client, campaign: Campaign, action: str = "launch") -> int:
    seen = client.get(page(campaign, "approval")).context["seen"]
    return client.post(page(campaign, "approval"), {"seen": seen, "action": action}).status_code


def test_it_names_the_campaign_like_its_file_and_goes_on_to_the_variables(client: Client, number: SenderNumber) -> None:
    answer = client.post(NEW, {"file": SimpleUploadedFile("pagos-noviembre.csv", FILE.encode())})

    campaign = Campaign.objects.get()
    assert campaign.name == "pagos-noviembre"
    assert answer.headers["Location"] == page(campaign, "variables")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.csv", "nombre,importe\nCarla,1\n", "nombre, importe"),
        ("a.csv", "", "empty"),
        ("a.pdf", "%PDF-1.4", "neither"),
        ("a.csv", "phone,nombre\n", "no customers"),
    ],
)
def test_it_says_what_is_wrong_with_a_file_and_keeps_nothing(client: Client, name: str, text: str, said: str) -> None:
    answer = client.post(NEW, {"file": SimpleUploadedFile(name, text.encode())})

    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert "Nothing was sent or charged." in answer.content.decode()
    assert not Campaign.objects.exists()


def test_it_asks_for_a_file_when_none_was_chosen(client: Client) -> None:
    answer = client.post(NEW)

    assert answer.status_code == 400
    assert "Choose a file." in answer.content.decode()


def test_it_shows_what_was_read_of_the_file(client: Client, number: SenderNumber) -> None:
    campaign = upload(client)

    shown = client.get(page(campaign, "recipients")).content.decode()

    assert "phone, nombre, agente, turno" in shown
    assert "011 15 5555-0200" in shown


def test_it_tells_of_rows_that_the_workbook_hides(client: Client, number: SenderNumber) -> None:
    body = xlsx_bytes(
        ("phone", "name", "amount"), ("1155550100", "Ana", "$ 1"), ("1155550101", "Eva", "$ 2"), hidden=[3]
    )
    draft = draft_make(body, name="pagos.xlsx", number=number)

    assert "1 row is hidden in the workbook" in client.get(page(draft, "recipients")).content.decode()
    campaign_plan(draft.pk)
    assert "1 row is hidden in the workbook" in client.get(page(draft, "review")).content.decode()


def test_it_tells_of_a_colleagues_campaign_with_the_same_file(
    client: Client, client_of: Callable[[Role], Client], number: SenderNumber
) -> None:
    upload(client_of(Role.ADMIN))
    campaign = upload(client)

    assert "of the same file" in client.get(page(campaign, "variables")).content.decode()


@pytest.mark.parametrize("rest", ['"Ana" Paz\n', "Ana\n"])
def test_it_shows_the_recipients_of_a_file_that_breaks_or_is_no_longer_kept(
    client: Client, number: SenderNumber, rest: str
) -> None:
    campaign = upload(client, text=f"phone;nombre\n1155550100;Eva\n1155550101;{rest}")
    if rest == "Ana\n":
        body = xlsx_bytes(("phone", "nombre"), ("1155550100", "Eva"))
        campaign = campaign_draft_from_file(name="a.xlsx", body=BytesIO(body), user=campaign.created_by)
        assert "Eva" in client.get(page(campaign, "recipients")).content.decode()
        CampaignFile.objects.update(body=b"")

    answer = client.get(page(campaign, "recipients"))

    shown = answer.content.decode()
    assert answer.status_code == 200
    assert ("Row 3 cannot be read" in shown) == (rest != "Ana\n")
    assert "Eva" not in shown


def test_its_samples_are_signed_by_its_author_as_its_messages_are(
    client: Client, manager: User, client_of: Callable[[Role], Client], number: SenderNumber, template: Template
) -> None:
    campaign = upload(client)
    User.objects.filter(pk=campaign.created_by_id).update(first_name="Valentina")
    chosen = variables(number, template, **{"source-body.2": "me"})

    answer = client_of(Role.ADMIN).post(page(campaign, "variables/preview"), chosen)

    assert "Valentina" in answer.content.decode()


def test_it_opens_a_workbook_once_however_often_its_variables_are_changed(
    client: Client, number: SenderNumber, template: Template, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = xlsx_bytes(("phone", "nombre"), ("1155550100", "Eva"))
    campaign = campaign_draft_from_file(name="a.xlsx", body=BytesIO(body), user=upload(client).created_by)
    opened: list[str] = []

    def rows_read(body: BinaryIO, facts: SheetFacts) -> Iterator[Row]:
        opened.append(facts.kind)
        return sheet_rows(body, facts)

    monkeypatch.setattr(file_head, "sheet_rows", rows_read)
    chosen = {"sender_number": number.pk, "template": template.pk, "mapped": template.pk}

    for _change in range(3):
        answer = client.post(page(campaign, "variables/preview"), chosen | {"source-body.1": "column:nombre"})
        assert "Eva" in answer.content.decode()

    assert opened == ["xlsx"]


def test_its_time_is_at_the_pace_that_the_number_really_sends_at(
    client: Client, number: SenderNumber, template: Template
) -> None:
    SenderNumber.objects.update(throughput=80)
    campaign = planned(client, number, template)

    assert client.get(page(campaign, "review")).context["pace"] == 72
    assert "as fast as the number allows, 72/s" in client.get(page(campaign, "sending")).content.decode()
    for chosen, pace in (("10", 10), ("75", 72)):
        client.post(page(campaign, "sending"), {"when": "now", "pace": chosen})
        assert client.get(page(campaign, "approval")).context["pace"] == pace


def test_it_says_how_long_the_limit_of_a_day_keeps_the_rest_waiting(
    client: Client, number: SenderNumber, template: Template
) -> None:
    number.portfolio = Portfolio.objects.create(name="Sur", messaging_limit=100)
    number.save()
    campaign = planned(client, number, template)
    assert "the last gets it after about" not in client.get(page(campaign, "review")).content.decode()

    PortfolioUse.objects.create(portfolio=number.portfolio, taken=94)
    answer = client.get(page(campaign, "review"))

    assert "write to 95 people in 24 hours, to 1 of them now" in html.unescape(answer.content.decode())
    assert answer.context["whole_duration"] == timedelta(days=1)
    assert answer.context["duration"] < timedelta(minutes=1)


def test_it_offers_columns_and_guesses_what_fills_each_variable(
    client: Client, number: SenderNumber, template: Template
) -> None:
    campaign = upload(client, "phone;nombre;turno\n+54 9 11 5555-0100;Carla;viernes 21\n")

    data = {"template": str(template.pk), "sender_number": str(number.pk), "part": "fields"}
    shown = client.post(page(campaign, "variables/preview"), data)

    assert [row.filling.source for row in shown.context["needed"]] == ["customer_first_name", "me", "column:turno"]
    assert "tenemos lugar el" in shown.content.decode()


def test_it_shows_the_first_rows_as_bubbles_while_variables_are_chosen(
    client: Client, number: SenderNumber, template: Template
) -> None:
    campaign = upload(client)

    shown = client.post(page(campaign, "variables/preview"), variables(number, template)).content.decode()

    assert "<mark>Carla</mark>" in shown
    assert "<mark>lunes 24</mark>" in shown


def test_it_plans_when_the_message_is_chosen_and_shows_how_far_it_is(
    client: Client, number: SenderNumber, template: Template
) -> None:
    campaign = upload(client)

    answer = client.post(page(campaign, "variables"), variables(number, template))
    Campaign.objects.filter(pk=campaign.pk).update(rows_read=2, rows_total=5)

    assert answer.headers["Location"] == page(campaign, "review")
    shown = client.get(page(campaign, "review")).content.decode()
    assert 'aria-valuenow="40"' in shown
    assert "2 of 5 rows" in shown


def test_it_asks_for_news_only_while_it_plans(client: Client, number: SenderNumber, template: Template) -> None:
    campaign = upload(client)
    client.post(page(campaign, "variables"), variables(number, template))
    ask = page(campaign, "review") + "?part=planning"
    during = client.get(ask, headers={"HX-Request": "true"})

    campaign_plan(campaign.pk)
    after = client.get(ask, headers={"HX-Request": "true"})

    assert "every 1s" in during.content.decode()
    assert (after.content, after.headers["HX-Redirect"]) == (b"", page(campaign, "review"))


def test_it_accounts_for_every_row_of_the_file(client: Client, number: SenderNumber, template: Template) -> None:
    campaign = planned(client, number, template)

    shown = client.get(page(campaign, "review"))

    review = shown.context["review"]
    assert (review.rows, review.sendable) == (5, 2)
    assert sum(line.count for line in review.counts) == 5
    assert "US$ 0.05" in shown.content.decode()
    for words in ("Valid and complete", "Phone rewritten", "Repeated in the file", "Invalid phone"):
        assert words in shown.content.decode()


@pytest.mark.parametrize("asked", ["code=%00", "code=x&key=%00", "key=%00"])
def test_a_reason_that_cannot_be_is_that_of_no_row(
    client: Client, number: SenderNumber, template: Template, asked: str
) -> None:
    campaign = planned(client, number, template)

    assert client.get(f"{page(campaign, 'review/rows')}?outcome=error&{asked}").context["shown"] == []
    answer = cast(StreamingHttpResponse, client.get(f"{page(campaign, 'review/csv')}?outcome=error&{asked}"))
    assert len(list(answer)) == 1


def test_it_pages_through_the_samples(client: Client, number: SenderNumber, template: Template) -> None:
    campaign = planned(client, number, template)

    first = client.get(page(campaign, "review") + "?sample=1", headers={"HX-Request": "true"}).content.decode()
    second = client.get(page(campaign, "review") + "?sample=2", headers={"HX-Request": "true"}).content.decode()

    assert "sample 1 of 2" in first
    assert "<mark>Carla</mark>" in first
    assert "<mark>Mateo</mark>" in second


def test_it_shows_and_downloads_the_rows_with_one_fate(
    client: Client, number: SenderNumber, template: Template
) -> None:
    campaign = planned(client, number, template)

    shown = client.get(page(campaign, "review/rows") + "?outcome=error&code=invalid_phone").content.decode()
    answer = client.get(page(campaign, "review/csv") + "?outcome=error&code=invalid_phone")

    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "no es un teléfono" in shown
    assert "Carla" not in shown
    assert len(text.splitlines()) == 2
    assert "no es un teléfono" in text


def test_it_looks_at_as_many_rows_of_the_database_however_many_are_planned(
    client: Client, number: SenderNumber, template: Template
) -> None:
    small = planned(client, number, template)
    rows = "".join(f"+54 9 11 5555-{row:04};Carla;Ana;hoy\n" for row in range(1, 300))
    large = planned(client, number, template, "phone;nombre;agente;turno\n" + rows)

    def queries(campaign: Campaign) -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get(page(campaign, "review"))
        return len(found)

    assert queries(large) == queries(small)


def test_it_keeps_when_and_how_fast_it_leaves(client: Client, number: SenderNumber, template: Template) -> None:
    campaign = planned(client, number, template)
    moment = timezone.localtime() + timedelta(days=2)
    chosen = {"when": "at", "starts_at": moment.strftime("%Y-%m-%dT%H:%M"), "from_hour": "09:00", "until_hour": "20:00"}

    answer = client.post(page(campaign, "sending"), chosen | {"pace": "10"})

    campaign.refresh_from_db()
    assert answer.headers["Location"] == page(campaign, "approval")
    assert (campaign.pace, str(campaign.from_hour)) == (10, "09:00:00")
    assert campaign.starts_at == moment.replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    "chosen",
    [
        {"when": "at"},
        {"when": "at", "starts_at": "2020-01-01T10:00"},
        {"when": "at", "starts_at": "9999-12-31T23:59"},
        {"when": "now", "from_hour": "09:00"},
        {"when": "now", "from_hour": "09:00", "until_hour": "09:00"},
        {"when": "now", "pace": "0"},
        {"when": "now", "pace": "99999999999"},
        {},
    ],
)
def test_it_refuses_a_sending_that_makes_no_sense(
    client: Client, number: SenderNumber, template: Template, chosen: dict[str, str]
) -> None:
    campaign = planned(client, number, template)

    answer = client.post(page(campaign, "sending"), chosen)

    campaign.refresh_from_db()
    assert answer.status_code == 400
    assert (campaign.starts_at, campaign.from_hour, campaign.pace) == (None, None, None)


def test_it_launches_once_however_often_it_is_clicked(client: Client, number: SenderNumber, template: Template) -> None:
    campaign = planned(client, number, template)
    seen = client.get(page(campaign, "approval")).context["seen"]

    codes = [
        client.post(page(campaign, "approval"), {"seen": seen, "action": "launch"}).headers["Location"]
        for _click in range(2)
    ]

    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING
    assert set(codes) == {f"/manager/recontact/campaign/{campaign.pk}/change/"}


def test_it_launches_nothing_that_changed_since_it_was_looked_at(
    client: Client, number: SenderNumber, template: Template
) -> None:
    campaign = planned(client, number, template)
    seen = client.get(page(campaign, "approval")).context["seen"]
    campaign_plan(campaign.pk)

    answer = client.post(page(campaign, "approval"), {"seen": seen, "action": "launch"})

    campaign.refresh_from_db()
    assert (answer.status_code, campaign.state) == (409, Campaign.State.PLANNED)


def test_it_has_a_second_person_approve_a_large_campaign(
    client: Client, client_of: Callable[[Role], Client], number: SenderNumber, template: Template, settings: Settings
) -> None:
    settings.CAMPAIGN_APPROVAL_RECIPIENTS = 1
    campaign = planned(client, number, template)
    colleague = client_of(Role.ADMIN)

    launch(client, campaign)
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.AWAITING
    assert "Approve and send" not in client.get(page(campaign, "approval")).content.decode()
    assert "Approve and send 2 messages" in colleague.get(page(campaign, "approval")).content.decode()
    launch(client, campaign, "approve")
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.AWAITING

    launch(colleague, campaign, "approve")

    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING
    assert campaign.approved_by is not None
    assert campaign.approved_by != campaign.created_by


def test_it_is_sent_back_to_be_changed(
    client: Client, client_of: Callable[[Role], Client], number: SenderNumber, template: Template, settings: Settings
) -> None:
    settings.CAMPAIGN_APPROVAL_RECIPIENTS = 1
    campaign = planned(client, number, template)
    launch(client, campaign)

    launch(client_of(Role.ADMIN), campaign, "back")

    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.PLANNED


def test_it_is_taken_up_where_it_was_left(client: Client, number: SenderNumber, template: Template) -> None:
    campaign = upload(client)
    address = f"/manager/recontact/campaign/{campaign.pk}/change/"

    begun = client.get(address).headers["Location"]
    client.post(page(campaign, "variables"), variables(number, template))
    campaign_plan(campaign.pk)

    assert begun == page(campaign, "variables")
    assert client.get(address).headers["Location"] == page(campaign, "review")
    assert 'value="column:turno" selected' in client.get(page(campaign, "variables")).content.decode()


def test_it_is_discarded_with_nothing_sent(client: Client, number: SenderNumber, template: Template) -> None:
    campaign = planned(client, number, template)

    client.post(page(campaign, "discard"))

    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.CANCELLED
    assert not Message.objects.exists()


def test_it_changes_nothing_of_a_campaign_that_was_launched(
    client: Client, number: SenderNumber, template: Template
) -> None:
    campaign = planned(client, number, template)
    launch(client, campaign)

    for step in ("variables", "sending", "approval", "discard"):
        client.post(page(campaign, step), variables(number, template) | {"when": "now", "pace": "1"})

    campaign.refresh_from_db()
    assert (campaign.state, campaign.pace, campaign.name) == (Campaign.State.RUNNING, None, "pagos")


def test_it_hides_phones_from_who_may_not_see_them(
    client: Client, manager: User, client_of: Callable[[Role], Client], number: SenderNumber, template: Template
) -> None:
    campaign = planned(client, number, template)
    ops, rows = client_of(Role.OPS), page(campaign, "review/rows")

    for fate, phone in (("ready&code=", "5555-0100"), ("corrected&code=phone_rewritten", "5555-0200")):
        assert phone in client.get(f"{rows}?outcome={fate}").content.decode()
        assert "5555" not in ops.get(f"{rows}?outcome={fate}").content.decode()
    for shown in (rows + "?outcome=ready&code=", page(campaign, "review")):
        assert "/review/csv/" in client.get(shown).content.decode()
        assert "/review/csv/" not in ops.get(shown).content.decode()


def test_it_keeps_each_row_even_when_none_can_be_sent(client: Client, number: SenderNumber, template: Template) -> None:
    campaign = planned(client, number, template, "phone;nombre\nno;Carla\nnada;Mateo\n")

    shown = client.get(page(campaign, "review")).content.decode()

    assert "No row can be sent." in shown
    assert CampaignRecipient.objects.filter(campaign=campaign).count() == 2
