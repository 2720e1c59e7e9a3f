"""Creating, changing and deleting templates at the real simulator, through the real adapter; answers get lost on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from providers.accounts import account_credentials_merge
from providers.contracts import TemplateEvent
from providers.models import ProviderCall
from templates_app.models import Template, TemplateChange, TemplateStatus, TemplateSubmission
from templates_app.receivers import template_event_apply
from templates_app.selectors import template_blockers
from templates_app.settling import ABSENCE_PROVES_AFTER
from templates_app.submit import (
    NotSubmitted,
    edit_problems,
    may_submit_again,
    template_delete,
    template_discard,
    template_edit,
    template_submit,
    templates_deleted_with,
)
from templates_app.sync import templates_sync
from tests.factories import account_make, template_make, user_make
from tests.providers.simulator.server import WABA_ID, until
from tests.templates_app.writing import draft, losing_front, plain
from tests.world import World

State = TemplateSubmission.State


def at_provider(world: World, name: str) -> list[dict[str, Any]]:
    """The simulator's templates of this name: the oracle."""
    found: list[dict[str, Any]] = world.simulator.graph.get(f"{WABA_ID}/message_templates?name={name}").json()["data"]
    return found


def submitted(world: World, **changes: Any) -> Template:
    """A template submitted and not reviewed yet."""
    world.simulator.knobs(review="manual")
    return template_submit(account_id=world.account.pk, draft=draft(**changes), user=user_make()).template


def reviewed(world: World) -> None:
    """Wait for the review, and take over what it said."""
    until(lambda: all(one["status"] != "PENDING" for one in at_provider(world, "aviso_turno")))
    templates_sync(account_id=world.account.pk)


def long_ago(submission: TemplateSubmission) -> None:
    """As if the submission had been asked for so long ago that a list without it proves that it is not there."""
    asked_at = timezone.now() - ABSENCE_PROVES_AFTER - timedelta(seconds=1)
    TemplateSubmission.objects.filter(pk=submission.pk).update(asked_at=asked_at)


# --- creating --------------------------------------------------------------------------------------------------------


def test_it_creates_the_template_at_the_provider_and_waits_for_the_review(world: World) -> None:
    world.simulator.knobs(review="manual")
    ana = user_make()

    submission = template_submit(account_id=world.account.pk, draft=draft(), user=ana)

    template = Template.objects.get(name="aviso_turno")
    assert (submission.state, submission.asked_by) == (State.DONE, ana)
    assert (template.status, template.external_id) == ("PENDING", at_provider(world, "aviso_turno")[0]["id"])
    assert at_provider(world, "aviso_turno")[0]["components"] == template.components


def test_a_template_that_the_review_approves_can_be_sent(world: World) -> None:
    template_submit(account_id=world.account.pk, draft=draft(), user=None)

    reviewed(world)

    template = Template.objects.select_related("account").get(name="aviso_turno")
    assert template.status == TemplateStatus.APPROVED
    assert template_blockers(template) == []


def test_a_template_that_the_review_rejects_keeps_the_reason(world: World) -> None:
    world.simulator.knobs(review="reject")
    template_submit(account_id=world.account.pk, draft=draft(), user=None)

    reviewed(world)

    template = Template.objects.get(name="aviso_turno")
    assert (template.status, template.rejection_reason) == ("REJECTED", "INVALID_FORMAT")


def test_it_asks_the_provider_nothing_while_a_rule_is_broken(world: World) -> None:
    with pytest.raises(NotSubmitted, match="body: variable_at_edge"):
        template_submit(account_id=world.account.pk, draft=plain("Hola a todos, somos {{1}}"), user=None)

    assert at_provider(world, "simple") == []
    assert not Template.objects.filter(name="simple").exists()


def test_it_refuses_a_name_that_the_account_has_in_this_language(world: World) -> None:
    with pytest.raises(NotSubmitted, match="name: name_taken"):
        template_submit(account_id=world.account.pk, draft=draft(name=world.template.name), user=None)


def test_a_refusal_is_kept_with_the_providers_words_and_the_call(world: World) -> None:
    world.simulator.graph.post(
        f"{WABA_ID}/message_templates",
        json={
            "name": "aviso_turno",
            "language": "es_AR",
            "category": "UTILITY",
            "components": [{"type": "BODY", "text": "Otro"}],
        },
    )

    submission = template_submit(account_id=world.account.pk, draft=draft(), user=None)

    assert submission.state == State.REFUSED
    assert "There is already es_AR content for this template" in submission.detail
    assert ProviderCall.objects.get().purpose == "template submit"
    assert may_submit_again(submission.template)


def test_what_was_refused_can_be_submitted_again_under_its_name(world: World, settings: Settings) -> None:
    address = settings.PROVIDER_BASE_URLS
    settings.PROVIDER_BASE_URLS = {"meta": "http://127.0.0.1:9"}
    refused = template_submit(account_id=world.account.pk, draft=draft(body="Hola, te esperamos mañana."), user=None)
    settings.PROVIDER_BASE_URLS = address

    again = template_submit(account_id=world.account.pk, draft=draft(), user=None)

    assert (refused.state, refused.reason, again.state) == (State.REFUSED, "network", State.DONE)
    assert again.template_id == refused.template_id
    assert Template.objects.get(name="aviso_turno").components == at_provider(world, "aviso_turno")[0]["components"]


def test_it_asks_no_account_that_is_off_or_whose_provider_takes_none(world: World) -> None:
    for account in (account_make(is_active=False), account_make(provider="none")):
        with pytest.raises(NotSubmitted, match="no_submit"):
            template_submit(account_id=account.pk, draft=draft(), user=None)


@pytest.mark.django_db
def test_it_changes_nothing_for_an_account_that_lacks_what_the_provider_wants_for_it() -> None:
    template = template_make(account=account_make(provider="dialog360"))

    (problem,) = edit_problems(template)

    assert problem.code == "edit_needs"
    assert "Partner id, Partner API key, WABA account at 360dialog" in str(problem.sentence)
    account_credentials_merge(
        account=template.account, values=dict.fromkeys(("partner_id", "partner_api_key", "waba_account_id"), "x")
    )
    assert edit_problems(template) == []


@pytest.mark.django_db
def test_it_changes_and_deletes_nothing_for_an_account_that_is_off() -> None:
    template = template_make(account=account_make(is_active=False))

    with pytest.raises(NotSubmitted, match="no_edit"):
        template_edit(template_id=template.pk, draft=draft(), user=None)
    with pytest.raises(NotSubmitted, match="no_delete"):
        template_delete(template_id=template.pk, user=None)


def test_an_approval_that_is_quicker_than_the_answer_stays(world: World, settings: Settings) -> None:
    event = TemplateEvent(
        external_id="", name="aviso_turno", language="es_AR", occurred_at=timezone.now(), status="APPROVED"
    )

    with losing_front(world.simulator.url, meanwhile=lambda: template_event_apply(world.account.pk, event)) as front:
        settings.PROVIDER_BASE_URLS = {"meta": front}
        submission = template_submit(account_id=world.account.pk, draft=draft(), user=None)

    template = Template.objects.get(name="aviso_turno")
    assert (submission.state, template.status) == (State.DONE, TemplateStatus.APPROVED)
    assert template.external_id == at_provider(world, "aviso_turno")[0]["id"]


# --- lost answers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [None, 502])
def test_a_lost_answer_leaves_it_uncertain_and_nothing_is_asked_again(
    world: World, settings: Settings, answer: int | None
) -> None:
    with losing_front(world.simulator.url, answer=answer) as front:
        settings.PROVIDER_BASE_URLS = {"meta": front}
        submission = template_submit(account_id=world.account.pk, draft=draft(), user=None)
        with pytest.raises(NotSubmitted, match="name_taken"):
            template_submit(account_id=world.account.pk, draft=draft(), user=None)

    assert submission.state == State.UNCERTAIN
    assert len(at_provider(world, "aviso_turno")) == 1
    assert submission.template.status == TemplateStatus.DRAFT


def test_the_next_sync_takes_over_what_had_arrived(world: World, settings: Settings) -> None:
    with losing_front(world.simulator.url) as front:
        settings.PROVIDER_BASE_URLS = {"meta": front}
        submission = template_submit(account_id=world.account.pk, draft=draft(), user=None)

        reviewed(world)

    submission.refresh_from_db()
    assert submission.state == State.DONE
    assert Template.objects.get(name="aviso_turno").external_id == at_provider(world, "aviso_turno")[0]["id"]


def test_a_webhook_about_it_settles_it_too(world: World) -> None:
    submission = lost(world)

    template_event_apply(
        world.account.pk,
        TemplateEvent(
            external_id="77", name="aviso_turno", language="es_AR", occurred_at=timezone.now(), status="APPROVED"
        ),
    )

    submission.refresh_from_db()
    template = submission.template
    assert (submission.state, template.status, template.external_id) == (State.DONE, TemplateStatus.APPROVED, "77")


def test_a_list_that_comes_too_soon_proves_nothing(world: World) -> None:
    submission = lost(world)

    templates_sync(account_id=world.account.pk)

    submission.refresh_from_db()
    assert submission.state == State.UNCERTAIN
    assert Template.objects.get(name="aviso_turno").missing_since is None


def test_a_later_list_without_it_proves_that_it_did_not_arrive(world: World) -> None:
    submission = lost(world)
    long_ago(submission)

    templates_sync(account_id=world.account.pk)

    submission.refresh_from_db()
    assert submission.state == State.LOST
    assert may_submit_again(Template.objects.get(name="aviso_turno"))
    assert template_submit(account_id=world.account.pk, draft=draft(), user=None).state == State.DONE
    assert len(at_provider(world, "aviso_turno")) == 1


def test_a_submission_whose_process_died_is_settled_too(world: World) -> None:
    submission = lost(world, state=State.SENDING)
    long_ago(submission)

    templates_sync(account_id=world.account.pk)

    submission.refresh_from_db()
    assert submission.state == State.LOST


def lost(world: World, state: str = State.UNCERTAIN) -> TemplateSubmission:
    """A submission that never arrived, and of which nobody knows."""
    template = template_make(account=world.account, name="aviso_turno", status="DRAFT", external_id="")
    return TemplateSubmission.objects.create(template=template, kind="create", state=state, category="utility")


# --- changing --------------------------------------------------------------------------------------------------------


def test_a_change_goes_to_the_provider_and_is_reviewed_anew(world: World) -> None:
    template_submit(account_id=world.account.pk, draft=draft(), user=None)
    reviewed(world)
    world.simulator.knobs(review="manual")
    template = Template.objects.get(name="aviso_turno")

    submission = template_edit(template_id=template.pk, draft=draft(footer="Clínica Norte"), user=user_make())

    template.refresh_from_db()
    assert (submission.state, template.status) == (State.DONE, TemplateStatus.PENDING)
    assert {"type": "FOOTER", "text": "Clínica Norte"} in at_provider(world, "aviso_turno")[0]["components"]
    assert {"type": "FOOTER", "text": "Clínica Norte"} in template.components


def test_it_says_in_the_history_who_changed_it(world: World) -> None:
    template_submit(account_id=world.account.pk, draft=draft(), user=None)
    reviewed(world)
    ana = user_make()

    template_edit(template_id=Template.objects.get(name="aviso_turno").pk, draft=draft(footer="Otra"), user=ana)

    assert TemplateChange.objects.get(kind="content").by == ana


@pytest.mark.parametrize("status", ["PENDING", "DISABLED", "IN_APPEAL", "DELETED"])
def test_it_changes_nothing_in_a_status_where_whatsapp_does_not_allow_it(world: World, status: str) -> None:
    template = template_make(account=world.account, name="aviso_turno", status=status)

    with pytest.raises(NotSubmitted, match="status"):
        template_edit(template_id=template.pk, draft=draft(), user=None)


def test_it_leaves_the_category_of_an_approved_template(world: World) -> None:
    template = template_make(account=world.account, name="aviso_turno")

    with pytest.raises(NotSubmitted, match="category_fixed"):
        template_edit(template_id=template.pk, draft=draft(category="marketing"), user=None)


def test_a_change_whose_answer_was_lost_is_found_by_the_next_sync(world: World, settings: Settings) -> None:
    template_submit(account_id=world.account.pk, draft=draft(), user=None)
    reviewed(world)
    template = Template.objects.get(name="aviso_turno")
    with losing_front(world.simulator.url) as front:
        settings.PROVIDER_BASE_URLS = {"meta": front}
        submission = template_edit(template_id=template.pk, draft=draft(footer="Clínica Norte"), user=None)
        assert submission.state == State.UNCERTAIN

        reviewed(world)

    submission.refresh_from_db()
    template.refresh_from_db()
    assert submission.state == State.DONE
    assert {"type": "FOOTER", "text": "Clínica Norte"} in template.components


def test_a_change_that_did_not_arrive_is_told_apart(world: World) -> None:
    template_submit(account_id=world.account.pk, draft=draft(), user=None)
    reviewed(world)
    template = Template.objects.get(name="aviso_turno")
    submission = TemplateSubmission.objects.create(
        template=template, kind="edit", state=State.UNCERTAIN, category="utility", components=[]
    )
    long_ago(submission)

    templates_sync(account_id=world.account.pk)

    submission.refresh_from_db()
    assert submission.state == State.LOST


def test_only_one_thing_at_a_time_is_asked_about_a_template(world: World) -> None:
    template = template_make(account=world.account, name="aviso_turno")
    TemplateSubmission.objects.create(template=template, kind="edit", state=State.UNCERTAIN)

    with pytest.raises(NotSubmitted, match="submission_open"):
        template_edit(template_id=template.pk, draft=draft(), user=None)
    with pytest.raises(NotSubmitted, match="submission_open"):
        template_delete(template_id=template.pk, user=None)


# --- deleting --------------------------------------------------------------------------------------------------------


def test_a_deletion_deletes_at_the_provider_and_keeps_the_row(world: World) -> None:
    template = submitted(world)

    submission = template_delete(template_id=template.pk, user=user_make())

    template.refresh_from_db()
    assert (submission.state, template.status) == (State.DONE, TemplateStatus.DELETED)
    assert at_provider(world, "aviso_turno") == []


def test_a_deleted_template_is_not_missing(world: World) -> None:
    template = submitted(world)
    template_delete(template_id=template.pk, user=None)

    templates_sync(account_id=world.account.pk)

    template.refresh_from_db()
    assert (template.status, template.missing_since) == (TemplateStatus.DELETED, None)


def test_a_deletion_in_doubt_is_settled_by_the_next_sync(world: World) -> None:
    template = submitted(world)
    submission = TemplateSubmission.objects.create(template=template, kind="delete", state=State.UNCERTAIN)
    world.simulator.graph.delete(f"{WABA_ID}/message_templates?name=aviso_turno")

    templates_sync(account_id=world.account.pk)

    submission.refresh_from_db()
    template.refresh_from_db()
    assert (submission.state, template.status, template.missing_since) == (State.DONE, TemplateStatus.DELETED, None)


def test_a_deletion_that_did_not_arrive_may_be_asked_again(world: World) -> None:
    template = submitted(world)
    submission = TemplateSubmission.objects.create(template=template, kind="delete", state=State.UNCERTAIN)
    long_ago(submission)

    templates_sync(account_id=world.account.pk)

    submission.refresh_from_db()
    assert submission.state == State.LOST
    assert template_delete(template_id=template.pk, user=None).state == State.DONE


def test_where_the_provider_deletes_by_name_all_languages_go_together(world: World) -> None:
    account = account_make(provider="infobip")
    spanish = template_make(account=account, language="es_AR")
    english = template_make(account=account, language="en")
    template_make(account=account, language="pt_BR", status="DELETED")
    template_make(account=account, name="otra")

    assert templates_deleted_with(spanish) == [spanish, english]
    assert templates_deleted_with(world.template) == [world.template]


def test_the_name_of_a_deleted_template_may_be_submitted_again(world: World) -> None:
    template = submitted(world)
    template_delete(template_id=template.pk, user=None)

    submission = template_submit(account_id=world.account.pk, draft=draft(footer="Nueva"), user=None)

    assert (submission.state, submission.template_id) == (State.DONE, template.pk)


def test_it_throws_away_only_what_the_provider_never_had(world: World) -> None:
    never = template_make(account=world.account, name="nunca", status="DRAFT", external_id="")

    template_discard(template_id=never.pk)
    with pytest.raises(NotSubmitted, match="not_local"):
        template_discard(template_id=world.template.pk)

    assert not Template.objects.filter(pk=never.pk).exists()


def test_nothing_is_thrown_away_while_it_may_have_arrived(world: World) -> None:
    submission = lost(world)

    with pytest.raises(NotSubmitted):
        template_discard(template_id=submission.template_id)


def test_it_asks_nothing_inside_a_transaction_that_may_be_undone(world: World) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        template_submit(account_id=world.account.pk, draft=draft(), user=None)

    assert at_provider(world, "aviso_turno") == []
