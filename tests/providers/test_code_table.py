"""Every code of every provider has its sentence, and the page lists them all."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client
from django.utils import translation

from hsm_portal.roles import Role
from providers.code_table import EVERY_PROVIDER, code_rows
from providers.errors import SENTENCES, ErrorCode, Reason
from providers.policy import ACTION_SENTENCES, RULES, Action
from providers.registry import adapter_class, adapter_paths
from tests.providers.clients import address, client_of, queries_of, text_of
from tests.providers.stub import SLUG, StubProvider, stub_registered

SLUGS = sorted(adapter_paths())


def test_every_reason_has_a_sentence_and_a_rule_and_every_action_a_sentence() -> None:
    assert set(SENTENCES) == set(RULES) == set(Reason)
    assert set(ACTION_SENTENCES) == set(Action)


@pytest.mark.parametrize("slug", SLUGS)
def test_every_code_has_a_row_that_says_what_it_means_and_what_is_done(slug: str) -> None:
    rows = {row.code: row for row in code_rows(provider=slug) if row.provider == slug}
    assert set(rows) == set(adapter_class(slug).error_codes)
    assert all(row.sentence and row.action for row in rows.values())


def row_of(monkeypatch: pytest.MonkeyPatch, meaning: ErrorCode) -> tuple[str, str]:
    with translation.override("en"), stub_registered(monkeypatch, StubProvider, error_codes={"X": meaning}):
        row = next(row for row in code_rows(provider=SLUG) if row.provider == SLUG)
    return row.action, row.late


def test_a_wait_is_told_with_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    action, late = row_of(monkeypatch, ErrorCode(Reason.ACCOUNT_RATE))
    assert action == "It waits and is sent again; no retry is used up. For 5 minutes."
    assert late == ""


def test_a_park_without_end_names_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    action, _late = row_of(monkeypatch, ErrorCode(Reason.BILLING))
    assert action.endswith("its messages wait until it is well again.")


def test_a_length_that_the_provider_names_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    action, _late = row_of(monkeypatch, ErrorCode(Reason.TEMPLATE_PAUSED, seconds=7200))
    assert action.endswith("For 2 hours.")


def test_a_code_that_proves_nothing_is_never_sent_again_whatever_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    action, late = row_of(monkeypatch, ErrorCode(Reason.BAD_REQUEST, proven=False))
    assert action.startswith("It is never sent again without proof")
    assert late.startswith("It is given up")


def test_codes_of_every_provider_stand_beside_those_of_one() -> None:
    assert {row.provider for row in code_rows(provider=SLUGS[0])} == {SLUGS[0], EVERY_PROVIDER}


# --- the page ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def coordinator(db: None) -> Client:
    return client_of(Role.COORDINATOR)


def shown(client: Client, **query: str) -> str:
    return unescape(text_of(client.get(address("codes"), query)))


def test_the_page_lists_every_code_of_every_provider(coordinator: Client) -> None:
    page = shown(coordinator)
    missing = [row.code for row in code_rows() if f">{row.code}</span>" not in page or row.sentence not in page]
    assert missing == []


def test_it_shows_one_provider(coordinator: Client) -> None:
    assert shown(coordinator, provider=SLUGS[0]).count("code-cell") == len(code_rows(provider=SLUGS[0]))


def test_it_finds_a_code_by_its_text_and_by_what_it_says(coordinator: Client) -> None:
    assert "131026" in shown(coordinator, q="131026")
    assert "131026" in shown(coordinator, q="no WhatsApp")
    assert "131042" not in shown(coordinator, q="no WhatsApp")


def test_a_link_leads_to_exactly_one_code(coordinator: Client) -> None:
    page = shown(coordinator, provider=SLUGS[0], code=next(iter(adapter_class(SLUGS[0]).error_codes)))
    assert page.count("code-cell") == 1


def test_a_code_that_no_table_has_is_told(coordinator: Client) -> None:
    assert "The code 4711-x is not in the provider's table." in shown(coordinator, provider=SLUGS[0], code="4711-x")


def test_a_junk_search_finds_nothing_and_breaks_nothing(coordinator: Client) -> None:
    assert "No code like this." in shown(coordinator, q="<script>\x00")


def test_the_page_asks_the_database_for_no_code(coordinator: Client) -> None:
    assert queries_of(coordinator, address("codes")) <= 12


def test_it_speaks_the_readers_language(coordinator: Client) -> None:
    with translation.override("es"):
        sentences = {row.sentence for row in code_rows()}
    coordinator.post("/language/", {"language": "es"})
    page = unescape(text_of(coordinator.get(address("codes"))))
    assert [sentence for sentence in sentences if sentence not in page] == []
