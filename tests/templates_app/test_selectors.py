"""Which templates can be sent, and why the others cannot, in plain words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import Reason
from providers.parking import park
from templates_app.models import Template, TemplateStatus
from templates_app.selectors import (
    accounts_with_templates,
    content_hash,
    template_blockers,
    template_uses,
    templates_sendable,
)
from tests.factories import RETOMAR_TURNO, account_make, message_make, template_make


def codes(template: Template) -> list[str]:
    """The codes of what stands in the way; each has a sentence."""
    blockers = template_blockers(template)
    assert all(str(blocker.sentence).endswith(".") for blocker in blockers)
    return [blocker.code for blocker in blockers]


@pytest.mark.django_db
def test_it_lets_an_approved_template_be_sent() -> None:
    template = template_make()

    assert codes(template) == []
    assert list(templates_sendable()) == [template]


@pytest.mark.django_db
@pytest.mark.parametrize("status", [status for status in TemplateStatus.values if status != "APPROVED"])
def test_it_blocks_every_status_but_approved(status: str) -> None:
    assert codes(template_make(status=status)) == ["status"]
    assert not templates_sendable().exists()


@pytest.mark.django_db
def test_it_blocks_a_template_that_is_missing_at_the_provider() -> None:
    assert codes(template_make(missing_since=timezone.now())) == ["missing"]
    assert not templates_sendable().exists()


@pytest.mark.django_db
def test_it_blocks_a_template_that_is_parked_until_the_park_ends() -> None:
    parked = template_make()
    park(parked, reason=Reason.TEMPLATE_PAUSED, until=timezone.now() + timedelta(hours=1))
    over = template_make(name="otra")
    park(over, reason=Reason.TEMPLATE_PAUSED, until=timezone.now() - timedelta(hours=1))

    assert codes(parked) == ["parked"]
    assert codes(over) == []
    assert list(templates_sendable()) == [over]


@pytest.mark.django_db
def test_it_blocks_the_templates_of_an_account_that_is_off_or_parked() -> None:
    off = template_make(account=account_make(is_active=False))
    account = account_make()
    park(account, reason=Reason.CREDENTIALS)
    parked = template_make(account=account)

    assert codes(off) == ["account_inactive"]
    assert codes(parked) == ["account_parked"]
    assert not templates_sendable().exists()


@pytest.mark.django_db
def test_it_blocks_what_it_does_not_understand() -> None:
    assert codes(template_make(components=[*RETOMAR_TURNO, {"type": "HOLOGRAM"}])) == ["unknown_component"]


@pytest.mark.django_db
def test_it_names_every_reason() -> None:
    template = template_make(status="PAUSED", missing_since=timezone.now(), account=account_make(is_active=False))

    assert codes(template) == ["status", "missing", "account_inactive"]


@pytest.mark.django_db
def test_it_narrows_to_one_account() -> None:
    template = template_make()
    template_make()

    assert list(templates_sendable(account=template.account)) == [template]


@pytest.mark.django_db
def test_it_counts_templates_per_active_account() -> None:
    account = account_make()
    template_make(account=account)
    template_make(account=account, name="otra", status="REJECTED")
    account_make(is_active=False)

    counts = accounts_with_templates().values_list("pk", "template_count", "sendable_count")

    assert list(counts) == [(account.pk, 2, 1)]


@pytest.mark.django_db
def test_it_counts_where_a_template_is_used() -> None:
    message = message_make()
    assert message.template is not None

    assert template_uses(message.template) == (1, message.created_at)
    assert template_uses(template_make()) == (0, None)


def test_its_hash_leaves_out_examples_and_the_order_of_keys() -> None:
    one: list[dict[str, Any]] = [{"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://a"]}}]
    two: list[dict[str, Any]] = [{"format": "IMAGE", "type": "HEADER", "example": {"header_handle": ["https://b"]}}]

    assert content_hash(one, "POSITIONAL") == content_hash(two, "positional")


@given(st.text(), st.text())
def test_its_hash_tells_any_two_texts_apart(one: str, two: str) -> None:
    hashes = {content_hash([{"type": "BODY", "text": text}], "POSITIONAL") for text in (one, two)}

    assert len(hashes) == len({one, two})


def test_its_hash_tells_named_from_positional() -> None:
    assert content_hash(RETOMAR_TURNO, "NAMED") != content_hash(RETOMAR_TURNO, "POSITIONAL")
