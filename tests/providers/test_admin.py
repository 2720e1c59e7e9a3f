"""The providers' pages in the Manager: who reaches them, what they show, what their buttons do."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from hsm_portal.roles import Role
from providers.credentials import credentials_decrypt
from providers.models import ProviderAccount, ProviderNotice, Rate, SenderNumber, WebhookDelivery
from providers.parking import park
from tests.deliveries import CUSTOMER_PHONE, deliver, delivery_make, payload, payload_number_make
from tests.factories import CREDENTIALS, rate_card_make, sender_number_make, user_make

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"
SECRETS = [CREDENTIALS["access_token"], CREDENTIALS["app_secret"]]


def _client(role: Role) -> Client:
    user = user_make(is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def admin() -> Client:
    return _client(Role.ADMIN)


@pytest.fixture
def manager() -> Client:
    return _client(Role.MANAGER)


@pytest.fixture
def number() -> SenderNumber:
    return payload_number_make()


def _address(page: str, *args: Any) -> str:
    return reverse(f"admin:providers_{page}", args=args)


def _text(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize(
    "model",
    ["provideraccount", "sendernumber", "portfolio", "ratecard", "webhookdelivery", "providercall", "providernotice"],
)
def test_every_list_opens_with_rows_in_it(admin: Client, number: SenderNumber, model: str) -> None:
    rate_card_make(account=number.account)
    deliver(number.account, payload("webhook_account_alerts_limit_deferred"))
    assert admin.get(_address(f"{model}_changelist")).status_code == 200


@pytest.mark.parametrize(
    ("role", "page", "status"),
    [
        (Role.MANAGER, "provideraccount_changelist", 200),
        (Role.OPS, "provideraccount_changelist", 200),
        (Role.COORDINATOR, "provideraccount_changelist", 403),
        (Role.MANAGER, "webhookdelivery_changelist", 200),
        (Role.OPS, "webhookdelivery_changelist", 403),
        (Role.OPS, "ratecard_add", 200),
        (Role.MANAGER, "ratecard_add", 403),
        (Role.MANAGER, "provideraccount_add", 403),
        (Role.ADMIN, "provideraccount_add", 200),
    ],
)
def test_a_page_is_for_its_roles(role: Role, page: str, status: int) -> None:
    assert _client(role).get(_address(page)).status_code == status


def test_no_secret_is_in_any_page(admin: Client, number: SenderNumber) -> None:
    account = number.account
    delivery = deliver(account, payload("webhook_inbound_text"))
    pages = [
        _address("provideraccount_changelist"),
        _address("provideraccount_change", account.pk),
        _address("provideraccount_history", account.pk),
        _address("sendernumber_change", number.pk),
        _address("webhookdelivery_change", delivery.pk),
    ]
    token = bytes(account.credentials).decode()
    found = [secret for page in pages for secret in [*SECRETS, token] if secret in _text(admin.get(page))]
    assert found == []


def test_the_page_says_which_secrets_are_stored(admin: Client, number: SenderNumber) -> None:
    page = _text(admin.get(_address("provideraccount_change", number.account_id)))
    assert page.count("Leave it empty to keep it.") == 2
    assert "••••cret" in page


def test_the_address_and_the_verify_token_are_shown_for_copying(admin: Client, number: SenderNumber) -> None:
    page = _text(admin.get(_address("provideraccount_change", number.account_id)))
    assert f"http://testserver{number.account.webhook_path}" in page
    assert CREDENTIALS["verify_token"] in page


def test_a_manager_looks_at_an_account_without_its_credentials(manager: Client, number: SenderNumber) -> None:
    page = _text(manager.get(_address("provideraccount_change", number.account_id)))
    assert "Meta Cloud API" in page
    assert "credential_" not in page
    assert CREDENTIALS["verify_token"] not in page


def _account_form(account: ProviderAccount, **values: str) -> dict[str, str]:
    return {"name": account.name, "external_id": account.external_id, "is_active": "on", **values}


def test_saving_with_empty_secrets_keeps_them(admin: Client, number: SenderNumber) -> None:
    account = number.account
    values = {"credential_access_token": "", "credential_app_secret": "", "credential_verify_token": "other"}
    answer = admin.post(_address("provideraccount_change", account.pk), _account_form(account, **values))
    account.refresh_from_db()
    assert answer.status_code == 302
    assert credentials_decrypt(bytes(account.credentials)) == {**CREDENTIALS, "verify_token": "other"}


def test_an_entered_secret_is_stored_encrypted(admin: Client, number: SenderNumber) -> None:
    account = number.account
    form = _account_form(account, credential_access_token="EAA-new-token", credential_verify_token="v")
    admin.post(_address("provideraccount_change", account.pk), form)
    account.refresh_from_db()
    assert b"EAA-new-token" not in bytes(account.credentials)
    assert credentials_decrypt(bytes(account.credentials))["access_token"] == "EAA-new-token"


def test_a_new_account_leads_on_to_its_credentials(admin: Client) -> None:
    form = {"name": "Clínica Norte", "provider": "meta", "external_id": "42", "is_active": "on"}
    answer = admin.post(_address("provideraccount_add"), form)
    account = ProviderAccount.objects.get()
    assert answer["Location"] == _address("provideraccount_change", account.pk)
    assert "credential_access_token" in _text(admin.get(answer["Location"]))


def test_an_account_of_no_known_provider_can_be_looked_at(admin: Client, number: SenderNumber) -> None:
    ProviderAccount.objects.update(provider="nobody", credentials=b"junk")
    assert admin.get(_address("provideraccount_change", number.account_id)).status_code == 200


def test_a_stopped_account_says_why_and_can_be_resumed(admin: Client, number: SenderNumber) -> None:
    park(number.account, reason="billing", detail="131042 payment")
    page = _text(admin.get(_address("provideraccount_change", number.account_id)))
    assert "The account has a payment problem at the provider." in page
    admin.post(_address("provideraccount_resume", number.account_id))
    assert not ProviderAccount.objects.get().is_parked


def test_a_stopped_number_can_be_resumed(admin: Client, number: SenderNumber) -> None:
    park(number, reason="number_blocked")
    assert "Resume sending" in _text(admin.get(_address("sendernumber_change", number.pk)))
    admin.post(_address("sendernumber_resume", number.pk))
    assert not SenderNumber.objects.get().is_parked


@pytest.mark.parametrize("page", ["provideraccount_resume", "provideraccount_numbers", "sendernumber_resume"])
def test_a_button_is_a_post_of_somebody_who_may(admin: Client, number: SenderNumber, page: str) -> None:
    pk, ops = number.pk if page.startswith("sender") else number.account_id, _client(Role.OPS)
    assert (admin.get(_address(page, pk)).status_code, ops.post(_address(page, pk)).status_code) == (405, 403)


def test_a_sync_that_fails_says_so(admin: Client, number: SenderNumber, settings: Any) -> None:
    settings.PROVIDER_BASE_URLS = {"meta": "http://127.0.0.1:1"}
    answer = admin.post(_address("provideraccount_numbers", number.account_id), follow=True)
    assert "The numbers could not be read, so nothing was changed." in _text(answer)


def test_notices_of_the_provider_are_on_the_page(admin: Client, number: SenderNumber) -> None:
    deliver(number.account, payload("webhook_account_alerts_limit_deferred"))
    page = _text(admin.get(_address("provideraccount_change", number.account_id)))
    assert ProviderNotice.objects.get().event in page


def test_a_delivery_shows_people_only_to_who_may_see_phones(number: SenderNumber) -> None:
    delivery = deliver(number.account, payload("webhook_system_user_changed_number"))
    page = _address("webhookdelivery_change", delivery.pk)
    masked = _client_with("providers.view_webhookdelivery").get(page)
    whole = _client_with("providers.view_webhookdelivery", "recontact.see_phones").get(page)
    phones = [CUSTOMER_PHONE[1:], "5491155550177", "NNTQ5MTE1NTU1MDEwMB"]
    assert [phone in _text(masked) for phone in phones] == [False] * 3
    assert [phone in _text(whole) for phone in phones] == [True] * 3


def test_a_body_that_is_no_json_is_not_shown_to_who_may_not_see_phones(number: SenderNumber) -> None:
    delivery = deliver(number.account, b"phone 5491155550100 here")
    page = _text(_client_with("providers.view_webhookdelivery").get(_address("webhookdelivery_change", delivery.pk)))
    assert "5491155550100" not in page


def _client_with(*permissions: str) -> Client:
    client = Client()
    client.force_login(user_make(is_staff=True, permissions=permissions), backend=BACKEND)
    return client


def test_a_delivery_is_replayed_by_who_may(admin: Client, manager: Client, number: SenderNumber) -> None:
    delivery = delivery_make(number.account, payload("webhook_inbound_text"))
    replay = _address("webhookdelivery_replay", delivery.pk)
    assert manager.post(replay).status_code == 403
    assert "Read again without problems (items: 1)." in _text(admin.post(replay, follow=True))
    assert WebhookDelivery.objects.get().state == "processed"


def test_a_replay_with_problems_shows_them(admin: Client, number: SenderNumber) -> None:
    SenderNumber.objects.update(external_id="another")
    delivery = deliver(number.account, payload("webhook_inbound_text"))
    page = _text(admin.post(_address("webhookdelivery_replay", delivery.pk), follow=True))
    assert "The sender number is not known here." in page


@pytest.mark.parametrize("pk", ["0", "99999999999999999999", "x"])
def test_a_delivery_that_is_not_there_is_not_found(admin: Client, pk: str) -> None:
    assert admin.get(f"/manager/providers/webhookdelivery/{pk}/change/").status_code == 404


def test_a_published_card_can_only_be_looked_at(number: SenderNumber) -> None:
    card, ops = rate_card_make(account=number.account), _client(Role.OPS)
    page = _text(ops.get(_address("ratecard_change", card.pk)))
    assert "This card is published, so it stays as it is" in page
    assert ops.post(_address("ratecard_change", card.pk), {"name": "other"}).status_code == 403


def test_a_draft_is_edited_with_its_prices(number: SenderNumber) -> None:
    card, ops = rate_card_make(account=number.account, is_published=False), _client(Role.OPS)
    rate = Rate.objects.filter(card=card).order_by("market", "category").first()
    assert rate is not None
    form = {
        "account": number.account_id,
        "name": "Tarifario corregido",
        "currency": "USD",
        "valid_from_0": timezone.localdate().isoformat(),
        "valid_from_1": "00:00:00",
        "rates-TOTAL_FORMS": "1",
        "rates-INITIAL_FORMS": "1",
        "rates-0-id": rate.pk,
        "rates-0-card": card.pk,
        "rates-0-market": rate.market,
        "rates-0-category": rate.category,
        "rates-0-tier_from": "0",
        "rates-0-tier_to": "",
        "rates-0-price": "0.5",
        "report_covers": "all",
        "fees-TOTAL_FORMS": "0",
        "fees-INITIAL_FORMS": "0",
    }
    answer = ops.post(_address("ratecard_change", card.pk), form)
    rate.refresh_from_db()
    card.refresh_from_db()
    assert (answer.status_code, card.name, str(rate.price)) == (302, "Tarifario corregido", "0.500000")


@pytest.mark.parametrize("model", ["provideraccount", "sendernumber", "webhookdelivery"])
def test_a_list_asks_the_same_number_of_queries_however_long_it_is(
    admin: Client, number: SenderNumber, model: str
) -> None:
    delivery_make(number.account, b"{}")
    short = _queries_of_list(admin, model)
    for _index in range(4):
        delivery_make(sender_number_make().account, b"{}")
    assert _queries_of_list(admin, model) == short


def _queries_of_list(client: Client, model: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(_address(f"{model}_changelist"))
    return len(queries)
