"""Sync against the real simulator through the real adapter: differences in, nothing deleted, nothing half applied."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from providers.errors import ProviderCallError, Reason
from providers.models import ProviderCall
from providers.parking import park
from templates_app.models import Template, TemplateChange
from templates_app.sync import SyncResult, templates_sync, templates_sync_if_older
from templates_app.tasks import templates_sync_task
from tests.factories import account_make
from tests.providers.simulator.server import WABA_ID
from tests.world import TEMPLATE_ID, World


def seed(world: World, **template: Any) -> None:
    """Give the simulator's account one more template, or another version of one."""
    fields = {"waba_id": WABA_ID, "language": "es_AR", "category": "UTILITY", "status": "APPROVED", **template}
    world.simulator.post("seed", replace=True, templates=[fields])


def named(name: str, language: str = "es_AR") -> Template:
    """The template we have under this name."""
    return Template.objects.get(name=name, language=language)


def changes_of(template: Template) -> list[tuple[str, str, str]]:
    """Kind, old and new of its history, oldest first."""
    return list(template.changes.order_by("pk").values_list("kind", "old", "new"))


def test_it_takes_over_all_pages_of_the_list(world: World) -> None:
    templates = [
        {"id": str(2_000_000 + n), "waba_id": WABA_ID, "name": f"t_{n}", "language": "es", "category": "UTILITY"}
        for n in range(600)
    ]
    world.simulator.post(
        "seed", templates=[{**one, "components": [{"type": "BODY", "text": "x"}]} for one in templates]
    )

    result = templates_sync(account_id=world.account.pk)

    assert result.created == 605
    assert Template.objects.filter(account=world.account, name__startswith="t_").count() == 600


def test_it_counts_and_stamps_what_it_did(world: World) -> None:
    before = timezone.now()

    result = templates_sync(account_id=world.account.pk)

    world.account.refresh_from_db()
    assert result == SyncResult(created=5, unchanged=1)
    assert world.account.templates_synced_at is not None
    assert world.account.templates_synced_at >= before
    assert set(Template.objects.values_list("synced_at", flat=True)) == {world.account.templates_synced_at}


def test_it_changes_nothing_the_second_time(world: World) -> None:
    templates_sync(account_id=world.account.pk)
    changes = TemplateChange.objects.count()

    assert templates_sync(account_id=world.account.pk) == SyncResult(unchanged=6)
    assert TemplateChange.objects.count() == changes


def test_it_normalizes_what_it_takes_over(world: World) -> None:
    seed(world, id="77", name="raro", language="pt-BR", status="FROZEN", components=[{"type": "BODY", "text": "Oi"}])

    templates_sync(account_id=world.account.pk)

    template = named("raro", "pt_BR")
    assert (template.status, template.category, template.external_id) == ("UNKNOWN", "utility", "77")


def test_it_tells_status_category_and_quality_in_the_history(world: World) -> None:
    templates_sync(account_id=world.account.pk)
    Template.objects.filter(pk=world.template.pk).update(quality="GREEN")
    seed(
        world,
        id=TEMPLATE_ID,
        name="retomar_turno",
        status="PAUSED",
        category="MARKETING",
        quality_score={"score": "RED"},
        components=world.template.components,
    )

    assert templates_sync(account_id=world.account.pk).updated == 1

    assert changes_of(named("retomar_turno"))[-3:] == [
        ("status", "APPROVED", "PAUSED"),
        ("category", "utility", "marketing"),
        ("quality", "GREEN", "RED"),
    ]


def test_it_tells_content_only_when_a_send_depends_on_it(world: World) -> None:
    old_hash = world.template.content_hash
    body = {"type": "BODY", "text": world.template.components[0]["text"], "example": {"body_text": [["x", "y", "z"]]}}
    rest = world.template.components[1:]
    seed(world, id=TEMPLATE_ID, name="retomar_turno", components=[body, *rest])
    templates_sync(account_id=world.account.pk)
    only_example = named("retomar_turno")
    assert only_example.content_hash == old_hash
    assert only_example.components[0]["example"] == {"body_text": [["x", "y", "z"]]}

    seed(world, id=TEMPLATE_ID, name="retomar_turno", components=[{"type": "BODY", "text": "Otro {{1}} texto"}])
    templates_sync(account_id=world.account.pk)

    kind, _old, new = changes_of(named("retomar_turno"))[-1]
    assert (kind, new) == ("content", "Otro {{1}} texto")
    assert named("retomar_turno").content_hash != old_hash


def test_it_marks_what_is_no_longer_listed_and_clears_it_when_it_is_back(world: World) -> None:
    templates_sync(account_id=world.account.pk)
    world.simulator.graph.delete(f"{WABA_ID}/message_templates", params={"name": "hello_world"}).raise_for_status()

    gone = templates_sync(account_id=world.account.pk)
    assert gone.missing == 1
    assert named("hello_world", "en_US").missing_since is not None

    seed(world, id="1100000000000001", name="hello_world", language="en_US", components=[{"type": "BODY", "text": "W"}])
    back = templates_sync(account_id=world.account.pk)
    assert back.reappeared == 1
    assert named("hello_world", "en_US").missing_since is None
    assert ("missing", "missing", "listed") in changes_of(named("hello_world", "en_US"))


def test_it_counts_a_missing_template_once(world: World) -> None:
    Template.objects.filter(pk=world.template.pk).update(name="solo_nuestra")

    assert templates_sync(account_id=world.account.pk).missing == 1
    assert templates_sync(account_id=world.account.pk).missing == 0


def test_it_leaves_other_accounts_alone(world: World) -> None:
    Template.objects.filter(pk=world.template.pk).update(account=account_make())

    templates_sync(account_id=world.account.pk)

    world.template.refresh_from_db()
    assert world.template.missing_since is None


def test_it_unparks_a_template_whose_content_changed(world: World) -> None:
    park(world.template, reason=Reason.TEMPLATE_PARAMETERS)
    seed(world, id=TEMPLATE_ID, name="retomar_turno", components=[{"type": "BODY", "text": "Otro {{1}} texto"}])

    templates_sync(account_id=world.account.pk)

    assert named("retomar_turno").parked_at is None


def test_it_keeps_a_park_when_nothing_changed(world: World) -> None:
    templates_sync(account_id=world.account.pk)
    park(world.template, reason=Reason.TEMPLATE_MISSING)

    templates_sync(account_id=world.account.pk)

    assert named("retomar_turno").parked_at is not None


def test_it_changes_nothing_when_the_list_cannot_be_read_to_its_end(world: World) -> None:
    world.simulator.post(f"accounts/{WABA_ID}", token_revoked=True)

    with pytest.raises(ProviderCallError) as caught:
        templates_sync(account_id=world.account.pk)

    world.account.refresh_from_db()
    assert caught.value.reason == Reason.CREDENTIALS
    assert world.account.templates_synced_at is None
    assert Template.objects.filter(missing_since__isnull=False).count() == 0
    call = ProviderCall.objects.get(account=world.account)
    assert (call.purpose, call.method) == ("templates", "GET")


def test_it_says_so_when_the_provider_cannot_be_reached(world: World, settings: Settings) -> None:
    settings.PROVIDER_BASE_URLS = {"meta": "http://127.0.0.1:9"}

    with pytest.raises(ProviderCallError) as caught:
        templates_sync(account_id=world.account.pk)

    assert caught.value.reason == Reason.NETWORK


def test_it_says_so_when_the_credentials_cannot_be_read(world: World) -> None:
    world.account.credentials = b"not encrypted with our key"
    world.account.save()

    with pytest.raises(ProviderCallError) as caught:
        templates_sync(account_id=world.account.pk)

    assert caught.value.reason == Reason.CREDENTIALS


def test_its_task_swallows_a_failure_that_was_recorded(world: World) -> None:
    world.simulator.post(f"accounts/{WABA_ID}", token_revoked=True)

    templates_sync_task(world.account.pk)

    assert ProviderCall.objects.filter(account=world.account).count() == 1


def test_it_does_not_put_an_older_list_over_a_newer_one(world: World) -> None:
    world.account.templates_synced_at = timezone.now() + timedelta(minutes=1)
    world.account.save()

    templates_sync(account_id=world.account.pk)

    assert Template.objects.count() == 1


def test_it_believes_a_webhook_that_came_while_it_was_asking(world: World) -> None:
    Template.objects.filter(pk=world.template.pk).update(status="PAUSED")
    change = TemplateChange.objects.create(
        template=world.template, kind="status", source="webhook", old="APPROVED", new="PAUSED"
    )
    TemplateChange.objects.filter(pk=change.pk).update(at=timezone.now() + timedelta(minutes=1))

    templates_sync(account_id=world.account.pk)

    assert named("retomar_turno").status == "PAUSED"


def test_it_syncs_once_for_many_requests_of_one_moment(world: World) -> None:
    asked_at = timezone.now()

    first = templates_sync_if_older(account_id=world.account.pk, than=asked_at)
    second = templates_sync_if_older(account_id=world.account.pk, than=asked_at)

    assert first is not None
    assert second is None


def test_it_says_the_counts_for_people() -> None:
    result = SyncResult(created=1, updated=2, unchanged=3, missing=1, reappeared=1)

    assert result.sentence().startswith("6 ")
    assert len(result.sentence().split(".")) == 4
