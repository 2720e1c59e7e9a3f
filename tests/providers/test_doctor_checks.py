"""What the connection doctor finds: each check fails when what it looks at is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from providers import doctor_checks
from providers.abilities import Check, Finding, Health
from providers.contracts import Capabilities, Protection, RemoteNumber, RemoteTemplate
from providers.credentials import credentials_encrypt
from providers.doctor_checks import account_findings
from providers.doctor_words import KeptFinding
from providers.errors import ProviderCallError, Reason
from providers.models import ProviderAccount
from tests.factories import account_make, sender_number_make
from tests.providers.stub import SLUG, DiagnosingProvider, StubProvider, stub_registered

pytestmark = pytest.mark.django_db

Found = dict[Check, list[tuple[Health, str]]]
Doctor = Callable[..., Found]

TEMPLATE = RemoteTemplate("1", "aviso", "es", "utility", "APPROVED", [])
NUMBER = RemoteNumber("77", "+54 9 11 5555-0199")
REFUSED = ProviderCallError(Reason.CREDENTIALS, provider_code="401", detail="bad key")


@pytest.fixture
def account() -> ProviderAccount:
    account = account_make(provider=SLUG, credentials=credentials_encrypt({"api_key": "k-123"}))
    sender_number_make(account=account, external_id="77", phone="+5491155550199")
    return account


@pytest.fixture
def doctor(account: ProviderAccount, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Doctor]:
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    with monkeypatch.context() as patch:

        def look(adapter: type[StubProvider] = StubProvider, **answers: Any) -> Found:
            with stub_registered(patch, adapter, **{"numbers": [NUMBER], "templates": [TEMPLATE], **answers}):
                found: Found = {}
                for finding in account_findings(ProviderAccount.objects.get(pk=account.pk)):
                    found.setdefault(finding.check, []).append((finding.health, finding.note))
                return found

        yield look


def test_an_account_that_is_well_is_found_well(doctor: Doctor) -> None:
    found = doctor()
    well = [Check.CREDENTIALS, Check.NUMBER, Check.TEMPLATES, Check.WEBHOOK_PROTECTION]
    assert [found[check][0][0] for check in well] == [Health.GOOD] * 4


def test_credentials_that_are_refused_are_told_once_and_for_all(doctor: Doctor) -> None:
    found = doctor(numbers=REFUSED, templates=REFUSED)
    assert found[Check.CREDENTIALS] == [(Health.BAD, "")]
    assert found[Check.NUMBER] == found[Check.TEMPLATES] == [(Health.UNKNOWN, "skipped")]


def test_a_missing_credential_is_named(doctor: Doctor, account: ProviderAccount) -> None:
    account.credentials = credentials_encrypt({})
    account.save()
    assert doctor()[Check.CREDENTIALS] == [(Health.BAD, "missing")]


def test_credentials_that_fit_no_key_are_told(doctor: Doctor, account: ProviderAccount) -> None:
    account.credentials = b"junk"
    account.save()
    assert doctor()[Check.CREDENTIALS] == [(Health.BAD, "unreadable")]


def test_an_account_whose_adapter_is_gone_is_told(doctor: Doctor, account: ProviderAccount) -> None:
    ProviderAccount.objects.update(provider="nobody")
    assert doctor()[Check.CREDENTIALS] == [(Health.BAD, "no_adapter")]


def test_a_missing_permission_is_told_as_such(doctor: Doctor) -> None:
    found = doctor(templates=ProviderCallError(Reason.PERMISSION))
    assert found[Check.PERMISSIONS] == [(Health.BAD, "")]


def test_templates_that_cannot_be_read_are_told_with_the_reason(account: ProviderAccount, doctor: Doctor) -> None:
    assert doctor(templates=ProviderCallError(Reason.PROVIDER_DOWN))[Check.TEMPLATES] == [(Health.BAD, "")]


def test_a_number_that_the_provider_does_not_list_is_bad(doctor: Doctor) -> None:
    found = doctor(numbers=[RemoteNumber("78", "+54 9 11 5555-0200")])
    assert found[Check.NUMBER] == [(Health.BAD, "unlisted"), (Health.WARNING, "new")]


def test_a_number_is_known_by_its_phone_too(doctor: Doctor) -> None:
    assert doctor(numbers=[RemoteNumber("other-id", "+54 9 11 5555-0199")])[Check.NUMBER] == [(Health.GOOD, "listed")]


def test_an_account_without_active_numbers_is_told(doctor: Doctor, account: ProviderAccount) -> None:
    account.numbers.update(is_active=False)
    assert (Health.WARNING, "none") in doctor()[Check.NUMBER]


def test_what_a_provider_cannot_list_is_not_known(doctor: Doctor) -> None:
    found = doctor(capabilities=Capabilities(list_numbers=False, list_templates=False))
    assert found[Check.TEMPLATES] == found[Check.NUMBER] == [(Health.UNKNOWN, "")]
    assert found[Check.CREDENTIALS] == [(Health.UNKNOWN, "untested")]


def test_an_adapter_that_breaks_is_a_finding_and_no_crash(doctor: Doctor) -> None:
    assert doctor(templates=KeyError("surprise"))[Check.TEMPLATES] == [(Health.BAD, "failed")]


@pytest.mark.parametrize(
    ("protection", "expected"),
    [
        (Protection.SIGNATURE, (Health.GOOD, "signature")),
        (Protection.SECRET, (Health.GOOD, "secret")),
        (Protection.PATH, (Health.WARNING, "")),
    ],
)
def test_the_protection_of_the_webhook_is_told(
    doctor: Doctor, protection: Protection, expected: tuple[Health, str]
) -> None:
    assert doctor(protection=protection)[Check.WEBHOOK_PROTECTION] == [expected]


def test_an_address_where_nothing_answers_is_bad(doctor: Doctor) -> None:
    assert doctor()[Check.WEBHOOK_REACHABLE] == [(Health.BAD, "silent")]


def test_a_public_address_without_https_is_bad(doctor: Doctor, settings: Any) -> None:
    settings.PUBLIC_URL = "http://portal.example.com"
    assert doctor()[Check.WEBHOOK_REACHABLE] == [(Health.BAD, "insecure")]


@pytest.mark.parametrize(
    ("came", "shaken", "handshake", "last"),
    [
        (None, None, (Health.WARNING, ""), (Health.UNKNOWN, "")),
        (None, timedelta(days=1), (Health.GOOD, ""), (Health.UNKNOWN, "")),
        (timedelta(hours=1), None, (Health.GOOD, "webhooks"), (Health.GOOD, "")),
        (timedelta(days=8), timedelta(days=9), (Health.GOOD, ""), (Health.WARNING, "")),
    ],
)
def test_it_tells_when_webhooks_came(
    doctor: Doctor,
    account: ProviderAccount,
    came: timedelta | None,
    shaken: timedelta | None,
    handshake: tuple[Health, str],
    last: tuple[Health, str],
) -> None:
    now = timezone.now()
    account.last_webhook_at = None if came is None else now - came
    account.handshake_at = None if shaken is None else now - shaken
    account.save()
    found = doctor()
    assert (found[Check.HANDSHAKE], found[Check.LAST_WEBHOOK]) == ([handshake], [last])


@pytest.mark.parametrize(
    ("seconds", "health"), [(0.4, Health.GOOD), (-40.0, Health.WARNING), (400.0, Health.BAD), (None, Health.UNKNOWN)]
)
def test_a_clock_that_differs_is_told(seconds: float | None, health: Health) -> None:
    assert doctor_checks._clock([] if seconds is None else [seconds]).health is health


def test_an_adapter_knows_better_than_our_guess(doctor: Doctor) -> None:
    own = [Finding(Check.NUMBER, Health.BAD, "77", "not registered"), Finding(Check.CREDENTIALS, Health.WARNING)]
    found = doctor(DiagnosingProvider, findings=own)
    assert found[Check.NUMBER] == [(Health.BAD, "")]
    assert found[Check.CREDENTIALS] == [(Health.WARNING, "")]


def test_what_we_found_bad_stays_beside_what_the_adapter_says(doctor: Doctor) -> None:
    own = [Finding(Check.NUMBER, Health.GOOD, "78")]
    found = doctor(DiagnosingProvider, numbers=[], findings=own)
    assert found[Check.NUMBER] == [(Health.BAD, "unlisted"), (Health.GOOD, "")]


def test_findings_are_kept_without_more_than_is_worth_keeping() -> None:
    kept = KeptFinding(Check.NUMBER, Health.BAD, detail="x" * 1000 + "\x00").as_json()
    assert (len(kept["detail"]), kept["note"]) == (300, "bad")


def test_a_number_that_the_adapter_names_by_its_id_is_named_as_people_know_it(
    account: ProviderAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [Finding(Check.NUMBER, Health.BAD, "77")]
    with stub_registered(monkeypatch, DiagnosingProvider, findings=own, numbers=[NUMBER], templates=[TEMPLATE]):
        subjects = [finding.subject for finding in account_findings(account) if finding.check is Check.NUMBER]
    assert subjects == [str(account.numbers.get())]
