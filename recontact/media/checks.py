"""The system check of the storage of files: it can be loaded with its options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.files.storage import storages


@register(Tags.files)
def storage_check(app_configs: Sequence[Any] | None, **_options: Any) -> list[CheckMessage]:
    """MEDIA_STORAGE names a storage that is installed and takes MEDIA_STORAGE_OPTIONS. Nothing is connected to."""
    try:
        storages["default"]
    except Exception as error:
        return [
            Error(
                f"The storage of files, MEDIA_STORAGE={settings.STORAGES['default']['BACKEND']}, cannot be used: {error}",
                hint="Install its package beside the portal, and look at MEDIA_STORAGE_OPTIONS.",
                id="recontact.E001",
            )
        ]
    return []
