"""`manage.py rotate_credentials`: re-encrypt all credentials under the newest key, so that the old one can be dropped."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from providers.accounts import credentials_rotate_all
from providers.credentials import CredentialsError


class Command(BaseCommand):
    help = "Re-encrypt accounts' credentials and subscriptions' secrets under the first key in CREDENTIALS_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints how many were rotated; exit 1 and their names when some fit none of the keys."""
        try:
            rotation = credentials_rotate_all()
        except CredentialsError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{rotation.rotated} accounts and subscriptions are under the first key.")
        if rotation.unreadable:
            names = ", ".join(rotation.unreadable)
            raise CommandError(f"These fit none of the keys: {names}. Put their key back, or enter them again.")
