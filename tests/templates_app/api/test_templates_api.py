"""Templates over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from templates_app.models import Template, TemplateStatus
from tests.api_client import KeyClient, client_make
from tests.factories import account_make, template_make

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> KeyClient:
    return client_make(scopes=["templates:read"])


def test_it_names_the_variables_that_a_send_fills(api: KeyClient) -> None:
    shown = api.read(f"templates/{template_make().pk}")

    required = [variable["key"] for variable in shown["variables"] if variable["required"]]
    assert required == ["body.1", "body.2", "body.3"]
    assert shown["preview"]["body"].startswith("Hola Carla, soy Ana de Clínica Sur.")


def test_it_says_why_a_template_cannot_be_sent(api: KeyClient) -> None:
    shown = api.read(f"templates/{template_make(status=TemplateStatus.PAUSED).pk}")

    assert not shown["sendable"]
    assert shown["blockers"][0]["code"] == "status"
    assert shown["blockers"][0]["detail"].startswith("WhatsApp paused the template")


@pytest.mark.parametrize(
    "filters", ["status=PAUSED", "language=PT_br", "category=marketing", "q=PROMO", "account={account}"]
)
def test_it_filters(api: KeyClient, filters: str) -> None:
    template_make()
    account = account_make()
    wanted = template_make(
        account=account,
        name="promo_verano",
        status=TemplateStatus.PAUSED,
        language="pt_BR",
        category=Template.Category.MARKETING,
    )

    rows = api.read(f"templates?{filters.format(account=account.pk)}")["results"]

    assert [row["id"] for row in rows] == [wanted.pk]


def test_it_names_a_filter_that_makes_no_sense(api: KeyClient) -> None:
    response = api.get("/api/v1/templates?status=FINE&account=0")

    assert response.status_code == 400
    assert {error["field"] for error in response.json()["errors"]} == {"status", "account"}


def test_it_answers_404_for_a_template_that_does_not_exist(api: KeyClient) -> None:
    assert api.get("/api/v1/templates/999").status_code == 404


def test_it_lists_in_a_fixed_number_of_queries(api: KeyClient, django_assert_max_num_queries: Any) -> None:
    for _ in range(10):
        template_make()

    with django_assert_max_num_queries(5):
        assert len(api.read("templates")["results"]) == 10
