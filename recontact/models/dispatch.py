"""What the dispatcher keeps in the database: the stop switch, the numbers' leases and circuits, heartbeats, the portfolios'
slots."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.models import Portfolio, SenderNumber
from recontact.models.customer import Customer


class DispatchSwitch(models.Model):
    """One row: whether anything may be sent, and which server and database the books belong to (I9)."""

    class Reason(models.TextChoices):
        PERSON = "person", _("Stopped by a person")
        RESTORED = "restored", _("The database was restored or failed over")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    halted = models.BooleanField(_("stopped"), default=False)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    changed_at = models.DateTimeField(_("changed at"), null=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    identity = models.CharField(_("server and timeline"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("dispatch switch")
        verbose_name_plural = _("dispatch switch")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_dispatch_switch")]

    def __str__(self) -> str:
        return "halted" if self.halted else "running"


class NumberLease(models.Model):
    """Which pump owns a sender number, until when. `token` grows with each owner: the fencing token."""

    sender_number = models.OneToOneField(SenderNumber, models.CASCADE, primary_key=True, related_name="lease")
    holder = models.CharField(max_length=64, blank=True)
    token = models.BigIntegerField(default=0)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("number lease")
        verbose_name_plural = _("number leases")

    def __str__(self) -> str:
        return f"{self.sender_number_id} {self.token}"


class Heartbeat(models.Model):
    """When a part of the portal last showed that it is alive (beat, pump, sweep)."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return f"{self.name} {self.at:%F %T}"


class PortfolioUse(models.Model):
    """How many slots of a portfolio are taken: its row is locked by whoever takes or frees one."""

    portfolio = models.OneToOneField(Portfolio, models.CASCADE, primary_key=True, related_name="+")
    taken = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("use of a portfolio")
        verbose_name_plural = _("uses of portfolios")

    def __str__(self) -> str:
        return f"{self.portfolio_id} {self.taken}"


class PortfolioSlot(models.Model):
    """A person that a portfolio's numbers wrote to first, lastly at `taken_at`: he counts against its limit for 24 hours."""

    portfolio = models.ForeignKey(Portfolio, models.CASCADE, related_name="+")
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="+")
    taken_at = models.DateTimeField()

    class Meta:
        verbose_name = _("slot of a portfolio")
        verbose_name_plural = _("slots of portfolios")
        constraints = [
            models.UniqueConstraint(fields=["portfolio", "customer"], name="one_slot_per_person_and_portfolio")
        ]
        indexes = [models.Index(fields=["portfolio", "taken_at"], name="slot_by_age")]

    def __str__(self) -> str:
        return f"{self.portfolio_id} {self.customer_id}"


class NumberCircuit(models.Model):
    """The circuit of a sender number (recontact.dispatch.circuit): how often in a row it opened, 0 = it is closed.

    While it is open the number is parked for it, and what opened it stands there. After that a few messages try it.
    """

    sender_number = models.OneToOneField(SenderNumber, models.CASCADE, primary_key=True, related_name="circuit")
    trips = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("circuit of a number")
        verbose_name_plural = _("circuits of numbers")

    def __str__(self) -> str:
        return f"{self.sender_number_id} {self.trips}"


class CircuitTally(models.Model):
    """How many calls through a number ended in one stretch of time (`epoch`), well (`cause` empty) or for one cause.

    A ring: each `slot` is used again once its stretch is out of the sample.
    """

    sender_number = models.ForeignKey(SenderNumber, models.CASCADE, related_name="+", db_index=False)
    slot = models.PositiveSmallIntegerField()
    cause = models.CharField(max_length=90, blank=True)
    epoch = models.BigIntegerField()
    calls = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("tally of a circuit")
        verbose_name_plural = _("tallies of circuits")
        constraints = [
            models.UniqueConstraint(fields=["sender_number", "slot", "cause"], name="one_tally_per_slot_and_cause")
        ]

    def __str__(self) -> str:
        return f"{self.sender_number_id} {self.epoch} {self.cause}"
