"""What Graph says about the account's health."""

from __future__ import annotations

from typing import Any

import pytest

from providers.abilities import Check, Diagnoses, Finding, Health
from tests.providers.adapters.meta.openapi import problems
from tests.providers.adapters.meta.payloads import WABA, adapter, payload
from tests.providers.adapters.meta.wire import Page, from_pages
from tests.providers.wire import free_port

URL = "https://portal.example/webhooks/1/"
NUMBER = "298117653388214"
ACCOUNT = ("200 OK", {"id": WABA, "name": "Ejemplo", "account_review_status": "APPROVED"})
CONNECTED = ("200 OK", {**payload("phone_number_get.response"), "status": "CONNECTED"})
APP: dict[str, Any] = {"whatsapp_business_api_data": {"id": "1", "name": "HSM"}}
SUBSCRIBED = ("200 OK", {"data": [APP]})
BAD_TOKEN = ("401 Unauthorized", payload("error_190"))


def found(account: Page = ACCOUNT, number: Page = CONNECTED, subscription: Page = SUBSCRIBED) -> list[Finding]:
    def ask(made: Diagnoses) -> list[Finding]:
        return list(made.diagnose(webhook_url=URL, sender_external_ids=[NUMBER]))

    findings, asked = from_pages([account, number, subscription], ask)
    assert [problems(one) for one in asked] == [[], [], []]
    return findings


def of(check: Check, findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.check is check]


def test_a_healthy_account_is_told_so() -> None:
    assert found() == [
        Finding(Check.CREDENTIALS, Health.GOOD, detail="Ejemplo APPROVED"),
        Finding(Check.PERMISSIONS, Health.GOOD, "whatsapp_business_management"),
        Finding(Check.PERMISSIONS, Health.UNKNOWN, "whatsapp_business_messaging"),
        Finding(
            Check.NUMBER,
            Health.GOOD,
            NUMBER,
            "CONNECTED, +54 9 11 5555-0199, Ejemplo S.A., VERIFIED, GREEN",
        ),
        Finding(Check.WEBHOOK_SUBSCRIBED, Health.GOOD, detail="HSM"),
    ]


def test_a_token_that_is_no_longer_valid_is_bad() -> None:
    (finding,) = of(Check.CREDENTIALS, found(account=BAD_TOKEN))
    assert finding.health is Health.BAD
    assert finding.detail.startswith("190/463 ")


def test_a_missing_permission_is_no_bad_token() -> None:
    findings = found(account=("403 Forbidden", payload("error_200")))
    assert [finding.health for finding in of(Check.CREDENTIALS, findings)] == [Health.GOOD]
    assert [finding.health for finding in of(Check.PERMISSIONS, findings)] == [Health.BAD, Health.UNKNOWN]


def test_an_account_that_failed_its_review_is_bad() -> None:
    account = ("200 OK", {"id": WABA, "account_review_status": "RESTRICTED"})
    assert of(Check.CREDENTIALS, found(account=account))[0].health is Health.BAD


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("CONNECTED", Health.GOOD),
        ("FLAGGED", Health.WARNING),
        ("BANNED", Health.BAD),
        ("MELTED", Health.UNKNOWN),
        (None, Health.UNKNOWN),
    ],
)
def test_a_number_is_as_well_as_its_status_says(status: Any, health: Health) -> None:
    number = ("200 OK", {"id": NUMBER, "status": status})
    (finding,) = of(Check.NUMBER, found(number=number))
    assert (finding.health, finding.subject) == (health, NUMBER)


def test_a_number_that_does_not_exist_is_bad() -> None:
    number = ("400 Bad Request", payload("error_100_subcode_33_unknown_object"))
    assert of(Check.NUMBER, found(number=number))[0].health is Health.BAD


def test_an_account_without_a_subscribed_app_gets_no_webhooks() -> None:
    findings = found(subscription=("200 OK", {"data": []}))
    assert of(Check.WEBHOOK_SUBSCRIBED, findings) == [Finding(Check.WEBHOOK_SUBSCRIBED, Health.BAD)]


def test_webhooks_that_go_elsewhere_are_a_warning() -> None:
    elsewhere = {**APP, "override_callback_uri": "https://other.example/hook"}
    (finding,) = of(Check.WEBHOOK_SUBSCRIBED, found(subscription=("200 OK", {"data": [elsewhere]})))
    assert (finding.health, finding.detail) == (Health.WARNING, "https://other.example/hook")


@pytest.mark.parametrize("applications", [[{**APP, "override_callback_uri": URL}], [{"id": "1", "name": "HSM"}]])
def test_our_address_or_the_apps_own_is_good(applications: list[Any]) -> None:
    (finding,) = of(Check.WEBHOOK_SUBSCRIBED, found(subscription=("200 OK", {"data": applications})))
    assert finding == Finding(Check.WEBHOOK_SUBSCRIBED, Health.GOOD, detail="HSM")


def test_what_could_not_be_asked_is_not_called_bad() -> None:
    failed = ("502 Bad Gateway", b"<html>")
    asked = [finding for finding in found(failed, failed, failed) if finding.subject != "whatsapp_business_messaging"]
    assert {finding.health for finding in asked} == {Health.UNKNOWN}
    assert len(asked) == 3


def test_it_never_raises() -> None:
    made = adapter(base_url=f"http://127.0.0.1:{free_port()}")
    findings = list(made.diagnose(webhook_url=URL, sender_external_ids=[NUMBER]))
    assert {finding.health for finding in findings} == {Health.UNKNOWN}
