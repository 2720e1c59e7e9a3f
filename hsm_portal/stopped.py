"""Everything that is stopped, in one list for the dashboard: why, since when, until when, what to do, and who waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customer_service.inbound_files import files_late
from providers.abilities import Health
from providers.accounts import parked_resume
from providers.doctor import checkups_latest
from providers.doctor_words import ShownFinding, finding_shown
from providers.fixes import fix_sentence
from providers.models import Checkup, ProviderAccount, SenderNumber
from providers.parking import Parkable
from recontact.campaigns.halts import halt_words
from recontact.models import Campaign, Message, Subscription
from recontact.outgoing.failing import failing_words
from recontact.states import MessageState
from templates_app.models import Template

#: Rows of each kind; a page with more helps nobody, and the lists have them all.
MOST = 20


@dataclass(frozen=True, slots=True)
class Stopped:
    """One thing that does not go on; `address` is its page, if it has one.

    `until` None = until it is well or a person resumes it; `resume` "" = nobody here may.
    """

    kind: str
    name: str
    address: str
    sentence: str
    detail: str
    fix: str
    since: datetime | None
    until: datetime | None
    waiting: int
    resume: str
    action: str = ""


def stopped_for(user: Any) -> list[Stopped]:
    """What is stopped of what the user may see, accounts first; one query per kind, and one more for each that has rows."""
    rows: list[Stopped] = []
    if user.has_perm("providers.view_provideraccount"):
        rows += _accounts(user)
    if user.has_perm("providers.view_sendernumber"):
        rows += _numbers(user)
    if user.has_perm("templates_app.view_template"):
        rows += _templates(user)
    if user.has_perm("recontact.view_campaign"):
        rows += _campaigns(user)
    if user.has_perm("recontact.view_subscription"):
        rows += _subscriptions(user)
    if user.has_perm("customer_service.view_inboundmessage"):
        rows += _files()
    return rows


def unwell_for(user: Any) -> list[tuple[Checkup, list[ShownFinding]]]:
    """Accounts whose last connection check found something wrong, with what it was."""
    if not user.has_perm("providers.view_checkup"):
        return []
    bad = [checkup for checkup in checkups_latest() if checkup.health == Health.BAD]
    return [
        (checkup, [finding_shown(kept) for kept in checkup.findings if kept.get("health") == Health.BAD])
        for checkup in bad
    ]


def template_resume(*, template_id: int, user: Any) -> Template:
    """A person has put right what had stopped the template: it may send again. Raises Template.DoesNotExist."""
    template = Template.objects.get(pk=template_id)
    parked_resume(row=template, user=user)
    return template


def _accounts(user: Any) -> Iterator[Stopped]:
    rows = list(_parked(ProviderAccount.objects.filter(is_active=True)))
    waiting = _waiting("account", rows)
    for row in rows:
        change = reverse("admin:providers_provideraccount_change", args=[row.pk])
        resume = _resume(user, "admin:providers_provideraccount_resume", row.pk)
        yield _parked_row(row, _("Account"), str(row), change, waiting.get(row.pk, 0), resume)


def _numbers(user: Any) -> Iterator[Stopped]:
    rows = list(_parked(SenderNumber.objects.filter(is_active=True, account__is_active=True)))
    waiting = _waiting("sender_number", rows)
    for row in rows:
        change = reverse("admin:providers_sendernumber_change", args=[row.pk])
        resume = _resume(user, "admin:providers_sendernumber_resume", row.pk)
        yield _parked_row(row, _("Sender number"), str(row), change, waiting.get(row.pk, 0), resume)


def _templates(user: Any) -> Iterator[Stopped]:
    rows = list(_parked(Template.objects.filter(account__is_active=True)))
    waiting = _waiting("template", rows)
    for row in rows:
        change = reverse("admin:templates_app_template_change", args=[row.pk])
        resume = _resume(user, "stopped_template_resume", row.pk)
        name = f"{row.name} · {row.language}"
        yield _parked_row(row, _("Template"), name, change, waiting.get(row.pk, 0), resume)


def _campaigns(user: Any) -> Iterator[Stopped]:
    rows = list(Campaign.objects.filter(state=Campaign.State.PARKED).order_by("-id")[:MOST])
    waiting = _waiting("campaign", rows)
    may = user.has_perm("recontact.change_campaign")
    for row in rows:
        yield Stopped(
            kind=_("Campaign"),
            name=row.name,
            address=reverse("admin:recontact_campaign_change", args=[row.pk]),
            sentence=halt_words(row.state_reason),
            detail="",
            fix="",
            since=None,
            until=None,
            waiting=waiting.get(row.pk, 0),
            resume=reverse("admin:recontact_campaign_control", args=[row.pk]) if may else "",
            action="resume",
        )


def _subscriptions(user: Any) -> Iterator[Stopped]:
    """Those that the portal paused because their address fails; a person's own pause is no news."""
    may = user.has_perm("recontact.change_subscription")
    for row in Subscription.objects.filter(state=Subscription.State.FAILING).order_by("paused_at")[:MOST]:
        yield Stopped(
            kind=_("Subscription to events"),
            name=row.name,
            address=reverse("admin:recontact_subscription_change", args=[row.pk]),
            sentence=failing_words(row),
            detail="",
            fix=_("Put its address right and try it with a test event, then resume. Events are noted and wait."),
            since=row.failing_since,
            until=None,
            waiting=0,
            resume=reverse("admin:recontact_subscription_do", args=[row.pk, "resume"]) if may else "",
        )


def _files() -> Iterator[Stopped]:
    """What customers sent, as long as nobody fetches it."""
    count, since = files_late()
    if count:
        yield Stopped(
            kind=_("Files of customers"),
            name=ngettext("%(count)s file", "%(count)s files", count) % {"count": count},
            address="",
            sentence=_("They have been due for some minutes, and are not being fetched from the provider."),
            detail="",
            fix=_(
                "See that a worker takes the queue `media` (process `fetcher`). They wait at the provider meanwhile."
            ),
            since=since,
            until=None,
            waiting=0,
            resume="",
        )


def _parked(rows: QuerySet[Any]) -> Iterable[Any]:
    """Those that are parked at this moment."""
    now = Q(parked_at__isnull=False) & (Q(parked_until=None) | Q(parked_until__gt=Now()))
    return rows.filter(now).order_by("parked_at")[:MOST]


def _waiting(relation: str, rows: list[Any]) -> dict[int, int]:
    if not rows:
        return {}
    queued = Message.objects.filter(state=MessageState.QUEUED, **{f"{relation}__in": [row.pk for row in rows]})
    counted = queued.values(relation).annotate(count=Count("pk")).order_by()
    return dict(counted.values_list(relation, "count"))


def _resume(user: Any, name: str, pk: int) -> str:
    return reverse(name, args=[pk]) if user.has_perm("providers.resume_sending") else ""


def _parked_row(row: Parkable, kind: str, name: str, address: str, waiting: int, resume: str) -> Stopped:
    return Stopped(
        kind=kind,
        name=name,
        address=address,
        sentence=row.parked_sentence,
        detail=row.parked_words,
        fix=fix_sentence(row.parked_reason),
        since=row.parked_at,
        until=row.parked_until,
        waiting=waiting,
        resume=resume,
    )
