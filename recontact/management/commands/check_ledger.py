"""`manage.py check_ledger`: recompute the books and prove them. Exit 1 on a difference."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from recontact.books import balance, checks, differences


class Command(BaseCommand):
    help = "Recompute the recontact ledger, attempts, events and costs from their rows, and name every difference."

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(differences())
        for difference in found:
            self.stderr.write(f"{difference.check}: row {difference.row_id}: {difference.found}")
        books = balance()
        outcomes = ", ".join(f"{count} {name}" for name, count in books.outcomes.items() if count)
        self.stdout.write(
            _("%(count)s checks; %(planned)s messages = %(outcomes)s")
            % {
                "count": len(checks()),
                "planned": books.planned,
                "outcomes": outcomes or "0",
            }
        )
        if found or not books.holds:
            raise CommandError(_("The books do not agree: %(count)s differences.") % {"count": len(found)})
        self.stdout.write(_("The books agree."))
