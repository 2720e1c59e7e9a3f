"""Templates that a person enters: written down with their author, sendable, and left alone by the sync."""

from __future__ import annotations

import pytest
from auditlog.models import LogEntry

from providers.models import ProviderAccount
from templates_app.hand import (
    HandEntry,
    template_change_by_hand,
    template_enter_by_hand,
    template_status_by_hand,
)
from templates_app.models import Template, TemplateChange, TemplateStatus
from templates_app.selectors import template_blockers, templates_sendable
from templates_app.submit import NotSubmitted
from templates_app.sync import templates_sync
from tests.factories import account_make, template_make, user_make
from tests.templates_app.writing import draft, plain
from tests.world import TEMPLATE_ID, World

pytestmark = pytest.mark.django_db
ENTRY = HandEntry(namespace="ns_1", external_id="el-77")


@pytest.fixture
def account() -> ProviderAccount:
    """An account whose provider gives no list."""
    return account_make(provider="clickatell")


def entered(account: ProviderAccount, **changes: str) -> Template:
    """A template entered by hand."""
    return template_enter_by_hand(
        account_id=account.pk, draft=plain("Hola {{1}}", **changes), entry=ENTRY, user=user_make()
    )


def test_it_is_written_down_as_a_person_says_it(account: ProviderAccount) -> None:
    template = entered(account)

    template.refresh_from_db()
    assert template.by_hand
    assert (template.namespace, template.external_id, template.status) == ("ns_1", "el-77", TemplateStatus.APPROVED)
    assert template.components[0]["text"] == "Hola {{1}}"


def test_it_can_be_sent(account: ProviderAccount) -> None:
    template = entered(account)

    assert list(templates_sendable(account=account)) == [template]
    assert template_blockers(template) == []


def test_its_status_is_audited_with_its_author(account: ProviderAccount) -> None:
    ana = user_make()
    template = entered(account)

    template_status_by_hand(template_id=template.pk, status="PAUSED", reason="Bloqueos", user=ana)

    change = TemplateChange.objects.filter(kind="status").first()
    assert change is not None
    assert (change.old, change.new, change.source, change.by, change.reason) == (
        "APPROVED", "PAUSED", "person", ana, "Bloqueos",
    )  # fmt: skip
    entry = LogEntry.objects.get_for_object(template).first()
    assert entry is not None
    assert entry.changes_dict == {"status": ["APPROVED", "PAUSED"]}


def test_a_status_that_is_none_of_ours_is_refused(account: ProviderAccount) -> None:
    with pytest.raises(NotSubmitted, match="bad_status"):
        template_status_by_hand(template_id=entered(account).pk, status="FINE", reason="", user=None)


def test_the_status_of_a_listed_template_is_not_a_persons_to_say() -> None:
    with pytest.raises(NotSubmitted, match="not_by_hand"):
        template_status_by_hand(template_id=template_make().pk, status="PAUSED", reason="", user=None)


def test_its_content_can_be_changed(account: ProviderAccount) -> None:
    template = entered(account)

    template_change_by_hand(template_id=template.pk, draft=plain("Chau {{1}}"), entry=ENTRY, user=None)

    template.refresh_from_db()
    assert template.components[0]["text"] == "Chau {{1}}"
    assert template.changes.filter(kind="content").exists()


def test_its_name_stays(account: ProviderAccount) -> None:
    template = entered(account)

    with pytest.raises(NotSubmitted, match="name_fixed"):
        template_change_by_hand(template_id=template.pk, draft=draft(), entry=ENTRY, user=None)


def test_two_of_one_name_and_language_are_refused(account: ProviderAccount) -> None:
    entered(account)

    with pytest.raises(NotSubmitted, match="name_taken"):
        entered(account)


def test_the_name_of_one_that_is_deleted_is_free_again(account: ProviderAccount) -> None:
    template = entered(account)
    template_status_by_hand(template_id=template.pk, status="DELETED", reason="", user=None)

    assert entered(account).pk == template.pk


def test_what_the_provider_cannot_send_is_refused(account: ProviderAccount) -> None:
    with pytest.raises(NotSubmitted, match="not_carried"):
        entered(account, header_kind="video", header_media="https://e.com/a.mp4")


def test_the_sync_never_marks_it_missing(world: World) -> None:
    template = entered(world.account)

    templates_sync(account_id=world.account.pk)

    template.refresh_from_db()
    assert (template.missing_since, template.status) == (None, TemplateStatus.APPROVED)


def test_the_sync_of_an_account_without_a_list_proves_nothing(account: ProviderAccount) -> None:
    template = template_make(account=account)

    assert templates_sync(account_id=account.pk).listed == 0

    template.refresh_from_db()
    assert template.missing_since is None


def test_one_that_the_provider_lists_after_all_is_the_providers(world: World) -> None:
    Template.objects.filter(pk=world.template.pk).update(by_hand=True, external_id="", status="PAUSED")

    templates_sync(account_id=world.account.pk)

    world.template.refresh_from_db()
    assert not world.template.by_hand
    assert (world.template.external_id, world.template.status) == (TEMPLATE_ID, TemplateStatus.APPROVED)
