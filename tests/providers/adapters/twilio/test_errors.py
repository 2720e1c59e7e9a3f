"""The table of errors against the codes of Twilio's pages."""

from __future__ import annotations

import pytest

from providers.adapters.twilio.errors import AMBIGUOUS_FAILURES, CODES, code_of, reason_of
from providers.errors import Reason
from providers.policy import Action, late_action

ANSWERS = """20003 20005 20404 20429 20500 20503 21211 21212 21408 21603 21606 21609 21610 21611 21614 21654 21655 21656
    21703 21705 21910 63007 63027 63031 63038"""
CALLBACKS = """63001 63002 63003 63005 63006 63008 63009 63010 63012 63013 63014 63015 63016 63017 63018 63019 63020 63021
    63022 63023 63024 63026 63028 63029 63030 63032 63033 63034 63036 63037 63040 63041 63042 63049 63051 30001 30007 30008
    30036 30410"""


def test_the_table_has_every_code_of_the_pages() -> None:
    assert set(CODES) == {*ANSWERS.split(), *CALLBACKS.split()}


@pytest.mark.parametrize("code", ["20005", "20500", "20503", "30410", "63042", "63051"])
def test_what_the_pages_leave_open_is_not_proven(code: str) -> None:
    assert not CODES[code].proven
    assert sum(not row.proven for row in CODES.values()) == 6


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("63009", Action.RETRY),
        ("63010", Action.RETRY),
        ("63012", Action.RETRY),
        ("63018", Action.WAIT),
        ("63049", Action.TOMORROW),
        ("63014", Action.SUPPRESS),
        ("63020", Action.PARK_ACCOUNT),
        ("63013", Action.PARK_NUMBER),
        ("63040", Action.PARK_TEMPLATE),
        ("63041", Action.PARK_TEMPLATE),
        ("30036", Action.GIVE_UP),
        ("63016", Action.GIVE_UP),
    ],
)
def test_a_late_failure_has_the_consequence_of_the_page(code: str, action: Action) -> None:
    assert late_action(CODES[code].reason) is action


def test_a_failure_that_may_have_arrived_is_known_by_its_code() -> None:
    assert {code for code in AMBIGUOUS_FAILURES if CODES[code].reason is Reason.NO_ANSWER} == AMBIGUOUS_FAILURES


@pytest.mark.parametrize(("value", "code"), [(63016, "63016"), ("63016", "63016"), (None, ""), ("", ""), (0, "")])
def test_a_code_is_read_as_number_or_text(value: object, code: str) -> None:
    assert code_of(value) == code


def test_an_unlisted_code_is_a_refusal_and_none_is_no_reason() -> None:
    assert (reason_of("99999"), reason_of("")) == (Reason.PROVIDER_REJECTED, "")
