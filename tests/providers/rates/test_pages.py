"""Prices in the Manager: ops brings a file, sees what changes, publishes; nobody else does."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hsm_portal.roles import Role
from providers.models import ProviderAccount, RateCard
from tests.factories import account_make, rate_card_make, user_make
from tests.providers.rates.test_importing import META

pytestmark = pytest.mark.django_db

IMPORT = "/manager/providers/ratecard/import/"


def client_of(role: Role) -> Client:
    user = user_make(is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def account() -> ProviderAccount:
    return account_make(time_zone="America/Argentina/Buenos_Aires")


@pytest.fixture
def ops() -> Client:
    return client_of(Role.OPS)


def bring(client: Client, account: ProviderAccount, body: str = META, **fields: str) -> Any:
    form = {"account": account.pk, "name": "Meta USD", "valid_from": "2027-04-01", **fields}
    return client.post(IMPORT, {**form, "file": SimpleUploadedFile("rates.csv", body.encode())})


def test_ops_brings_a_file_sees_the_changes_and_publishes(ops: Client, account: ProviderAccount) -> None:
    rate_card_make(account=account)
    answer = bring(ops, account)
    card = RateCard.objects.get(name="Meta USD")
    preview = reverse("admin:providers_ratecard_preview", args=[card.pk])
    assert (answer.status_code, answer["Location"]) == (302, preview)
    # Midnight of the account's time zone, which is three hours behind.
    assert card.valid_from.isoformat() == "2027-04-01T03:00:00+00:00"
    page = ops.get(preview).content.decode()
    assert "Publishing it ends “Tarifario 2026”" in page
    ops.post(reverse("admin:providers_ratecard_publish", args=[card.pk]))
    card.refresh_from_db()
    assert card.is_published
    assert "published" in ops.get(preview).content.decode()


def test_a_wrong_file_is_shown_with_its_reasons_and_kept_out(ops: Client, account: ProviderAccount) -> None:
    page = bring(ops, account, META.replace("0.0618", "-1")).content.decode()
    assert "Nothing was stored: 1 problem." in page
    assert "The amount is negative: -1." in page
    assert not RateCard.objects.exists()


def test_a_card_is_exported_in_our_own_form(ops: Client, account: ProviderAccount) -> None:
    card = rate_card_make(account=account)
    answer = ops.get(reverse("admin:providers_ratecard_export", args=[card.pk]))
    assert answer["Content-Type"].startswith("text/csv")
    assert "rate,AR,marketing,0,,0.061800,USD," in answer.content.decode()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.COORDINATOR, Role.AGENT])
def test_only_ops_imports_and_publishes(role: Role, account: ProviderAccount) -> None:
    card, client = rate_card_make(account=account, is_published=False), client_of(role)
    assert client.get(IMPORT).status_code in (302, 403)
    assert client.post(reverse("admin:providers_ratecard_publish", args=[card.pk])).status_code in (302, 403)
    card.refresh_from_db()
    assert not card.is_published


def test_publishing_is_no_link(ops: Client, account: ProviderAccount) -> None:
    card = rate_card_make(account=account, is_published=False)
    assert ops.get(reverse("admin:providers_ratecard_publish", args=[card.pk])).status_code == 405


def test_a_card_that_cannot_be_published_says_why(ops: Client, account: ProviderAccount) -> None:
    rate_card_make(account=account)
    draft = rate_card_make(account=account, is_published=False, valid_from=RateCard.objects.get().valid_from)
    preview = reverse("admin:providers_ratecard_preview", args=[draft.pk])
    assert "overlap" in ops.get(preview).content.decode()
    ops.post(reverse("admin:providers_ratecard_publish", args=[draft.pk]))
    draft.refresh_from_db()
    assert not draft.is_published


def test_the_list_asks_the_same_number_of_queries_however_long_it_is(ops: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert ops.get("/manager/providers/ratecard/").status_code == 200
        return len(found)

    rate_card_make(account=account_make())
    short = queries()
    for _number in range(4):
        rate_card_make(account=account_make())
    assert queries() == short


def test_the_rules_are_seeded_with_source_and_date(ops: Client) -> None:
    page = ops.get("/manager/providers/pricingrule/").content.decode()
    assert page.count("Pricing on the WhatsApp Business Platform") >= 4
