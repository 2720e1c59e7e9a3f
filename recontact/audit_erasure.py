"""Erasing personal data from what the audit and the admin's own history keep beside the rows themselves."""

from __future__ import annotations

from collections.abc import Iterable

from auditlog.models import LogEntry
from django.contrib.admin.models import LogEntry as AdminLogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model


def audit_erase(model: type[Model], ids: Iterable[int]) -> None:
    """Empty what was written about these rows; that something was done, when and by whom stays."""
    keys = [str(pk) for pk in ids]
    content_type = ContentType.objects.get_for_model(model)
    LogEntry.objects.filter(content_type=content_type, object_pk__in=keys).update(
        object_repr="", changes={}, changes_text="", serialized_data=None, additional_data=None
    )
    AdminLogEntry.objects.filter(content_type=content_type, object_id__in=keys).update(
        object_repr="", change_message=""
    )
