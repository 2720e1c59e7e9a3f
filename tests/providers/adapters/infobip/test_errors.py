from __future__ import annotations

import pytest

from providers.adapters.infobip.errors import CODES, trouble_read
from providers.errors import Reason

STATUSES = (4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 29, 31, 51, 52, 100)
CHAT_ERRORS = (
    *(7001, 7002, 7003, 7004, 7005, 7006, 7008, 7009, 7010, 7011, 7012, 7013, 7014, 7015, 7016, 7017, 7018, 7019),
    *(7020, 7021, 7022, 7023, 7024, 7025, 7026, 7027, 7029, 7030, 7031, 7032, 7033, 7034, 7036, 7037, 7038),
    *(7050, 7051, 7052, 7080, 7081, 7082, 7083, 7084, 7280, 7281),
)
HTTP = ("BAD_REQUEST", "UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "TOO_MANY_REQUESTS", "GENERAL_ERROR")
NEW_STYLE = ("E400", "E401", "E403", "E429", "E500")


def test_it_has_a_row_for_every_code_of_the_page_and_no_other() -> None:
    by_status = {f"HTTP {status}" for status in (400, 401, 403, 404, 429, 500)}
    assert set(CODES) == {*map(str, STATUSES), *map(str, CHAT_ERRORS), *HTTP, *NEW_STYLE, *by_status}


@pytest.mark.parametrize("code", ["29", "7051", "GENERAL_ERROR", "E500", "HTTP 500"])
def test_it_takes_no_proof_from_the_ambiguous_ones(code: str) -> None:
    assert CODES[code].proven is False


@pytest.mark.parametrize("code", ["23", "7280"])
def test_it_takes_a_repeated_id_for_a_message_that_infobip_has_already(code: str) -> None:
    assert CODES[code].reason is Reason.DUPLICATE


def test_it_waits_an_hour_after_the_flooding_filter() -> None:
    assert CODES["20"].seconds == 3600


@pytest.mark.parametrize(
    ("permanent", "reason", "proves"),
    [
        (True, Reason.PROVIDER_REJECTED, True),
        (False, Reason.PROVIDER_ERROR, False),
        (None, Reason.PROVIDER_REJECTED, True),
    ],
)
def test_an_unknown_error_obeys_its_permanence(permanent: bool | None, reason: Reason, proves: bool) -> None:
    trouble = trouble_read({"status": {"id": 9, "groupId": 2}, "error": {"id": 7999, "permanent": permanent}})
    assert (trouble.code, trouble.meaning.reason, trouble.proves_failure) == ("7999", reason, proves)


def test_an_error_of_the_general_table_is_not_taken_for_the_status_with_its_id() -> None:
    trouble = trouble_read({"status": {"id": 9, "groupId": 2}, "error": {"id": 12, "permanent": True}})
    assert (trouble.code, trouble.meaning.reason) == ("error 12", Reason.PROVIDER_REJECTED)


def test_an_unknown_status_of_the_expired_is_expired() -> None:
    assert trouble_read({"status": {"id": 77, "groupId": 4}}).meaning.reason is Reason.EXPIRED
