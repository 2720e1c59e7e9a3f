"""What became of a submission, in words, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from providers.errors import Reason, reason_sentence
from templates_app.models import Template, TemplateSubmission

Kind, State = TemplateSubmission.Kind, TemplateSubmission.State

#: Reasons that are about the template, whose sentences speak of messages.
ABOUT_THE_TEMPLATE = (
    Reason.BAD_REQUEST,
    Reason.PROVIDER_REJECTED,
    Reason.TEMPLATE_PARAMETERS,
    Reason.TEMPLATE_POLICY,
    Reason.TEMPLATE_MISSING,
    Reason.UNSUPPORTED,
    Reason.DUPLICATE,
)
DONE_SENTENCES: dict[str, StrOrPromise] = {
    Kind.CREATE: _(
        "The template is submitted. WhatsApp takes up to 24 hours to review it; its status comes by itself."
    ),
    Kind.EDIT: _(
        "The change is submitted. WhatsApp reviews the template anew: nothing can be sent with it until it is approved "
        "again. Its status comes by itself."
    ),
    Kind.DELETE: _("The provider deleted the template."),
}
UNCERTAIN_SENTENCES: dict[str, StrOrPromise] = {
    Kind.CREATE: _(
        "The provider gave no clear answer: it may have the template, or not. The next sync tells, within minutes; until "
        "then it cannot be submitted again, so that there are never two."
    ),
    Kind.EDIT: _("The provider gave no clear answer: the change may have arrived, or not. The next sync tells."),
    Kind.DELETE: _("The provider gave no clear answer: the template may be deleted, or not. The next sync tells."),
}
LOST_SENTENCES: dict[str, StrOrPromise] = {
    Kind.CREATE: _("The submission did not arrive: the provider does not list the template. Submit it again."),
    Kind.EDIT: _("The change did not arrive: the provider lists the template as it was. Submit it again."),
    Kind.DELETE: _("The deletion did not arrive: the provider still lists the template. Delete it again."),
}
REFUSED_SENTENCES: dict[str, StrOrPromise] = {
    Kind.CREATE: _("The provider refused the template. Change what it names and submit it again."),
    Kind.EDIT: _("The provider refused the change; the template is as it was."),
    Kind.DELETE: _("The provider refused to delete the template."),
}
#: For reasons that are not about the template: the account, the network, the provider's limits.
NOT_DONE_SENTENCES: dict[str, StrOrPromise] = {
    Kind.CREATE: _("The template was not submitted. Put right what stands here, and submit it again."),
    Kind.EDIT: _("The change was not submitted; the template is as it was."),
    Kind.DELETE: _("The template was not deleted."),
}


@dataclass(frozen=True, slots=True)
class SubmissionNotice:
    """What to tell on a template's page. `tone`: soon or stopped. `words`: the provider's own, with its code.

    `why` says what stood in the way when it was not the template.
    """

    tone: str
    sentence: StrOrPromise
    why: str
    words: str
    at: datetime
    by: str


def submission_notice(template: Template) -> SubmissionNotice | None:
    """About the last submission, while it is uncertain, or when it was refused or did not arrive; else None."""
    last = template.submissions.select_related("asked_by").first()
    if last is None or last.state == State.DONE:
        return None
    return SubmissionNotice(
        tone="soon" if last.is_open else "stopped",
        sentence=_sentences(last)[last.kind],
        why=_why(last),
        words=f"{last.detail} · {last.provider_code}".strip(" ·") if last.provider_code else "",
        at=last.asked_at,
        by=str(last.asked_by) if last.asked_by is not None else "",
    )


def submission_message(request: HttpRequest, submission: TemplateSubmission) -> None:
    """Tell who asked what came of it. What was refused or is uncertain stays on the template's page as a notice."""
    if submission.state == State.DONE:
        messages.success(request, str(DONE_SENTENCES[submission.kind]))


def _sentences(submission: TemplateSubmission) -> dict[str, StrOrPromise]:
    if submission.is_open:
        return UNCERTAIN_SENTENCES
    if submission.state == State.LOST:
        return LOST_SENTENCES
    return REFUSED_SENTENCES if _is_about_the_template(submission) else NOT_DONE_SENTENCES


def _is_about_the_template(submission: TemplateSubmission) -> bool:
    return submission.reason in ABOUT_THE_TEMPLATE


def _why(submission: TemplateSubmission) -> str:
    """What stood in the way; of a call that never reached the provider its technical words say nothing to people."""
    if submission.state != State.REFUSED:
        return ""
    why = "" if _is_about_the_template(submission) else reason_sentence(submission.reason)
    own_words = "" if submission.provider_code or submission.reason == Reason.NETWORK else submission.detail
    return f"{why} {own_words}".strip()
