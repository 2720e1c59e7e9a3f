from __future__ import annotations

from typing import Any

import pytest

from providers.adapters.vonage.errors import CODES, problem_read
from providers.errors import Reason
from providers.policy import Action, late_action

RETRIED = (1000, 1030, 1100, 1180, 1220, 1230, 1241, 1331)
GIVEN_UP = (
    *(1010, 1020, 1021, 1022, 1040, 1050, 1060, 1080, 1120, 1140, 1150, 1160, 1170, 1190, 1210, 1240, 1250, 1260),
    *(1300, 1310, 1320, 1330, 1340, 1360, 1370, 1380, 1381, 1382),
)
PAUSED = (1070,)
STATUSES = (401, 402, 404, 422, 429)
WORDS = {
    *("unauthorized", "invalid-api-key", "jwt-expired", "jwt-revoked", "forbidden", "unprovisioned"),
    *("account-suspended", "low-balance", "not-found", "invalid-params"),
}


def test_it_has_a_row_for_every_code_of_the_page_and_no_other() -> None:
    numbers = {str(code) for code in (*RETRIED, *GIVEN_UP, *PAUSED)}
    assert set(CODES) == numbers | WORDS | {f"HTTP {status}" for status in STATUSES}


@pytest.mark.parametrize("code", RETRIED)
def test_what_the_page_retries_is_tried_again_after_a_proven_failure(code: int) -> None:
    assert late_action(CODES[str(code)].reason) in (Action.RETRY, Action.WAIT)


@pytest.mark.parametrize("code", ["1070", "low-balance", "HTTP 402", "unauthorized", "account-suspended", "1060"])
def test_what_pauses_parks_the_account(code: str) -> None:
    assert late_action(CODES[code].reason) is Action.PARK_ACCOUNT


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ({"type": "https://developer.vonage.com/api-errors/messages#1022", "title": 1022}, "1022"),
        ({"type": "https://developer.vonage.com/api-errors/#low-balance", "title": "Low balance"}, "low-balance"),
        ({"title": "1300"}, "1300"),
        ({"title": 1300, "detail": "x"}, "1300"),
        ({"title": "Something"}, ""),
    ],
)
def test_it_finds_the_code(value: dict[str, Any], code: str) -> None:
    problem = problem_read(value)
    assert problem is not None
    assert problem.code == code


@pytest.mark.parametrize("value", [None, {}, [], "error", {"type": 5.5}])
def test_what_is_no_problem_is_none(value: Any) -> None:
    assert problem_read(value) is None


def test_a_code_that_is_not_listed_is_a_refusal() -> None:
    problem = problem_read({"type": "https://x/#9999"})
    assert problem is not None
    assert problem.meaning.reason is Reason.PROVIDER_REJECTED
