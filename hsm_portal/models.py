"""Users with their preferences, and API keys that act for them."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class User(AbstractUser):
    """A person who logs in. Empty language or time zone = the portal's default."""

    language = models.CharField(
        _("language"), max_length=5, blank=True, choices=[("es", _("Spanish")), ("en", _("English"))]
    )
    time_zone = models.CharField(_("time zone"), max_length=50, blank=True)

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class ApiKey(models.Model):
    """A key for machines. It acts as its user, narrowed to its scopes; only a digest of the secret is kept."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=100)
    prefix = models.CharField(_("prefix"), max_length=12, unique=True, editable=False)
    digest = models.CharField(_("digest"), max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=30), verbose_name=_("scopes"), default=list)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = pgettext_lazy("model", "API key")
        verbose_name_plural = pgettext_lazy("model", "API keys")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
