"""Customers and what they asked not to get, and the 24-hour service window."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils.translation import gettext_lazy as _

from providers.models import SenderNumber


class Customer(models.Model):
    """A person, known by phone (E.164 with +), by business-scoped user id, or both.

    `search` holds folded names and phone forms for prefix search. An erased customer keeps only keyed hashes.
    """

    phone = models.CharField(_("phone"), max_length=20, null=True, blank=True)
    bsuid = models.CharField(_("WhatsApp user id"), max_length=140, null=True, blank=True)
    wa_id = models.CharField(_("phone as WhatsApp writes it"), max_length=20, blank=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    tags = models.JSONField(_("tags"), default=list, blank=True)
    opted_in_at = models.DateTimeField(_("opted in at"), null=True, blank=True)
    opt_in_source = models.CharField(_("opt-in source"), max_length=100, blank=True)
    search = models.TextField(editable=False, blank=True)
    sort_name = models.CharField(max_length=200, editable=False, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="merged", db_index=False
    )
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)
    phone_hash = models.CharField(max_length=64, blank=True, editable=False)
    bsuid_hash = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.CheckConstraint(
                name="customer_has_an_identity",
                condition=models.Q(phone__isnull=False)
                | models.Q(bsuid__isnull=False)
                | models.Q(erased_at__isnull=False)
                | models.Q(merged_into__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["phone"], condition=models.Q(phone__isnull=False), name="one_customer_per_phone"
            ),
            models.UniqueConstraint(
                fields=["bsuid"], condition=models.Q(bsuid__isnull=False), name="one_customer_per_bsuid"
            ),
        ]
        indexes = [
            # Few customers are erased or merged: a campaign's new ones pay for no such index.
            models.Index(fields=["phone_hash"], name="customer_erased_phone", condition=models.Q(phone_hash__gt="")),
            models.Index(fields=["bsuid_hash"], name="customer_erased_bsuid", condition=models.Q(bsuid_hash__gt="")),
            models.Index(
                fields=["merged_into"], name="customer_merged_into", condition=models.Q(merged_into__isnull=False)
            ),
            GinIndex(SearchVector("search", config="simple"), name="customer_search"),
            models.Index(fields=["sort_name", "id"], name="customer_by_name"),
            models.Index(fields=["country", "id"], name="customer_by_country"),
            GinIndex(fields=["tags"], name="customer_by_tag"),
            # The tags there are are read from the newest customers that have any.
            models.Index(fields=["id"], name="customer_tagged", condition=~models.Q(tags=[])),
        ]

    def __str__(self) -> str:
        return self.name or self.phone or self.bsuid or f"#{self.pk}"


class OptOut(models.Model):
    """A customer's wish to get no marketing, or nothing at all. It stands until `revoked_at`."""

    class Scope(models.TextChoices):
        MARKETING = "marketing", _("No marketing")
        ALL = "all", _("No messages at all")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="opt_outs", verbose_name=_("customer"))
    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices)
    source = models.CharField(_("source"), max_length=100)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    revoked_source = models.CharField(_("revoked because"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "scope"], condition=models.Q(revoked_at__isnull=True), name="one_standing_opt_out"
            )
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.scope}"


class ServiceWindow(models.Model):
    """The 24-hour window of one customer with one sender number: open until `expires_at`."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="windows", verbose_name=_("customer"))
    sender_number = models.ForeignKey(SenderNumber, models.PROTECT, related_name="+", verbose_name=_("sender number"))
    last_inbound_at = models.DateTimeField(_("last message from the customer"))
    expires_at = models.DateTimeField(_("closes at"))
    #: When he last wrote from an advertisement (recontact.entry_points).
    entry_point_at = models.DateTimeField(_("came by an advertisement at"), null=True, blank=True)

    class Meta:
        verbose_name = _("service window")
        verbose_name_plural = _("service windows")
        constraints = [models.UniqueConstraint(fields=["customer", "sender_number"], name="one_window_per_pair")]

    def __str__(self) -> str:
        return f"{self.customer_id}/{self.sender_number_id} {self.expires_at:%F %T}"
