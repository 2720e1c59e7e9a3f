"""Every provider that takes templates: written here, approved and deleted there, and none made twice when an answer is lost.

Real adapters at the real simulator; which providers there are is asked of the registry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.utils import timezone
from pytest_django import Settings

from providers.registry import adapter_class, providers_available
from templates_app.models import Template, TemplateStatus, TemplateSubmission
from templates_app.settling import ABSENCE_PROVES_AFTER
from templates_app.submit import template_delete, template_edit, template_submit
from templates_app.sync import templates_sync
from tests.providers.e2e.stage import ACCOUNT_ID, NUMBER, Setup, Stage, stage_make
from tests.providers.simulator.server import SimulatorProcess, until
from tests.templates_app.writing import draft, losing_front

SECRET = "a-long-word-of-the-webhook"
KEY = "key-0123456789"
TWILIO = "AC0123456789abcdef0123456789abcdef"
PARTNER = {"partner_id": "abcPA", "partner_api_key": "partner-key-0123456789", "waba_account_id": "abcWA"}
SETUPS = {
    "dialog360": Setup(
        "dialog360",
        "301945226341870",
        {"api_key": KEY, "webhook_secret": SECRET, **PARTNER},
        KEY,
        settings=PARTNER,
        template_id="111",
    ),
    "gupshup": Setup(
        "gupshup",
        "app-1",
        {
            "api_key": KEY,
            "app_name": "Tienda",
            "app_number": NUMBER,
            "webhook_secret": SECRET,
            "partner_app_token": "sk_0123456789",
        },
        KEY,
        settings={"app_id": "app-1", "app_name": "Tienda", "partner_app_token": "sk_0123456789"},
    ),
    "infobip": Setup("infobip", "tienda", {"api_key": KEY, "template_sender": NUMBER}, KEY, template_id="111"),
    "twilio": Setup(
        "twilio",
        TWILIO,
        {"auth_token": KEY},
        KEY,
        settings={"account_sid": TWILIO},
        template_id="HXb5b62575e6e4ff61b5b62575e6e4ff61",
    ),
}
#: Tested with the pages (Meta), or without a simulated provider that takes templates (Zenvia).
ELSEWHERE = {"meta", "zenvia"}
State = TemplateSubmission.State
#: Text, footer and quick replies: what all of them take.
WRITTEN = draft(header_kind="none", header_text="", buttons=draft().buttons[:2])


@dataclass
class Front:
    """The provider's address for the portal."""

    stage: Stage
    settings: Settings

    def at_provider(self, name: str = "aviso_turno") -> list[dict[str, str]]:
        """What the simulator holds under the name: the oracle."""
        found: list[dict[str, str]] = self.stage.simulator.get("templates", waba_id=ACCOUNT_ID)["data"]
        return [each for each in found if each["name"] == name and each["status"] != "DELETED"]

    def lose(self, ask: Callable[[], TemplateSubmission]) -> TemplateSubmission:
        """What comes of it when the provider does it and the answer is lost."""
        slug, address = self.stage.setup.slug, self.stage.simulator.url
        before = self.settings.PROVIDER_BASE_URLS
        with losing_front(address) as front:
            self.settings.PROVIDER_BASE_URLS = {slug: f"{front}/{slug}"}
            found = ask()
        self.settings.PROVIDER_BASE_URLS = before
        return found

    def sync_later(self, submission: TemplateSubmission) -> None:
        """Sync, when enough time has passed for a list to prove absence."""
        TemplateSubmission.objects.filter(pk=submission.pk).update(asked_at=timezone.now() - 2 * ABSENCE_PROVES_AFTER)
        templates_sync(account_id=self.stage.account.pk)
        submission.refresh_from_db()


@pytest.fixture(params=list(SETUPS))
def front(
    request: pytest.FixtureRequest, transactional_db: None, simulator_process: SimulatorProcess, settings: Settings
) -> Front:
    """A provider's account on both sides."""
    setup = SETUPS[request.param]
    settings.PROVIDER_BASE_URLS = {setup.slug: f"{simulator_process.url}/{setup.slug}"}
    settings.PROVIDER_TIMEOUT_SECONDS = 2.0
    return Front(stage_make(setup, simulator_process, portal="http://127.0.0.1:9"), settings)


def submit(front: Front) -> TemplateSubmission:
    """Submit the template."""
    return template_submit(account_id=front.stage.account.pk, draft=WRITTEN, user=None)


def approved(front: Front) -> Template:
    """The template after its review."""
    until(lambda: all(each["status"] != "PENDING" for each in front.at_provider()))
    templates_sync(account_id=front.stage.account.pk)
    return Template.objects.get(name="aviso_turno")


def test_no_provider_that_takes_templates_is_forgotten() -> None:
    taking = {each.slug for each in providers_available() if adapter_class(each.slug).capabilities.submit_templates}

    assert taking == SETUPS.keys() | ELSEWHERE


def test_a_template_is_submitted_and_approved(front: Front) -> None:
    submission = submit(front)

    assert (submission.state, submission.detail) == (State.DONE, "")
    template = approved(front)
    assert (template.status, template.language) == (TemplateStatus.APPROVED, "es_AR")
    assert template.external_id


def test_what_was_submitted_is_what_the_provider_lists(front: Front) -> None:
    submit(front)
    before = Template.objects.get(name="aviso_turno")

    after = approved(front)

    assert after.content_hash == before.content_hash


def test_a_lost_answer_makes_no_second_template(front: Front) -> None:
    submission = front.lose(lambda: submit(front))
    assert submission.state == State.UNCERTAIN

    front.sync_later(submission)
    if submission.state == State.LOST:
        assert submit(front).state == State.DONE

    assert len(front.at_provider()) == 1


def test_a_template_is_deleted(front: Front) -> None:
    submit(front)
    template = approved(front)

    submission = template_delete(template_id=template.pk, user=None)

    template.refresh_from_db()
    assert (submission.state, submission.detail, template.status) == (State.DONE, "", TemplateStatus.DELETED)
    assert front.at_provider() == []


def test_a_lost_answer_to_a_deletion_is_settled(front: Front) -> None:
    submit(front)
    template = approved(front)

    submission = front.lose(lambda: template_delete(template_id=template.pk, user=None))
    front.sync_later(submission)

    assert submission.state == State.DONE


CHANGED = draft(header_kind="none", header_text="", buttons=draft().buttons[:2], footer="Clínica Norte")


def edit(front: Front) -> TemplateSubmission:
    """Submit the template, have it approved, and change it."""
    submit(front)
    return template_edit(template_id=approved(front).pk, draft=CHANGED, user=None)


def test_a_changed_template_is_not_sent_until_it_is_approved_again(front: Front) -> None:
    submission = edit(front)

    assert (submission.state, submission.detail) == (State.DONE, "")
    assert Template.objects.get(name="aviso_turno").status == TemplateStatus.PENDING
    template = approved(front)
    assert template.status == TemplateStatus.APPROVED
    assert "Clínica Norte" in str(template.components)
    assert "Clínica Norte" in str(front.at_provider())


def test_a_lost_answer_to_a_change_is_settled(front: Front) -> None:
    submit(front)
    template = approved(front)

    submission = front.lose(lambda: template_edit(template_id=template.pk, draft=CHANGED, user=None))
    assert submission.state == State.UNCERTAIN
    front.sync_later(submission)

    assert submission.state == State.DONE
    template.refresh_from_db()
    assert "Clínica Norte" in str(template.components)
