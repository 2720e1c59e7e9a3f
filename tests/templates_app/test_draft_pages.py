"""The pages on which templates are written, submitted, changed and deleted: what each shows, offers and refuses."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from providers.models import ProviderAccount
from templates_app.models import Template, TemplateStatus, TemplateSubmission
from tests.factories import account_make, message_make, template_make
from tests.templates_app.test_admin import CHANGE, LIST, VIEW, client_of, page_of
from tests.world import World

ADD, DELETE = "templates_app.add_template", "templates_app.delete_template"
EVERYTHING = (VIEW, CHANGE, ADD, DELETE)
FORM = {
    "name": "aviso_turno",
    "language": "es_AR",
    "category": "utility",
    "header_kind": "none",
    "body": "Hola {{1}}, te recordamos tu turno en la clínica.\r\n¿Venís?",
    "sample-body-1": "Lucía",
    "button-0-kind": "quick_reply",
    "button-0-text": "Voy",
}


@pytest.fixture
def client() -> Client:
    """A manager who may do everything with templates."""
    return client_of(*EVERYTHING)


def new_page(account: ProviderAccount, *, by_hand: bool = False) -> str:
    """The address of the form for a new template."""
    return f"{LIST}add/?account={account.pk}{'&by_hand=1' if by_hand else ''}"


def html_of(response: Any) -> str:
    """The page as text."""
    text: str = response.content.decode()
    return text


# --- a new template --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_it_asks_for_the_account_first_and_offers_what_its_provider_can(client: Client) -> None:
    submits, by_hand = account_make(name="Uno"), account_make(name="Dos", provider="clickatell")
    account_make(name="Apagada", is_active=False)

    html = html_of(client.get(f"{LIST}add/"))

    assert f'"?account={submits.pk}"' in html
    assert f'"?account={by_hand.pk}"' not in html
    assert f"?account={by_hand.pk}&amp;by_hand=1" in html
    assert "Apagada" not in html


@pytest.mark.django_db
def test_it_leads_back_to_the_accounts_when_the_provider_takes_no_templates(client: Client) -> None:
    account = account_make(provider="clickatell")

    assert "Write a template" not in html_of(client.get(new_page(account)))
    assert 'name="body"' not in html_of(client.get(new_page(account)))


@pytest.mark.django_db
@pytest.mark.parametrize("account", ["0", "abc", "999999999999999999999"])
def test_it_knows_no_form_for_an_account_that_is_not_there(client: Client, account: str) -> None:
    assert client.get(f"{LIST}add/?account={account}").status_code == 404


@pytest.mark.django_db
def test_a_new_form_complains_about_nothing_beside_its_fields(client: Client) -> None:
    html = html_of(client.get(new_page(account_make())))

    assert 'id="problem-name"></p>' in html
    assert "2 things are still to do" in html


def test_it_submits_and_leads_to_the_templates_page(world: World, client: Client) -> None:
    response = client.post(new_page(world.account), FORM)

    template = Template.objects.get(name="aviso_turno")
    assert response.headers["Location"] == page_of(template)
    assert template.components[0]["text"] == "Hola {{1}}, te recordamos tu turno en la clínica.\n¿Venís?"
    assert "WhatsApp takes up to 24 hours" in html_of(client.get(page_of(template)))


@pytest.mark.django_db
def test_it_says_every_problem_beside_its_field_and_keeps_what_was_typed(client: Client) -> None:
    response = client.post(new_page(account_make()), {**FORM, "name": "Aviso", "body": "Hola, somos {{1}}"})

    html = html_of(response)
    assert response.status_code == 400
    assert "Only small letters" in html.split('id="problem-name"')[1][:200]
    assert "begins or ends with a variable" in html.split('id="problem-body"')[1][:200]
    assert "Hola, somos {{1}}</textarea>" in html
    assert not Template.objects.exists()


def test_what_the_provider_refused_is_shown_with_its_words_and_can_be_submitted_again(
    world: World, client: Client
) -> None:
    world.simulator.graph.post(
        "301945226341870/message_templates",
        json={**FORM, "category": "UTILITY", "components": [{"type": "BODY", "text": "Otro"}]},
    )

    html = html_of(client.post(new_page(world.account), FORM, follow=True))
    again = Template.objects.get(name="aviso_turno")
    client.post(f"{LIST}{again.pk}/edit/", {**FORM, "name": "aviso_turno_2"})

    assert "There is already es_AR content for this template" in html
    assert "Submit for approval" in html
    assert Template.objects.get(name="aviso_turno_2").status == TemplateStatus.PENDING
    assert not Template.objects.filter(name="aviso_turno").exists()


@pytest.mark.django_db
def test_a_new_form_may_begin_with_the_text_of_another_template(client: Client) -> None:
    template = template_make()

    html = html_of(client.get(f"{new_page(template.account)}&like={template.pk}"))

    assert f"&amp;like={template.pk}" in html_of(client.get(page_of(template)))
    assert "Retomo tu consulta" in html
    assert "has a template with this name in this language" in html


@pytest.mark.django_db
def test_no_form_begins_with_what_it_cannot_hold(client: Client) -> None:
    otp: list[dict[str, Any]] = [{"type": "BODY"}, {"type": "BUTTONS", "buttons": [{"type": "OTP"}]}]
    template = template_make(category="authentication", components=otp)

    assert "like=" not in html_of(client.get(page_of(template)))
    assert client.get(f"{new_page(template.account)}&like={template.pk}").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("settled", "said"),
    [
        ({"state": "refused", "reason": "bad_request", "detail": "Mal", "provider_code": "100"},
         ["The provider refused the template.", "The provider says: “Mal · 100”"]),
        ({"state": "refused", "reason": "network", "detail": "ConnectError: [Errno 111]"},
         ["The template was not submitted.", "could not be reached"]),
        ({"state": "refused", "reason": "configuration", "detail": "The account names no sender."},
         ["The template was not submitted.", "The account names no sender."]),
        ({"state": "lost"}, ["The submission did not arrive"]),
    ],
)  # fmt: skip
def test_its_page_says_what_became_of_a_submission(client: Client, settled: dict[str, str], said: list[str]) -> None:
    template = template_make(status="DRAFT", external_id="")
    TemplateSubmission.objects.create(template=template, kind="create", **settled)

    html = html_of(client.get(page_of(template)))

    assert [words for words in said if words not in html] == []
    assert "ConnectError" not in html


# --- while somebody types --------------------------------------------------------------------------------------------


def live(client: Client, account: ProviderAccount, **typed: str) -> str:
    """What HTMX gets while somebody types."""
    response = client.post(f"{LIST}draft/", {"account": account.pk, **FORM, **typed}, headers={"HX-Request": "true"})
    assert response.status_code == 200
    return html_of(response)


@pytest.mark.django_db
def test_the_bubble_follows_what_is_typed(client: Client) -> None:
    html = live(client, account_make(), part="preview", footer="Clínica Sur")

    assert "Hola <mark>Lucía</mark>" in html
    assert "Clínica Sur" in html
    assert "keeps WhatsApp&#x27;s rules" in html or "keeps WhatsApp's rules" in html


@pytest.mark.django_db
def test_samples_appear_as_their_variables_are_typed(client: Client) -> None:
    account = account_make()

    assert 'name="sample-body-2"' in live(client, account, part="texts", body="Hola {{1}}, soy {{2}} de la clínica Sur")
    assert "sample-body-2" not in live(client, account, part="texts")


@pytest.mark.django_db
def test_limits_are_said_on_the_spot_and_what_is_empty_is_not_blamed_yet(client: Client) -> None:
    html = live(client, account_make(), part="texts", footer="a" * 61, name="")

    assert "61 characters; WhatsApp allows 60." in html.split('id="problem-footer"')[1][:200]
    assert html.split('id="problem-name"')[1].startswith(' hx-swap-oob="true"></p>')


@pytest.mark.django_db
def test_a_name_that_is_taken_is_said_on_the_spot(client: Client) -> None:
    account = account_make()
    template_make(account=account, name="aviso_turno")

    assert "has a template with this name" in live(client, account, part="texts")


@pytest.mark.django_db
def test_a_quick_reply_is_added_beside_the_others(client: Client) -> None:
    buttons = {"button-1-kind": "url", "button-1-text": "Ver", "button-1-url": "https://e.com"}

    html = live(client, account_make(), part="fields", do="add-quick_reply", **buttons)

    assert [html.index(f'name="button-{index}-kind" value="{kind}"') for index, kind in enumerate(["quick_reply"] * 2)]
    assert 'name="button-2-kind" value="url"' in html


@pytest.mark.django_db
def test_a_button_is_taken_away(client: Client) -> None:
    assert "button-0-kind" not in live(client, account_make(), part="fields", do="remove-0")


@pytest.mark.django_db
def test_only_kinds_of_headers_that_the_provider_sends_are_offered(client: Client) -> None:
    by_hand = account_make(provider="clickatell")

    assert 'value="video"' in live(client, account_make(), part="fields")
    assert 'value="video"' not in live(client, by_hand, part="fields", by_hand="1")


@pytest.mark.django_db
@pytest.mark.parametrize("permissions", [(), (VIEW,), (VIEW, DELETE)])
def test_nobody_else_is_shown_the_form(permissions: tuple[str, ...]) -> None:
    stranger, template = client_of(*permissions), template_make(status="REJECTED")

    addresses = [f"{LIST}add/", new_page(template.account), f"{LIST}{template.pk}/edit/"]
    assert [stranger.get(address).status_code for address in addresses] == [403, 403, 403]
    assert stranger.post(f"{LIST}draft/", {"account": template.account_id}).status_code == 403
    assert stranger.post(f"{LIST}{template.pk}/status/", {"status": "PAUSED"}).status_code == 403


@pytest.mark.django_db
def test_who_may_not_delete_is_refused() -> None:
    template = template_make()

    assert client_of(VIEW, CHANGE, ADD).post(f"{LIST}{template.pk}/delete/").status_code == 403
    assert not TemplateSubmission.objects.exists()


# --- changing --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_form_of_a_change_shows_the_template_and_fixes_its_name(client: Client) -> None:
    template = template_make()

    html = html_of(client.get(f"{LIST}{template.pk}/edit/"))

    assert "Retomo tu consulta" in html
    assert "readonly" in html
    assert "The category of an approved template stays as it is." in html


def test_a_change_is_submitted_whatever_name_the_browser_sends(world: World, client: Client) -> None:
    world.simulator.knobs(review="manual")

    client.post(f"{LIST}{world.template.pk}/edit/", {**FORM, "name": "otro", "category": "marketing"})

    world.template.refresh_from_db()
    assert (world.template.name, world.template.category) == ("retomar_turno", "utility")
    assert world.template.components[0]["text"].startswith("Hola {{1}}, te recordamos")
    assert world.template.status == TemplateStatus.PENDING


@pytest.mark.django_db
def test_it_says_what_waits_to_be_sent_before_a_change_and_a_deletion(client: Client) -> None:
    template = message_make().template
    assert template is not None

    assert "1 message waits to be sent with it." in html_of(client.get(f"{LIST}{template.pk}/edit/"))
    assert "1 message waits to be sent with it." in html_of(client.get(f"{LIST}{template.pk}/delete/"))


@pytest.mark.django_db
def test_what_cannot_be_changed_says_why(client: Client) -> None:
    html = html_of(client.get(f"{LIST}{template_make(status='DISABLED').pk}/edit/", follow=True))

    assert "while it is approved, rejected or paused" in html


@pytest.mark.django_db
def test_a_change_that_was_refused_is_not_lost(client: Client) -> None:
    template = template_make()
    components = [{"type": "BODY", "text": "Lo que se quiso cambiar"}]
    TemplateSubmission.objects.create(template=template, kind="edit", state="refused", components=components)

    assert "Lo que se quiso cambiar</textarea>" in html_of(client.get(f"{LIST}{template.pk}/edit/"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "offered"),
    [
        ({"status": "APPROVED"}, ["/edit/", "/delete/"]),
        ({"status": "PENDING"}, ["/delete/"]),
        ({"status": "DISABLED"}, []),
        ({"status": "DRAFT", "external_id": ""}, ["/edit/", "/delete/"]),
        ({"by_hand": True}, ["/edit/", "/status/"]),
    ],
)
def test_its_page_offers_only_what_can_be_done(client: Client, fields: dict[str, Any], offered: list[str]) -> None:
    provider = "clickatell" if fields.get("by_hand") else "meta"
    template = template_make(account=account_make(provider=provider), **fields)

    html = html_of(client.get(page_of(template)))

    assert [end for end in ("/edit/", "/delete/", "/status/") if f"/{template.pk}{end}" in html] == offered


@pytest.mark.django_db
def test_its_page_says_what_the_account_lacks_for_a_change(client: Client) -> None:
    template = template_make(account=account_make(provider="gupshup"))

    html = html_of(client.get(page_of(template)))

    assert "the account needs this from the provider: Partner app token." in html
    assert f"/{template.pk}/edit/" not in html


@pytest.mark.django_db
def test_its_page_and_the_list_say_that_a_submission_is_uncertain(client: Client) -> None:
    template = template_make(status="DRAFT", external_id="")
    TemplateSubmission.objects.create(template=template, kind="create", state="uncertain")

    assert "The provider gave no clear answer" in html_of(client.get(page_of(template)))
    assert "Uncertain" in html_of(client.get(LIST))


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "asks"), [("PENDING", True), ("APPROVED", False), ("REJECTED", False)])
def test_its_page_asks_for_news_only_while_the_review_goes_on(client: Client, status: str, asks: bool) -> None:
    assert ("every 5s" in html_of(client.get(page_of(template_make(status=status))))) is asks


# --- deleting, and by hand -------------------------------------------------------------------------------------------


def test_it_deletes_after_a_confirmation(world: World, client: Client) -> None:
    assert "This cannot be undone." in html_of(client.get(f"{LIST}{world.template.pk}/delete/"))

    client.post(f"{LIST}{world.template.pk}/delete/")

    world.template.refresh_from_db()
    assert world.template.status == TemplateStatus.DELETED


@pytest.mark.django_db
def test_it_names_the_languages_that_go_together(client: Client) -> None:
    account = account_make(provider="infobip")
    template = template_make(account=account)
    template_make(account=account, language="pt_BR")

    html = html_of(client.get(f"{LIST}{template.pk}/delete/"))

    assert "in all its languages together" in html
    assert "Delete 2 templates" in html


@pytest.mark.django_db
def test_it_throws_away_what_was_never_submitted(client: Client) -> None:
    template = template_make(status="DRAFT", external_id="")

    client.post(f"{LIST}{template.pk}/delete/")

    assert not Template.objects.exists()


@pytest.mark.django_db
def test_a_person_enters_a_template_and_says_its_status(client: Client) -> None:
    account = account_make(provider="clickatell")
    typed = {**FORM, "by_hand": "1", "namespace": "ns", "external_id": "77", "status": "PENDING"}
    typed = {name: value for name, value in typed.items() if not name.startswith("button-")}

    client.post(new_page(account, by_hand=True), typed)
    template = Template.objects.get()
    client.post(f"{LIST}{template.pk}/status/", {"status": "APPROVED"})

    template.refresh_from_db()
    assert (template.by_hand, template.status, template.external_id) == (True, TemplateStatus.APPROVED, "77")


@pytest.mark.django_db
def test_a_get_changes_no_status(client: Client) -> None:
    template = template_make(account=account_make(provider="clickatell"), by_hand=True)

    assert client.get(f"{LIST}{template.pk}/status/?status=PAUSED").status_code == 405
