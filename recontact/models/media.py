"""Files of conversations: what customers sent, and what agents send."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from recontact.models.query import Query


def storage_name(_file: Any, ending: str) -> str:
    """Where a new file is kept: a name that nobody guesses, in one of 256 folders, and nothing of who or what it is of."""
    name = secrets.token_urlsafe(32)
    return f"media/{secrets.token_hex(1)}/{name}.{ending}"


class MediaFile(models.Model):
    """One file of a query, kept in Django's storage. The row is there before the file and after it, so that none is forgotten.

    `content_type` is what its first bytes show; `file_name` is what the sender called it, and only ever shown.
    """

    class State(models.TextChoices):
        ARRIVING = "arriving", _("Being stored")
        KEPT = "kept", _("Kept")
        DISCARDED = "discarded", _("To be deleted")
        DELETED = "deleted", _("Deleted")

    query = models.ForeignKey(Query, models.PROTECT, related_name="media_files", verbose_name=_("query"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ARRIVING)
    file = models.FileField(_("file"), upload_to=storage_name, max_length=200)
    kind = models.CharField(_("kind"), max_length=10)
    content_type = models.CharField(_("type"), max_length=100)
    file_name = models.CharField(_("file name"), max_length=240, blank=True)
    size = models.BigIntegerField(_("size in bytes"), default=0)
    created_at = models.DateTimeField(_("stored at"), auto_now_add=True)

    class Meta:
        verbose_name = _("file of a conversation")
        verbose_name_plural = _("files of conversations")
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="media_to_clear",
                condition=models.Q(state__in=("arriving", "discarded")),
            ),
            models.Index(fields=["created_at"], name="media_by_age", condition=models.Q(state="kept")),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_kept(self) -> bool:
        """Whether there is a file to show."""
        return self.state == self.State.KEPT
