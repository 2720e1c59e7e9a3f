"""Characters that are digits to Unicode and no numbers (²): nothing found, never an error page."""

from __future__ import annotations

import pytest
from django.test import Client


@pytest.mark.parametrize("model", ["message", "query", "customer", "campaign", "recontact", "statement"])
def test_an_address_with_such_a_number_is_not_found(client: Client, model: str) -> None:
    assert client.get(f"/manager/recontact/{model}/²/change/").status_code == 404


@pytest.mark.parametrize("model", ["message", "query"])
def test_a_search_for_such_a_number_finds_nothing(client: Client, model: str) -> None:
    assert client.get(f"/manager/recontact/{model}/", {"q": "²"}).status_code == 200


def test_a_form_with_such_a_number_chooses_nothing(client: Client) -> None:
    assert client.post("/manager/recontact/message/send/preview/", {"template": "²"}).status_code == 200
    assert client.post("/manager/recontact/query/recontact/preview/", {"ids": "²", "template": "²"}).status_code == 200


@pytest.mark.parametrize("only", ["market=²", "template=²", "team=²", "team=99999999999999999999"])
def test_costs_narrowed_to_such_a_number_are_none(client: Client, only: str) -> None:
    assert client.get(f"/manager/recontact/costcell/?{only}").status_code in (200, 400)
