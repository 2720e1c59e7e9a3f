"""The record of a call names nobody, though much of it is known from calls to others: addresses, headers, words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contracts import Exchange
from providers.http_call import Call
from providers.http_record import CallRecord

ANA, PHONE, NATIONAL = "Ana Pérez", "+5491155550100", "1155550100"
SOMEBODY_ELSE = {"to": "+5491166660200", "text": "Bruno Díaz"}
SECRET = "EAx-s3cret-0123456789"


def recorded(
    body: Any,
    *,
    url: str = "https://x.example/send",
    asked: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    answer: Any = None,
) -> Exchange:
    """The record of a call that says `body` and was answered."""
    call = Call("POST", url, headers={"Authorization": f"Bearer {SECRET}", **(asked or {})}, json_body=body)
    text = json.dumps({} if answer is None else answer, ensure_ascii=False)
    return CallRecord(call).answer(200, (headers or {}).items(), text.encode()).exchange


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "address": lambda told: {"url": f"https://x.example/to/{told}/send"},
    "header of the request": lambda told: {"asked": {"Content-Type": told}},
    "header of the answer": lambda told: {"headers": {"X-App-Usage": told}},
    "text of the answer": lambda told: {"answer": {"message": told}},
    "name in the answer": lambda told: {"answer": {told: "unknown"}},
    "list in the answer": lambda told: {"answer": [[told]]},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("told", [PHONE, NATIONAL, "54 9 11 5555-0100", f"it is {NATIONAL}", ANA, SECRET, "luz"])
def test_who_is_written_to_is_masked_where_the_same_was_recorded_of_a_call_to_somebody_else(
    place: str, told: str
) -> None:
    given = PLACES[place](told)
    body = {"to": PHONE, "text": ANA, "more": "luz"}
    for _ in range(2):
        recorded(SOMEBODY_ELSE, **given)
    for _ in range(2):
        text = repr(recorded(body, **given))
        assert not any(each in text for each in ("5555-0100", "55550100", "Ana", SECRET, "'luz", "luz/"))


@pytest.mark.parametrize("place", PLACES)
def test_what_names_nobody_stays(place: str) -> None:
    told = "298117653388214 aviso_vencimiento"
    for body in (SOMEBODY_ELSE, {"to": PHONE, "text": ANA}):
        assert told in repr(recorded(body, **PLACES[place](told)))


def test_a_phone_that_an_answer_tells_as_a_number_is_masked() -> None:
    answer = {"of": 5491155550100, "local": 1155550100, "code": 131026, "account": 298117653388214}
    response = recorded({"to": PHONE}, answer=answer).response
    assert response is not None
    assert response["body"] == {"of": "•••", "local": "•••", "code": 131026, "account": 298117653388214}


def test_an_answer_in_which_nothing_of_the_request_is_loses_what_tells_by_itself() -> None:
    answer: dict[str, Any] = {
        "messages": [{"id": "wamid.HBgNNTQ5MTE1=", "status": "accepted"}, {"id": "wamid.A= of +14155550100"}],
        "trace": "AB-12_c",
    }
    answer |= {"token_is": "EAAGm0PX4ZCpsBAKZBwl", "or": "(EAAGm0PX4ZCpsBAKZBwl)"}
    response = recorded({"to": PHONE}, answer=answer).response
    assert response is not None
    messages = [{"id": "•••", "status": "accepted"}, {"id": "••• of •••"}]
    assert response["body"] == {"messages": messages, "trace": "AB-12_c", "token_is": "•••", "or": "(•••)"}


@pytest.mark.parametrize("around", ["", " ", "\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-32"])
def test_an_answer_is_read_in_whatever_encoding_json_may_have(around: str, encoding: str) -> None:
    body = f'{around}{{"name": "Lucía"}}{around}'.encode(encoding)
    assert CallRecord(Call("GET", "https://x.example/")).answer(200, (), body).parsed == {"name": "Lucía"}


@pytest.mark.parametrize("body", [b'{"a": 1} x', b'{"a": 1}{', b"{", b'{"a": "\xff"}'])
def test_an_answer_that_is_json_only_at_first_is_none(body: bytes) -> None:
    assert CallRecord(Call("GET", "https://x.example/")).answer(200, (), body).parsed is None


#: Nothing that the portal or a provider says by itself begins so.
_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="•"), min_size=2)
_PHONES = st.from_regex(r"\+[1-9][0-9]{6,13}", fullmatch=True)


def texts(value: Any) -> list[str]:
    """All texts in it, names too."""
    if isinstance(value, dict):
        return [*map(str, value), *(text for item in value.values() for text in texts(item))]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else [str(value)]


@given(st.sampled_from(sorted(PLACES)), _WORDS.map("¤".__add__), _PHONES, st.sampled_from(["", " ", ".", "/"]))
def test_nothing_that_was_sent_is_left_wherever_it_comes_back(place: str, words: str, phone: str, around: str) -> None:
    given = PLACES[place](f"x{around}{words}{around}, {phone[1:]}")
    recorded(SOMEBODY_ELSE, **given)
    exchange = recorded({"to": phone, "text": words}, **given)
    kept = texts([exchange.url, exchange.request, exchange.response])
    assert not any(words in text or phone[1:] in text for text in kept)
