"""What each code of Meta means: one table, row by row as the contract page reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from providers.adapters.meta.errors import CODES, error_read, send_error
from providers.errors import Park, Reason, SendError, Throttled
from tests.providers.adapters.meta.payloads import names, payload

NOW = datetime(2026, 11, 9, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

# name of the payload: kind, reason, park, park's length, wait
EXPECTED: dict[str, tuple[str, Reason, Park, timedelta | None, float]] = {
    "error_2": ("uncertain", Reason.PROVIDER_ERROR, Park.NONE, None, 0),
    "error_4": ("throttled", Reason.ACCOUNT_RATE, Park.NONE, None, 300),
    "error_10": ("unavailable", Reason.PERMISSION, Park.ACCOUNT, None, 0),
    "error_100": ("rejected", Reason.BAD_REQUEST, Park.NONE, None, 0),
    "error_100_subcode_33_unknown_object": ("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER, None, 0),
    "error_104_no_token": ("unavailable", Reason.CREDENTIALS, Park.ACCOUNT, None, 0),
    "error_190": ("unavailable", Reason.CREDENTIALS, Park.ACCOUNT, None, 0),
    "error_200": ("unavailable", Reason.PERMISSION, Park.ACCOUNT, None, 0),
    "error_368": ("unavailable", Reason.ACCOUNT_BLOCKED, Park.ACCOUNT, None, 0),
    "error_80007": ("throttled", Reason.ACCOUNT_RATE, Park.NONE, None, 300),
    "error_130429": ("throttled", Reason.THROUGHPUT, Park.NONE, None, 2),
    "error_130497": ("rejected", Reason.COUNTRY_NOT_ALLOWED, Park.NONE, None, 0),
    "error_131000": ("uncertain", Reason.PROVIDER_ERROR, Park.NONE, None, 0),
    "error_131005": ("unavailable", Reason.PERMISSION, Park.ACCOUNT, None, 0),
    "error_131008": ("rejected", Reason.TEMPLATE_PARAMETERS, Park.NONE, None, 0),
    "error_131009": ("rejected", Reason.BAD_REQUEST, Park.NONE, None, 0),
    "error_131016": ("uncertain", Reason.PROVIDER_ERROR, Park.NONE, None, 0),
    "error_131021": ("rejected", Reason.RECIPIENT_IS_SENDER, Park.NONE, None, 0),
    "error_131026": ("rejected", Reason.RECIPIENT_UNREACHABLE, Park.NONE, None, 0),
    "error_131030": ("rejected", Reason.RECIPIENT_NOT_ALLOWED, Park.NONE, None, 0),
    "error_131031": ("unavailable", Reason.ACCOUNT_BLOCKED, Park.ACCOUNT, None, 0),
    "error_131042": ("unavailable", Reason.BILLING, Park.ACCOUNT, None, 0),
    "error_131045": ("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER, None, 0),
    "error_131047": ("rejected", Reason.WINDOW_CLOSED, Park.NONE, None, 0),
    "error_131048": ("unavailable", Reason.NUMBER_BLOCKED, Park.NUMBER, None, 0),
    "error_131053": ("unavailable", Reason.MEDIA, Park.NONE, None, 0),
    "error_131056": ("throttled", Reason.PAIR_RATE, Park.NONE, None, 6),
    "error_131057": ("throttled", Reason.NUMBER_MAINTENANCE, Park.NONE, None, 45),
    "error_131062": ("rejected", Reason.BSUID_NOT_SUPPORTED, Park.NONE, None, 0),
    "error_131063": ("unavailable", Reason.MARKETING_ROUTE, Park.TEMPLATE, None, 0),
    "error_131064": ("unavailable", Reason.ACCOUNT_BLOCKED, Park.ACCOUNT, None, 0),
    "error_132000": ("rejected", Reason.TEMPLATE_PARAMETERS, Park.NONE, None, 0),
    "error_132001": ("rejected", Reason.TEMPLATE_MISSING, Park.TEMPLATE, None, 0),
    "error_132005": ("rejected", Reason.TEMPLATE_PARAMETERS, Park.NONE, None, 0),
    "error_132007": ("rejected", Reason.TEMPLATE_POLICY, Park.TEMPLATE, None, 0),
    "error_132012": ("rejected", Reason.TEMPLATE_PARAMETERS, Park.NONE, None, 0),
    "error_132015": ("rejected", Reason.TEMPLATE_PAUSED, Park.TEMPLATE, 3 * HOUR, 0),
    "error_132016": ("rejected", Reason.TEMPLATE_DISABLED, Park.TEMPLATE, None, 0),
    "error_132018": ("rejected", Reason.TEMPLATE_PARAMETERS, Park.NONE, None, 0),
    "error_133010": ("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER, None, 0),
    "error_134100": ("rejected", Reason.MARKETING_ROUTE, Park.TEMPLATE, None, 0),
    "error_134101": ("unavailable", Reason.TEMPLATE_MISSING, Park.TEMPLATE, HOUR / 6, 0),
    "error_134102": ("rejected", Reason.MARKETING_ROUTE, Park.TEMPLATE, None, 0),
    "error_135000": ("rejected", Reason.BAD_REQUEST, Park.NONE, None, 0),
    "error_template_create_duplicate": ("rejected", Reason.BAD_REQUEST, Park.NONE, None, 0),
    "error_template_create_leading_param": ("rejected", Reason.BAD_REQUEST, Park.NONE, None, 0),
}

# The codes of the contract page that have no payload, and what they mean.
WITHOUT_PAYLOAD: dict[int, tuple[str, Reason, Park]] = {
    0: ("unavailable", Reason.CREDENTIALS, Park.ACCOUNT),
    1: ("uncertain", Reason.PROVIDER_ERROR, Park.NONE),
    3: ("unavailable", Reason.PERMISSION, Park.ACCOUNT),
    33: ("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER),
    201: ("unavailable", Reason.PERMISSION, Park.ACCOUNT),
    299: ("unavailable", Reason.PERMISSION, Park.ACCOUNT),
    613: ("throttled", Reason.ACCOUNT_RATE, Park.NONE),
    130403: ("rejected", Reason.RECIPIENT_BLOCKED_US, Park.NONE),
    130472: ("rejected", Reason.RECIPIENT_EXPERIMENT, Park.NONE),
    131037: ("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER),
    131049: ("rejected", Reason.MARKETING_LIMIT, Park.NONE),
    131050: ("rejected", Reason.MARKETING_OPT_OUT, Park.NONE),
    131051: ("rejected", Reason.UNSUPPORTED, Park.NONE),
    131052: ("rejected", Reason.MEDIA, Park.NONE),
    131055: ("rejected", Reason.MARKETING_ROUTE, Park.NONE),
    132008: ("rejected", Reason.TEMPLATE_PARAMETERS, Park.NONE),
    132068: ("rejected", Reason.TEMPLATE_FLOW, Park.TEMPLATE),
    132069: ("unavailable", Reason.TEMPLATE_FLOW, Park.TEMPLATE),
    133000: ("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER),
    133004: ("unavailable", Reason.PROVIDER_DOWN, Park.NUMBER),
    133005: ("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER),
    133006: ("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER),
    133008: ("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER),
    133009: ("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER),
    133015: ("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER),
    133016: ("unavailable", Reason.NUMBER_NOT_REGISTERED, Park.NUMBER),
    134011: ("unavailable", Reason.BILLING, Park.ACCOUNT),
    137000: ("rejected", Reason.RECIPIENT_IDENTITY, Park.NONE),
}


def classified(body: Any, *, status: int = 400, headers: dict[str, str] | None = None) -> SendError:
    return send_error(status, body, headers or {}, exchange=None, now=NOW)


def coded(code: Any, **rest: Any) -> dict[str, Any]:
    return {"error": {"message": "(#1) words", "code": code, **rest}}


def test_every_error_payload_is_in_the_table() -> None:
    assert set(EXPECTED) == set(names("error_*"))


@pytest.mark.parametrize("status", [200, 400, 403, 429, 500, 503])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_listed_code_means_the_same_under_every_http_status(name: str, status: int) -> None:
    error = classified(payload(name), status=status)
    length = error.park_until - NOW if error.park_until else None
    wait = error.retry_after if isinstance(error, Throttled) else 0
    assert (error.kind, error.reason, error.park, length, wait) == EXPECTED[name]


@pytest.mark.parametrize("code", WITHOUT_PAYLOAD)
def test_the_other_codes_of_the_page_are_listed_too(code: int) -> None:
    error = classified(coded(code), status=500)
    assert (error.kind, error.reason, error.park) == WITHOUT_PAYLOAD[code]


def test_no_code_is_listed_that_no_test_expects() -> None:
    with_payload = {payload(name)["error"]["code"] for name in EXPECTED}
    assert set(CODES) - set(range(200, 300)) <= with_payload | set(WITHOUT_PAYLOAD)


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        pytest.param(400, coded(999_999), "rejected", Reason.PROVIDER_REJECTED, id="unlisted, 400"),
        pytest.param(403, coded("999999"), "rejected", Reason.PROVIDER_REJECTED, id="unlisted, as text"),
        pytest.param(500, coded(999_999), "uncertain", Reason.PROVIDER_ERROR, id="unlisted, 500"),
        pytest.param(200, coded(999_999), "uncertain", Reason.PROVIDER_ERROR, id="unlisted, 200"),
        pytest.param(302, coded(999_999), "uncertain", Reason.PROVIDER_ERROR, id="unlisted, 302"),
        pytest.param(429, coded(999_999), "throttled", Reason.ACCOUNT_RATE, id="unlisted, 429"),
        pytest.param(429, None, "throttled", Reason.ACCOUNT_RATE, id="429, no JSON"),
        pytest.param(400, coded(None), "uncertain", Reason.PROVIDER_ERROR, id="400, no code"),
        pytest.param(400, coded("many"), "uncertain", Reason.PROVIDER_ERROR, id="400, junk code"),
        pytest.param(400, coded(True), "uncertain", Reason.PROVIDER_ERROR, id="400, true as code"),
        pytest.param(400, coded(10**30), "uncertain", Reason.PROVIDER_ERROR, id="400, endless code"),
        pytest.param(400, {"error": "no"}, "uncertain", Reason.UNREADABLE_ANSWER, id="400, error is a text"),
        pytest.param(400, {"error": []}, "uncertain", Reason.UNREADABLE_ANSWER, id="400, error is a list"),
        pytest.param(404, None, "uncertain", Reason.UNREADABLE_ANSWER, id="404, no JSON"),
        pytest.param(301, None, "uncertain", Reason.UNREADABLE_ANSWER, id="redirect"),
        pytest.param(500, None, "uncertain", Reason.PROVIDER_ERROR, id="500, no JSON"),
        pytest.param(502, None, "uncertain", Reason.PROVIDER_ERROR, id="502, no JSON"),
        pytest.param(504, {}, "uncertain", Reason.PROVIDER_ERROR, id="504, empty object"),
    ],
)
def test_what_is_not_listed_is_closed_by_default(status: int, body: Any, kind: str, reason: Reason) -> None:
    error = classified(body, status=status)
    assert (error.kind, error.reason, error.park) == (kind, reason, Park.NONE)


@pytest.mark.parametrize("code", [190, "190", " 190"])
def test_a_code_may_be_a_text(code: Any) -> None:
    listed = str(code).strip() == code or isinstance(code, int)
    assert (classified(coded(code)).reason is Reason.CREDENTIALS) is listed


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        ({"error_data": {"details": "the details"}, "message": "m"}, "the details"),
        ({"error_data": "plain words", "message": "m"}, "plain words"),
        ({"error_data": 7, "message": "m"}, "m"),
        ({"error_user_msg": "for the user", "message": "m"}, "for the user"),
        ({"title": "only a title"}, "only a title"),
        ({"message": ["no text"]}, ""),
    ],
)
def test_the_most_telling_words_are_kept(error: dict[str, Any], detail: str) -> None:
    read = error_read(error)
    assert read is not None
    assert read.detail == detail


def test_the_subcode_is_kept_with_the_code() -> None:
    assert classified(payload("error_190")).provider_code == "190/463"


def usage(minutes: Any) -> dict[str, str]:
    entries = {"301945226341870": [{"type": "messaging", "estimated_time_to_regain_access": minutes}, "junk"]}
    return {"x-business-use-case-usage": json.dumps(entries)}


@pytest.mark.parametrize(
    ("code", "headers", "wait"),
    [
        (130429, {"retry-after": "7"}, 7),
        (130429, {"retry-after": "Mon, 09 Nov 2026 12:01:30 GMT"}, 90),
        (130429, {"retry-after": "Mon, 09 Nov 2026 11:00:00 GMT"}, 2),
        (130429, {"retry-after": "0"}, 2),
        (130429, {"retry-after": "soon"}, 2),
        (130429, {"retry-after": "9" * 400}, 24 * 3600),
        (130429, usage(10), 2),
        (80007, usage(10), 600),
        (80007, usage(0), 300),
        (80007, usage("x"), 300),
        (80007, {"x-business-use-case-usage": "{"}, 300),
        (80007, {"x-business-use-case-usage": "[1]"}, 300),
        (4, {"retry-after": "20", **usage(10)}, 20),
        (4, usage(10**9), 24 * 3600),
    ],
)
def test_the_wait_that_meta_asks_for_is_honoured(code: int, headers: dict[str, str], wait: float) -> None:
    error = classified(coded(code), headers=headers)
    assert isinstance(error, Throttled)
    assert error.retry_after == wait
