"""What each code of Meta means: one table, row by row as the contract page reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers.adapters.meta.errors import CODES, error_read, send_error
from providers.errors import Park, Reason, SendError, Throttled
from tests.providers.adapters.meta.payloads import names, payload

# What each payload means, and whether it proves that nothing was sent.
EXPECTED: dict[str, Reason] = {
    "error_2": Reason.PROVIDER_ERROR,
    "error_4": Reason.ACCOUNT_RATE,
    "error_10": Reason.PERMISSION,
    "error_100": Reason.BAD_REQUEST,
    "error_100_subcode_33_unknown_object": Reason.NUMBER_NOT_REGISTERED,
    "error_104_no_token": Reason.CREDENTIALS,
    "error_190": Reason.CREDENTIALS,
    "error_200": Reason.PERMISSION,
    "error_368": Reason.ACCOUNT_BLOCKED,
    "error_80007": Reason.ACCOUNT_RATE,
    "error_130429": Reason.THROUGHPUT,
    "error_130497": Reason.COUNTRY_NOT_ALLOWED,
    "error_131000": Reason.PROVIDER_ERROR,
    "error_131005": Reason.PERMISSION,
    "error_131008": Reason.TEMPLATE_PARAMETERS,
    "error_131009": Reason.BAD_REQUEST,
    "error_131016": Reason.PROVIDER_ERROR,
    "error_131021": Reason.RECIPIENT_IS_SENDER,
    "error_131026": Reason.RECIPIENT_UNREACHABLE,
    "error_131030": Reason.RECIPIENT_NOT_ALLOWED,
    "error_131031": Reason.ACCOUNT_BLOCKED,
    "error_131042": Reason.BILLING,
    "error_131045": Reason.NUMBER_NOT_REGISTERED,
    "error_131047": Reason.WINDOW_CLOSED,
    "error_131048": Reason.NUMBER_BLOCKED,
    "error_131053": Reason.MEDIA_FETCH,
    "error_131056": Reason.PAIR_RATE,
    "error_131057": Reason.NUMBER_MAINTENANCE,
    "error_131062": Reason.BSUID_NOT_SUPPORTED,
    "error_131063": Reason.MARKETING_ROUTE,
    "error_131064": Reason.ACCOUNT_BLOCKED,
    "error_132000": Reason.TEMPLATE_PARAMETERS,
    "error_132001": Reason.TEMPLATE_MISSING,
    "error_132005": Reason.TEMPLATE_PARAMETERS,
    "error_132007": Reason.TEMPLATE_POLICY,
    "error_132012": Reason.TEMPLATE_PARAMETERS,
    "error_132015": Reason.TEMPLATE_PAUSED,
    "error_132016": Reason.TEMPLATE_DISABLED,
    "error_132018": Reason.TEMPLATE_PARAMETERS,
    "error_133010": Reason.NUMBER_NOT_REGISTERED,
    "error_134100": Reason.MARKETING_ROUTE,
    "error_134101": Reason.TEMPLATE_SYNCING,
    "error_134102": Reason.MARKETING_ROUTE,
    "error_135000": Reason.BAD_REQUEST,
    "error_template_create_duplicate": Reason.BAD_REQUEST,
    "error_template_create_leading_param": Reason.BAD_REQUEST,
}

# The codes of the contract page that have no payload, and what they mean.
WITHOUT_PAYLOAD: dict[int, Reason] = {
    0: Reason.CREDENTIALS,
    1: Reason.PROVIDER_ERROR,
    3: Reason.PERMISSION,
    33: Reason.NUMBER_NOT_REGISTERED,
    201: Reason.PERMISSION,
    299: Reason.PERMISSION,
    613: Reason.ACCOUNT_RATE,
    130403: Reason.RECIPIENT_BLOCKED_US,
    130472: Reason.RECIPIENT_EXPERIMENT,
    131037: Reason.NUMBER_NOT_REGISTERED,
    131049: Reason.MARKETING_LIMIT,
    131050: Reason.MARKETING_OPT_OUT,
    131051: Reason.UNSUPPORTED,
    131052: Reason.MEDIA,
    131055: Reason.MARKETING_ROUTE,
    132008: Reason.TEMPLATE_PARAMETERS,
    132068: Reason.TEMPLATE_POLICY,
    132069: Reason.TEMPLATE_FLOW,
    133000: Reason.NUMBER_NOT_REGISTERED,
    133004: Reason.PROVIDER_DOWN,
    133005: Reason.NUMBER_NOT_REGISTERED,
    133006: Reason.NUMBER_NOT_REGISTERED,
    133008: Reason.NUMBER_NOT_REGISTERED,
    133009: Reason.NUMBER_NOT_REGISTERED,
    133015: Reason.NUMBER_NOT_REGISTERED,
    133016: Reason.NUMBER_NOT_REGISTERED,
    134011: Reason.BILLING,
    137000: Reason.RECIPIENT_IDENTITY,
}

# Of creating and editing templates: as a code and as a subcode of 100.
DEFINITIONS = (2388019, 2388024, 2388039, 2388040, 2388047, 2388072, 2388073, 2388293, 2388299)

UNPROVEN = {1, 2, 131000, 131016}


def classified(body: Any, *, status: int = 400, headers: dict[str, str] | None = None) -> SendError:
    return send_error(status, body, headers or {})


def coded(code: Any, **rest: Any) -> dict[str, Any]:
    return {"error": {"message": "(#1) words", "code": code, **rest}}


def test_every_error_payload_is_in_the_table() -> None:
    assert set(EXPECTED) == set(names("error_*"))


@pytest.mark.parametrize("status", [200, 400, 403, 429, 500, 503])
@pytest.mark.parametrize("name", EXPECTED)
def test_a_listed_code_means_the_same_under_every_http_status(name: str, status: int) -> None:
    assert classified(payload(name), status=status).reason is EXPECTED[name]


@pytest.mark.parametrize("code", WITHOUT_PAYLOAD)
def test_the_other_codes_of_the_page_are_listed_too(code: int) -> None:
    assert classified(coded(code), status=500).reason is WITHOUT_PAYLOAD[code]


@pytest.mark.parametrize("code", DEFINITIONS)
def test_what_is_wrong_with_a_template_is_read_in_both_places(code: int) -> None:
    for error in (coded(code), coded(100, error_subcode=code)):
        assert classified(error).reason is Reason.BAD_REQUEST


def test_no_code_is_listed_that_no_test_expects() -> None:
    with_payload = {payload(name)["error"]["code"] for name in EXPECTED}
    permissions = {str(code) for code in range(200, 300)}
    definitions = {f"{prefix}{code}" for code in DEFINITIONS for prefix in ("", "100/")}
    assert set(CODES) - permissions - definitions - {"100/33"} <= {
        str(code) for code in with_payload | set(WITHOUT_PAYLOAD)
    }


def test_what_the_page_calls_unproven_is_uncertain_and_nothing_else_is() -> None:
    assert {int(code) for code, row in CODES.items() if not row.proven} == UNPROVEN
    assert all(classified(coded(code)).kind == "uncertain" for code in UNPROVEN)


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
        (130429, {"retry-after": "Mon, 09 Nov 2020 11:00:00 GMT"}, 2),
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
