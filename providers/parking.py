"""Parking: what must not send for now, why, and until when. Shared by accounts, numbers and templates."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models.functions import Now
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from providers.circuit_words import circuit_words
from providers.clock import ClockTimestamp
from providers.errors import Reason, reason_sentence

#: Sent by `unpark` in its transaction, with `row`: what waits for it may go on.
released = Signal()


class Parkable(models.Model):
    """A row that can be parked. `parked_at` empty = it may send; `parked_until` empty = until a person acts."""

    parked_at = models.DateTimeField(_("parked at"), null=True, blank=True, editable=False)
    parked_until = models.DateTimeField(_("parked until"), null=True, blank=True, editable=False)
    parked_reason = models.CharField(_("reason"), max_length=40, blank=True, editable=False)
    parked_detail = models.CharField(_("provider's words"), max_length=500, blank=True, editable=False)
    released_at = models.DateTimeField(_("last released"), null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_parked(self) -> bool:
        """True while sending must wait. For screens; the dispatcher compares with the database's clock."""
        return self.parked_at is not None and (self.parked_until is None or self.parked_until > timezone.now())

    @property
    def parked_sentence(self) -> str:
        return reason_sentence(self.parked_reason) if self.parked_reason else ""

    @property
    def parked_words(self) -> str:
        """What stands with the reason: the provider's own words, or the figures of the circuit."""
        return circuit_words(self.parked_detail) if self.parked_reason == Reason.CIRCUIT else self.parked_detail


def park(
    row: Parkable,
    *,
    reason: str,
    until: datetime | None = None,
    detail: str = "",
    occurred_at: datetime | None = None,
) -> None:
    """Stop `row` from sending. A later park replaces an earlier one only when it lasts at least as long.

    `occurred_at`: when the reason came up, if not now: what was released since stays released.
    """
    rows = type(row)._default_manager.filter(pk=row.pk)
    if occurred_at is not None:
        rows = rows.exclude(released_at__gte=occurred_at)
    if until is not None:
        rows = rows.exclude(parked_at__isnull=False, parked_until__isnull=True).exclude(parked_until__gt=until)
    rows.update(parked_at=Now(), parked_until=until, parked_reason=reason, parked_detail=detail[:500])
    row.refresh_from_db(fields=["parked_at", "parked_until", "parked_reason", "parked_detail"])


def unpark(row: Parkable) -> None:
    """Let `row` send again, and whoever waits for it know."""
    type(row)._default_manager.filter(pk=row.pk).update(
        parked_at=None, parked_until=None, parked_reason="", parked_detail="", released_at=ClockTimestamp()
    )
    row.refresh_from_db(fields=["parked_at", "parked_until", "parked_reason", "parked_detail", "released_at"])
    released.send(sender=type(row), row=row)
