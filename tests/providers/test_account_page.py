"""An account's page: the connection check, the webhook's set-up, what the provider can do, credentials that are missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hsm_portal.roles import Role
from providers.abilities import Check, Health
from providers.contracts import ALL_PARTS, Capabilities, Protection
from providers.credentials import credentials_decrypt, credentials_encrypt
from providers.doctor import checkup_request
from providers.doctor_words import KeptFinding
from providers.models import Checkup, ProviderAccount, ProviderNotice
from tests.factories import account_make
from tests.providers.clients import address, client_of, queries_of, text_of
from tests.providers.stub import SLUG, StubProvider, stub_registered

pytestmark = pytest.mark.django_db


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with monkeypatch.context() as patch, stub_registered(patch, StubProvider):
        yield monkeypatch


@pytest.fixture
def account(stub: None) -> ProviderAccount:
    return account_make(provider=SLUG, credentials=credentials_encrypt({"api_key": "k-123-secret-456"}))


@pytest.fixture
def admin() -> Client:
    return client_of(Role.ADMIN)


@pytest.fixture
def manager() -> Client:
    return client_of(Role.MANAGER)


def page_of(client: Client, account: ProviderAccount) -> str:
    return text_of(client.get(address("provideraccount_change", account.pk)))


def checked(account: ProviderAccount, *findings: KeptFinding, **fields: Any) -> Checkup:
    rows = [{**finding.as_json(), "since": timezone.now().isoformat()} for finding in findings]
    return Checkup.objects.create(
        account=account, state="done", finished_at=timezone.now(), findings=rows, **{"health": "bad", **fields}
    )


# --- the connection check ------------------------------------------------------------------------------------------------


def test_an_account_never_checked_says_so(manager: Client, account: ProviderAccount) -> None:
    assert "Not checked yet." in page_of(manager, account)


def test_a_finding_says_what_is_wrong_and_what_to_do(manager: Client, account: ProviderAccount) -> None:
    checked(account, KeptFinding(Check.WEBHOOK_SUBSCRIBED, Health.BAD, detail="no app subscribed"))
    page = page_of(manager, account)
    assert "does not send the account&#x27;s webhooks here" in page
    assert "What to do:" in page
    assert "no app subscribed" in page


def test_a_check_is_asked_for_by_a_button(
    manager: Client, account: ProviderAccount, django_capture_on_commit_callbacks: Any
) -> None:
    page = text_of(manager.post(address("provideraccount_check", account.pk), follow=True))
    assert Checkup.objects.get().state == "waiting"
    assert 'hx-trigger="every 1s"' in page


def test_the_part_of_the_page_stops_asking_when_the_result_is_there(manager: Client, account: ProviderAccount) -> None:
    checkup = checkup_request(account_id=account.pk)
    part = address("provideraccount_checkup", account.pk)
    assert "hx-get" in text_of(manager.get(part))
    Checkup.objects.filter(pk=checkup.pk).update(state="done", finished_at=timezone.now(), health="good")
    assert "hx-get" not in text_of(manager.get(part))


def test_a_check_that_no_worker_took_up_is_told_and_may_be_asked_for_again(
    manager: Client, account: ProviderAccount
) -> None:
    checkup_request(account_id=account.pk)
    Checkup.objects.update(asked_at=timezone.now() - timedelta(minutes=10))
    page = page_of(manager, account)
    assert "No worker took the last check up." in page
    assert "hx-get" not in page.partition('id="checkup"')[2].partition("</section>")[0]


@pytest.mark.parametrize(("role", "status"), [(Role.OPS, 403), (Role.COORDINATOR, 403), (Role.MANAGER, 302)])
def test_only_some_may_ask_for_a_check(account: ProviderAccount, role: Role, status: int) -> None:
    assert client_of(role).post(address("provideraccount_check", account.pk)).status_code == status


def test_the_page_takes_the_same_queries_however_much_was_found(manager: Client, account: ProviderAccount) -> None:
    checked(account)
    few = queries_of(manager, address("provideraccount_change", account.pk))
    for _index in range(5):
        checked(account, *[KeptFinding(check, Health.BAD) for check in Check])
        ProviderNotice.objects.create(
            account=account, event="NEWS", occurred_at=timezone.now(), fingerprint=str(_index), values={"park": True}
        )
    assert queries_of(manager, address("provideraccount_change", account.pk)) == few


# --- the webhook's set-up ------------------------------------------------------------------------------------------------


def test_a_signed_webhook_needs_no_secret(admin: Client, account: ProviderAccount) -> None:
    page = page_of(admin, account)
    assert "protected by: signature" in page
    assert "X-Hook-Secret" not in page


@pytest.mark.parametrize("protection", [Protection.SECRET, Protection.PATH])
def test_a_webhook_without_signature_says_where_the_secret_goes(
    admin: Client, account: ProviderAccount, stub: pytest.MonkeyPatch, protection: Protection, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://portal.example.com"
    stub.setattr(StubProvider, "protection", protection)
    page = page_of(admin, account)
    assert "X-Hook-Secret: SECRET" in page
    assert f"https://hsm:SECRET@portal.example.com{account.webhook_path}" in page
    assert ("Nothing but the address" in page) == (protection is Protection.PATH)


def test_an_account_without_usable_credentials_still_shows_its_address(admin: Client, account: ProviderAccount) -> None:
    ProviderAccount.objects.update(credentials=b"junk")
    assert account.webhook_url in page_of(admin, account)


# --- what the provider can do --------------------------------------------------------------------------------------------


def test_what_the_provider_cannot_carry_is_named(
    admin: Client, account: ProviderAccount, stub: pytest.MonkeyPatch
) -> None:
    stub.setattr(StubProvider, "capabilities", Capabilities(parts=ALL_PARTS - {"carousel"}, look_up=False))
    assert "It cannot carry: a carousel." in page_of(admin, account)


def test_how_far_a_look_up_goes_is_told(admin: Client, account: ProviderAccount, stub: pytest.MonkeyPatch) -> None:
    stub.setattr(StubProvider, "capabilities", Capabilities(look_up=True, absence_proves_after=600))
    assert "after 10 min proves that it was not sent" in page_of(admin, account)


# --- notices -------------------------------------------------------------------------------------------------------------


def test_what_a_notice_changed_is_told(manager: Client, account: ProviderAccount) -> None:
    values = {"quality": "RED", "throughput": 40, "messaging_limit": 2000}
    ProviderNotice.objects.create(
        account=account, event="QUALITY", occurred_at=timezone.now(), fingerprint="1", values=values
    )
    assert "Low quality, 40 messages per second, 2000 people in 24 h" in page_of(manager, account).replace(
        ",000", "000"
    )


# --- credentials ---------------------------------------------------------------------------------------------------------


def form_of(account: ProviderAccount, **values: str) -> dict[str, str]:
    return {"name": account.name, "external_id": account.external_id, **values}


def test_an_active_account_is_not_saved_without_what_its_provider_needs(
    admin: Client, account: ProviderAccount
) -> None:
    ProviderAccount.objects.update(credentials=b"")
    answer = admin.post(address("provideraccount_change", account.pk), form_of(account, is_active="on"))
    assert "This provider needs it." in text_of(answer)


def test_an_account_that_is_switched_off_may_be_prepared(admin: Client, account: ProviderAccount) -> None:
    ProviderAccount.objects.update(credentials=b"")
    answer = admin.post(address("provideraccount_change", account.pk), form_of(account))
    assert (answer.status_code, ProviderAccount.objects.get().is_active) == (302, False)


def test_a_credential_with_invisible_characters_is_refused(admin: Client, account: ProviderAccount) -> None:
    form = form_of(account, is_active="on", credential_api_key="new\u200bkey")
    assert "that cannot be seen" in text_of(admin.post(address("provideraccount_change", account.pk), form))
    stored = credentials_decrypt(bytes(ProviderAccount.objects.get().credentials))
    assert stored == {"api_key": "k-123-secret-456"}


def test_what_is_well_is_folded_away_beneath_what_is_not(manager: Client, account: ProviderAccount) -> None:
    checked(
        account, KeptFinding(Check.TEMPLATES, Health.GOOD, params={"count": 3}), KeptFinding(Check.CLOCK, Health.BAD)
    )
    part = text_of(manager.get(address("provideraccount_checkup", account.pk)))
    assert part.index("The portal&#x27;s clock") < part.index("1 check needs nothing") < part.index("3 found")


def test_all_that_the_provider_said_is_one_click_away(manager: Client, account: ProviderAccount) -> None:
    ProviderNotice.objects.create(account=account, event="NEWS", occurred_at=timezone.now(), fingerprint="1")
    ProviderNotice.objects.create(
        account=account_make(provider=SLUG), event="ELSEWHERE", occurred_at=timezone.now(), fingerprint="1"
    )
    link = f"/manager/providers/providernotice/?account__id__exact={account.pk}"
    assert link in page_of(manager, account)
    found = [notice.event for notice in manager.get(link).context["cl"].result_list]
    assert found == ["NEWS"]


def test_numbers_are_synced_only_where_the_provider_lists_them(
    admin: Client, account: ProviderAccount, stub: pytest.MonkeyPatch
) -> None:
    assert "Sync numbers" in page_of(admin, account)
    stub.setattr(StubProvider, "capabilities", Capabilities(list_numbers=False))
    assert "Sync numbers" not in page_of(admin, account)
