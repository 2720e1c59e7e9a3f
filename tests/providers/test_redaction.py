"""What is kept of an exchange: no person, no secret, in any spelling; codes and words stay."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.redaction import MASK, SECRET, TEXT_KEPT, Redactor, words_redacted


def having_sent(**body: Any) -> Redactor:
    redactor = Redactor(secrets=["s3cret-token"])
    redactor.request(body, kept_paths=frozenset())
    return redactor


@pytest.mark.parametrize(
    "spelling",
    [
        "+5491155550100",
        "5491155550100",
        "541155550100",
        "%2B5491155550100",
        "%2b5491155550100",
        "+54 9 11 5555-0100",
        "54 (9) 11 5555 0100",
        "549.11.5555.0100",
        "011 5555-0100",
        "15 5555-0100",
        "wamid.HBgNNTQ5MTE1NTU1MDEwMBUCABEYEkE2MDcyRUM3MzU1RTExRTdEOAA=",
        "wamid.HBgNNTQ5MTE1NTU1MDEwMBUCABEYEkE2MDcyRUM3MzU1RTExRTdEOAA%3D",
    ],
)
def test_a_phone_is_masked_in_every_spelling(spelling: str) -> None:
    text = having_sent(to="+5491155550100").text(f"The number {spelling} has no WhatsApp (131026).")
    assert "5550100" not in "".join(character for character in text if character.isalnum())
    assert "wamid.H" not in text
    assert text.startswith("The number ")
    assert text.endswith(" has no WhatsApp (131026).")


@pytest.mark.parametrize(
    "spelling",
    ["Lucía Fernández", "Luc%C3%ADa%20Fern%C3%A1ndez", "Luc%c3%ada+Fern%c3%a1ndez", r"Luc\u00eda Fern\u00e1ndez"],
)
def test_a_value_of_the_message_is_masked_in_every_spelling(spelling: str) -> None:
    assert having_sent(text="Lucía Fernández").text(f"value '{spelling}' is bad") == f"value '{MASK}' is bad"


def test_a_user_id_is_masked_even_when_it_was_not_sent() -> None:
    assert Redactor().text("user AR.27183920456611029384, AR.ENT.309abcdefgh gone") == f"user {MASK}, {MASK} gone"


@pytest.mark.parametrize("text", ["Bearer abc.def", "EAAGm0PX4ZCpsBAKZBwl", "x s3cret-token y", "x s3cret-token"])
def test_a_token_is_masked_wherever_it_stands(text: str) -> None:
    cleaned = Redactor(secrets=["s3cret-token"]).text(text)
    assert not any(part in cleaned for part in ("abc.def", "EAAG", "s3cret"))


def test_ids_of_the_business_and_codes_stay() -> None:
    text = "(#100) Object with ID '298117653388214' does not exist, code 131026, template aviso_vencimiento in es_AR"
    assert having_sent(to="+5491155550100").text(text) == text


def test_headers_keep_what_is_asked_for_and_mark_secrets() -> None:
    headers = {"Authorization": "Bearer x", "Retry-After": "5", "X-Other": "y", "D360-API-KEY": "z"}
    kept = Redactor().headers(headers, kept=frozenset({"retry-after"}))
    assert kept == {"authorization": SECRET, "retry-after": "5", "d360-api-key": SECRET}


def test_a_request_keeps_only_the_places_it_names() -> None:
    body = {"type": "text", "n": 5, "yes": True, "none": None, "deep": [{"type": "a", "x": "b"}], "api_key": "k"}
    kept = Redactor().request(body, kept_paths=frozenset({"type", "deep.type"}))
    assert kept == {
        "type": "text",
        "n": MASK,
        "yes": True,
        "none": None,
        "deep": [{"type": "a", "x": MASK}],
        "api_key": SECRET,
    }


def test_an_answer_keeps_structure_codes_and_words() -> None:
    body = {
        "contacts": [{"input": "x", "wa_id": 5491155550100}],
        "5491155550100": {"code": 131026, "details": "no", "ok": True, "list": [5491155550100, 7]},
        "access_token": "abc",
    }
    assert having_sent(to="+5491155550100").answer(body) == {
        "contacts": [{"input": MASK, "wa_id": MASK}],
        MASK: {"code": 131026, "details": "no", "ok": True, "list": [MASK, 7]},
        "access_token": SECRET,
    }


def test_an_address_loses_the_secrets_of_its_query() -> None:
    url = having_sent(to="+5491155550100").url("https://x.example/send?token=abc&to=%2B5491155550100&limit=5")
    assert url == f"https://x.example/send?token={SECRET}&to={MASK}&limit=5"


def test_a_long_text_is_cut() -> None:
    assert len(Redactor().text("x" * (TEXT_KEPT + 1))) == TEXT_KEPT


@given(st.text(min_size=6, max_size=40), st.text(max_size=20))
def test_no_value_that_was_sent_is_left_in_an_answer(value: str, around: str) -> None:
    redactor = having_sent(text=value)
    assert value not in redactor.text(f"{around}{value}{around}").replace(MASK, "\x00")


def test_a_value_within_json_in_a_forms_field_is_recognized_in_the_answer() -> None:
    redactor = Redactor()
    redactor.request({"template": '{"id":"7d2f","params":["Ana Pérez"]}'}, kept_paths=frozenset())
    assert redactor.text("no match of 7d2f for Ana Pérez") == f"no match of 7d2f for {MASK}"


def test_the_address_of_a_webhook_is_a_secret() -> None:
    key = "0b0e7f9e-6f0e-4d8e-9d55-3c1f3f1f7a10"
    said = Redactor().text(f"The URL https://portal.example/webhooks/twilio/{key}/?reference=7 is not valid.")
    assert said == f"The URL https://portal.example/webhooks/{MASK}/?reference=7 is not valid."


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("5491155550100 and +5491166660200 are not valid", "••• and ••• are not valid"),
        ("whatsapp:5491166660200 (131026)", "whatsapp:••• (131026)"),
        ("AR.abcdefgh1234 or odd-id is unknown", "••• or ••• is unknown"),
        ("number 11 5555-0100 failed", "number ••• failed"),
        ("Object 1274830044500001 of 2026-11-23 04:50", "Object 1274830044500001 of 2026-11-23 04:50"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id 123e4567-e89b-12d3-a456-426614174000"),
    ],
)
def test_a_providers_words_name_nobody_and_keep_codes_and_ids(words: str, kept: str) -> None:
    assert words_redacted(words, phone="+5491155550100", bsuid="odd-id") == kept
