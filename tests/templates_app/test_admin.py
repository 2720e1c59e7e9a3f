"""Templates in the Manager: list, page, and the sync button, for those who may."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from templates_app.models import Template, TemplateChange
from tests.factories import account_make, template_make, user_make
from tests.providers.simulator.server import WABA_ID
from tests.world import World

LIST = "/manager/templates_app/template/"
VIEW = "templates_app.view_template"
CHANGE = "templates_app.change_template"


def client_of(*permissions: str) -> Client:
    """A staff member with exactly these permissions, in English."""
    client = Client()
    user = user_make(permissions=permissions, is_staff=True, language="en")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page_of(template: Template) -> str:
    """The address of the template's page."""
    return f"{LIST}{template.pk}/change/"


@pytest.mark.django_db
def test_it_lists_templates_with_why_they_cannot_be_sent() -> None:
    template_make()
    template_make(name="pausada", status="PAUSED")

    html = client_of(VIEW).get(LIST).content.decode()

    assert "retomar_turno" in html
    assert "WhatsApp paused the template" in html


@pytest.mark.django_db
def test_it_lists_many_templates_with_as_many_queries_as_few(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    account = account_make()
    client = client_of(VIEW)
    for number in range(40):
        template_make(account=account, name=f"t_{number}")

    with django_assert_max_num_queries(16):
        response = client.get(LIST)

    assert response.status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["?q=retomar", "?status__exact=PAUSED", "?o=2.3", "?p=99", "?account__id__exact=1"])
def test_its_list_can_be_searched_filtered_and_ordered(query: str) -> None:
    template_make()

    assert client_of(VIEW).get(LIST + query, follow=True).status_code == 200


@pytest.mark.django_db
def test_it_changes_nothing_by_the_page_that_shows_it() -> None:
    client = client_of(VIEW, CHANGE, "templates_app.add_template", "templates_app.delete_template")

    assert client.post(page_of(template_make()), {"name": "otro"}).status_code == 405


@pytest.mark.django_db
def test_it_shows_the_bubble_the_variables_and_the_history() -> None:
    template = template_make(status="PAUSED")
    TemplateChange.objects.create(
        template=template, kind="status", source="webhook", old="APPROVED", new="PAUSED", reason="FIRST_PAUSE"
    )

    html = client_of(VIEW).get(page_of(template)).content.decode()

    assert "<mark>Carla</mark>" in html
    assert "body.1" in html
    assert "Approved → Paused" in html
    assert "FIRST_PAUSE" in html
    assert "This template cannot be sent." in html


@pytest.mark.django_db
def test_its_page_costs_few_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    template = template_make()
    client = client_of(VIEW)
    for number in range(30):
        TemplateChange.objects.create(template=template, kind="quality", source="sync", old="GREEN", new=str(number))

    with django_assert_max_num_queries(14):
        client.get(page_of(template))


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["0", "999999999999999999", "99999999999999999999", "abc", "²"])
def test_it_knows_no_page_for_a_template_that_is_not_there(wrong: str) -> None:
    assert client_of(VIEW).get(f"{LIST}{wrong}/change/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(("permissions", "status"), [((), 403), ((VIEW,), 403), ((VIEW, CHANGE), 302)])
def test_it_syncs_only_for_those_who_may(permissions: tuple[str, ...], status: int) -> None:
    account = account_make(provider="none")

    assert client_of(*permissions).post(f"{LIST}sync/{account.pk}/").status_code == status


@pytest.mark.django_db
def test_it_shows_the_page_to_no_one_without_the_permission() -> None:
    assert client_of().get(page_of(template_make())).status_code == 403


@pytest.mark.django_db
def test_it_shows_the_sync_button_only_to_those_who_may() -> None:
    template = template_make()

    assert f"sync/{template.account_id}/" not in client_of(VIEW).get(LIST).content.decode()
    assert f"sync/{template.account_id}/" in client_of(VIEW, CHANGE).get(LIST).content.decode()
    assert f"sync/{template.account_id}/" in client_of(VIEW, CHANGE).get(page_of(template)).content.decode()


@pytest.mark.django_db
def test_it_does_not_sync_on_a_link() -> None:
    assert client_of(VIEW, CHANGE).get(f"{LIST}sync/{account_make().pk}/").status_code == 405


@pytest.mark.django_db
def test_it_syncs_no_account_that_is_off_or_not_there() -> None:
    client = client_of(VIEW, CHANGE)

    assert client.post(f"{LIST}sync/{account_make(is_active=False).pk}/").status_code == 404
    assert client.post(f"{LIST}sync/0/").status_code == 404


def test_it_syncs_and_says_the_counts(world: World) -> None:
    response = client_of(VIEW, CHANGE).post(f"{LIST}sync/{world.account.pk}/", {"next": LIST}, follow=True)

    assert "6 templates: 5 new, 0 changed, 1 as before." in response.content.decode()
    assert Template.objects.count() == 6


def test_it_says_why_a_sync_failed(world: World) -> None:
    world.simulator.post(f"accounts/{WABA_ID}", token_revoked=True)

    response = client_of(VIEW, CHANGE).post(f"{LIST}sync/{world.account.pk}/", follow=True)

    html = response.content.decode()
    assert "nothing was changed" in html
    assert "does not accept the account" in html


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_it_goes_back_only_to_the_portal(asked: str) -> None:
    response = client_of(VIEW, CHANGE).post(f"{LIST}sync/{account_make(provider='none').pk}/", {"next": asked})

    assert response.headers["Location"] == LIST
