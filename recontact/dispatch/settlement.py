"""Settling a message without certainty by a person, by the rule of I2: late enough, and only while webhooks arrive."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from recontact import ledger
from recontact.clock import ClockTimestamp, database_now
from recontact.models import Message, Settlement
from recontact.states import MessageState

#: Webhooks count as arriving when one came after the send, and one within this time.
WEBHOOKS_WITHIN = timedelta(hours=24)


class CannotSettle(Exception):
    """The message may not be settled now. `code` for machines, `sentence` for people."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


def settle_from(message: Message) -> datetime:
    """The earliest moment at which a person may settle the message."""
    since = message.claimed_at or message.created_at
    return since + timedelta(seconds=settings.UNCERTAIN_SETTLE_AFTER_SECONDS)


def settle_blocker(message: Message, now: datetime) -> CannotSettle | None:
    """Why the message (with its account loaded) may not be settled at `now` (the database's clock), or None."""
    if message.state != MessageState.UNCERTAIN:
        return CannotSettle(
            "not_uncertain", _("The message is no longer without certainty: nothing is left to settle.")
        )
    if now < settle_from(message):
        return CannotSettle(
            "too_early", _("Too early: the provider may still report. Wait until an hour after the send.")
        )
    if webhooks_silent(message, now):
        return CannotSettle(
            "webhooks_silent",
            _(
                "No webhook has arrived from this account since the send: its silence proves nothing. Repair the webhook first."
            ),
        )
    return None


def webhooks_silent(message: Message, now: datetime) -> bool:
    """Whether no webhook of the message's account has come since the send, or lately: then its silence proves nothing."""
    last = message.account.last_webhook_at
    since = message.claimed_at or message.created_at
    return last is None or last < since or last < now - WEBHOOKS_WITHIN


@transaction.atomic
def uncertain_settle(*, message_id: int, outcome: str, reason: str, user: Any) -> Settlement:
    """Settle as sent (`accepted`) or not sent (`rejected`), with a reason; audited. Raises CannotSettle.

    Not sent gives the query its recontact back; a proof that arrives afterwards opens an incident.
    """
    message = Message.objects.select_for_update(of=("self",)).select_related("account").get(pk=message_id)
    blocker = settle_blocker(message, database_now())
    if blocker is not None:
        raise blocker
    if not reason.strip():
        raise CannotSettle("reason_missing", _("Say why you know: the reason is kept."))
    moment = "accepted_at" if outcome == Settlement.Outcome.ACCEPTED else "settled_at"
    Message.objects.filter(pk=message.pk, state=MessageState.UNCERTAIN).update(
        state=Settlement.Outcome(outcome).value, **{moment: ClockTimestamp()}
    )
    ledger.settle([message.pk])
    return Settlement.objects.create(message=message, outcome=outcome, reason=reason.strip()[:300], user=user)
