"""What a person does with subscriptions: made with a secret, paused, resumed, tried, their events told again."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from providers.credentials import credentials_decrypt, credentials_encrypt
from recontact.clock import ClockTimestamp, database_now
from recontact.models import OutgoingAttempt, OutgoingEvent, Subscription
from recontact.outgoing.bodies import bodies
from recontact.outgoing.call import Told, client_for, tell
from recontact.outgoing.lanes import told_record

_WAITING = OutgoingEvent.Standing.WAITING


def secret_renew(subscription: Subscription) -> str:
    """Give the subscription (saved by the caller) a new secret, and return it: it is shown once and never again."""
    secret = f"whsec_{secrets.token_urlsafe(32)}"
    subscription.secret = credentials_encrypt({"secret": secret})
    return secret


def secret_of(subscription: Subscription) -> str:
    """The secret that signs. Raises CredentialsError when no key of the settings reads it."""
    return credentials_decrypt(bytes(subscription.secret))["secret"]


def subscription_pause(subscription_id: int) -> bool:
    """Tell it nothing for now; its events are noted and wait. False: it was paused before."""
    rows = Subscription.objects.filter(pk=subscription_id, state=Subscription.State.ACTIVE)
    return bool(rows.update(state=Subscription.State.PAUSED, paused_at=ClockTimestamp()))


def subscription_resume(subscription_id: int) -> bool:
    """Tell it again, first of all what waits. False: it was active."""
    rows = Subscription.objects.filter(pk=subscription_id).exclude(state=Subscription.State.ACTIVE)
    return bool(
        rows.update(
            state=Subscription.State.ACTIVE,
            paused_at=None,
            failures=0,
            failing_since=None,
            retry_at=None,
            mailed_at=None,
        )
    )


@transaction.atomic
def subscription_delete(subscription: Subscription) -> None:
    """Forget it, with all that it was told and was to be told."""
    events = OutgoingEvent.objects.filter(subscription=subscription).order_by()
    while events_forget(events):
        pass
    subscription.delete()


def events_forget(events: QuerySet[OutgoingEvent], limit: int = 5000) -> int:
    """Delete up to `limit` of these events with their tries; returns how many went."""
    ids = list(events.values_list("pk", flat=True)[:limit])
    OutgoingAttempt.objects.filter(event__in=ids).delete()
    OutgoingEvent.objects.filter(pk__in=ids).delete()
    return len(ids)


def subscription_test(subscription: Subscription, *, user: Any) -> Told:
    """Tell it of a test event now, once, whatever its state; what its address answered, which is kept too."""
    now = database_now()
    event = OutgoingEvent(
        subscription=subscription,
        kind=OutgoingEvent.Kind.TEST,
        subject=f"t{subscription.pk}",
        actor=user,
        occurred_at=now,
        created_at=now,
        due_at=now,
        # Nobody else tries it.
        standing=OutgoingEvent.Standing.FAILED,
        settled_at=now,
    )
    event.save()
    body = bodies([event], subscription)[0]
    told = async_to_sync(_tell_once)(subscription.url, body, event, secret_of(subscription))
    told_record([(event, told)])
    if not told.ok:
        OutgoingEvent.objects.filter(pk=event.pk).update(standing=OutgoingEvent.Standing.FAILED)
    return told


async def _tell_once(url: str, body: bytes, event: OutgoingEvent, secret: str) -> Told:
    async with client_for(url, connections=1) as client:
        return await tell(client, url=url, body=body, uid=str(event.uid), kind=event.kind, secret=secret)


def events_replay(events: QuerySet[OutgoingEvent]) -> int:
    """Have these events told again, under their own ids, from the first of each subject on; returns how many.

    Their tries are counted anew, so the pauses between them begin with the shortest. Tests, and what waits anyway, are left out.
    """
    settled = events.exclude(standing=_WAITING).exclude(kind=OutgoingEvent.Kind.TEST)
    return settled.update(
        standing=_WAITING,
        due_at=ClockTimestamp(),
        tries=0,
        first_tried_at=None,
        settled_at=None,
        replayed_at=ClockTimestamp(),
    )


def period_replay(subscription: Subscription, *, begins: datetime, ends: datetime, failed_only: bool) -> int:
    """Have told again what was noted from `begins` until before `ends`; returns how many events."""
    if timezone.is_naive(begins) or timezone.is_naive(ends):
        raise ValueError("a period needs aware moments")
    rows = OutgoingEvent.objects.filter(subscription=subscription, created_at__gte=begins, created_at__lt=ends)
    return events_replay(rows.filter(standing=OutgoingEvent.Standing.FAILED) if failed_only else rows)
