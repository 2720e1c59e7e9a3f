"""What webhooks tell about templates is applied once, in whatever order; in doubt the list is asked again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from providers.contracts import TemplateEvent
from providers.errors import Reason
from providers.events import handlers_for
from providers.parking import park
from templates_app.models import Template, TemplateChange
from templates_app.receivers import template_event_apply
from templates_app.tasks import templates_sync_task
from tests.factories import account_make, template_make

pytestmark = pytest.mark.django_db


def syncs_asked() -> int:
    """How many syncs wait for the test's transaction to commit (waking the dispatcher is not one of them)."""
    return sum(getattr(entry[1], "func", None) == templates_sync_task.apply_async for entry in connection.run_on_commit)


def event_of(template: Template, *, occurred_at: datetime | None = None, **said: Any) -> TemplateEvent:
    """An event about `template`, of now."""
    said = {"external_id": template.external_id, "name": template.name, "language": template.language, **said}
    return TemplateEvent(occurred_at=occurred_at or timezone.now(), **said)


def test_it_is_registered_for_template_events() -> None:
    assert template_event_apply in handlers_for(event_of(Template(external_id="1", name="x", language="es")))


def test_it_applies_a_status_and_tells_it() -> None:
    template = template_make()

    template_event_apply(template.account_id, event_of(template, status="PAUSED", reason="FIRST_PAUSE"))

    template.refresh_from_db()
    change = template.changes.get()
    assert template.status == "PAUSED"
    assert (change.kind, change.old, change.new) == ("status", "APPROVED", "PAUSED")
    assert (change.source, change.reason) == ("webhook", "FIRST_PAUSE")
    assert syncs_asked() == 0


def test_a_deletion_that_is_over_does_not_begin_again() -> None:
    template = template_make(status="DELETED")

    template_event_apply(template.account_id, event_of(template, status="PENDING_DELETION"))

    template.refresh_from_db()
    assert (template.status, syncs_asked()) == ("DELETED", 1)


def test_it_changes_nothing_when_it_is_told_twice() -> None:
    template = template_make()
    event = event_of(template, status="PAUSED")

    template_event_apply(template.account_id, event)
    template_event_apply(template.account_id, event)

    assert TemplateChange.objects.count() == 1
    assert syncs_asked() == 0


def test_it_applies_quality_and_category() -> None:
    template = template_make()

    template_event_apply(template.account_id, event_of(template, quality="RED"))
    template_event_apply(template.account_id, event_of(template, category="marketing"))

    template.refresh_from_db()
    assert (template.quality, template.category, template.status) == ("RED", "marketing", "APPROVED")
    assert syncs_asked() == 0


def test_it_keeps_a_coming_category_until_it_came() -> None:
    template = template_make()

    template_event_apply(template.account_id, event_of(template, category="utility", coming_category="marketing"))
    template_event_apply(template.account_id, event_of(template, status="APPROVED", category="utility"))
    template.refresh_from_db()
    assert (template.category, template.coming_category) == ("utility", "marketing")

    template_event_apply(template.account_id, event_of(template, category="marketing"))
    template.refresh_from_db()
    assert (template.category, template.coming_category) == ("marketing", "")
    assert syncs_asked() == 0


def test_it_keeps_the_reason_of_a_rejection_until_it_is_approved() -> None:
    template = template_make(status="PENDING")

    template_event_apply(template.account_id, event_of(template, status="REJECTED", reason="INVALID_FORMAT"))
    template.refresh_from_db()
    assert template.rejection_reason == "INVALID_FORMAT"

    template_event_apply(template.account_id, event_of(template, status="APPROVED", reason="NONE"))
    template.refresh_from_db()
    assert (template.status, template.rejection_reason) == ("APPROVED", "")
    assert syncs_asked() == 0


@pytest.mark.parametrize("language", ["es_AR", "es-AR"])
def test_it_finds_a_template_by_name_and_language_when_the_id_is_new(language: str) -> None:
    template = template_make()

    template_event_apply(
        template.account_id, event_of(template, external_id="999", language=language, status="DISABLED")
    )

    template.refresh_from_db()
    assert template.status == "DISABLED"
    assert syncs_asked() == 0


def test_it_leaves_the_same_template_of_another_account_alone() -> None:
    template = template_make()

    template_event_apply(account_make().pk, event_of(template, status="PAUSED"))

    template.refresh_from_db()
    assert template.status == "APPROVED"
    assert syncs_asked() == 1


def test_it_asks_for_a_sync_when_the_content_changed() -> None:
    template = template_make()

    template_event_apply(template.account_id, event_of(template, components_changed=True))

    assert syncs_asked() == 1


def test_it_does_not_believe_an_event_older_than_the_last_sync() -> None:
    template = template_make(synced_at=timezone.now())

    late = event_of(template, status="PAUSED", occurred_at=timezone.now() - timedelta(hours=1))
    template_event_apply(template.account_id, late)

    template.refresh_from_db()
    assert template.status == "APPROVED"
    assert syncs_asked() == 1


def test_it_does_not_let_an_older_status_win_over_a_newer_one() -> None:
    template = template_make(status="PAUSED")
    template_event_apply(template.account_id, event_of(template, status="APPROVED"))

    older = event_of(template, status="PAUSED", occurred_at=timezone.now() - timedelta(minutes=5))
    template_event_apply(template.account_id, older)

    template.refresh_from_db()
    assert template.status == "APPROVED"
    assert syncs_asked() == 1


def test_it_unparks_a_template_that_is_approved_again() -> None:
    template = template_make(status="PAUSED")
    park(template, reason=Reason.TEMPLATE_PAUSED)

    template_event_apply(template.account_id, event_of(template, status="APPROVED"))

    template.refresh_from_db()
    assert template.parked_at is None
    assert syncs_asked() == 0


def test_it_stops_a_template_whose_status_it_does_not_know() -> None:
    template = template_make()

    template_event_apply(template.account_id, event_of(template, status="FROZEN", components_changed=True))

    template.refresh_from_db()
    assert template.status == "UNKNOWN"
    assert syncs_asked() == 1


def test_a_rejection_in_a_reviewers_own_words_asks_for_the_word_that_can_be_translated() -> None:
    template = template_make(status="PENDING")
    words = "Your template has parameters placed next to each other."

    template_event_apply(template.account_id, event_of(template, status="REJECTED", reason=words))
    assert syncs_asked() == 1

    template_event_apply(template.account_id, event_of(template, status="REJECTED", reason="INVALID_FORMAT"))
    assert syncs_asked() == 1
