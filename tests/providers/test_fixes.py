"""What is stopped says what to do about it."""

from __future__ import annotations

import pytest

from hsm_portal.roles import Role
from providers.errors import Reason
from providers.fixes import FIXES, fix_sentence
from providers.parking import park
from providers.policy import RULES, Action
from tests.factories import sender_number_make
from tests.providers.clients import address, client_of, text_of

PARKS = {Action.PARK_ACCOUNT, Action.PARK_NUMBER, Action.PARK_TEMPLATE}


def test_every_reason_that_stops_something_says_what_to_do() -> None:
    stopping = {reason for reason, rule in RULES.items() if {rule.action, rule.late} & PARKS}
    assert stopping - set(FIXES) == set()


@pytest.mark.parametrize("reason", [*(reason.value for reason in Reason), "", "restricted_by_partner"])
def test_there_is_always_something_to_do(reason: str) -> None:
    assert fix_sentence(reason)


@pytest.mark.django_db
def test_the_page_of_a_stopped_number_says_it() -> None:
    number = sender_number_make()
    park(number, reason=Reason.NUMBER_NOT_REGISTERED)
    assert "Register the number at the provider" in text_of(
        client_of(Role.MANAGER).get(address("sendernumber_change", number.pk))
    )
