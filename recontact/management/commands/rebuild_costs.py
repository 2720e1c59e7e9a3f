"""`manage.py rebuild_costs`: the sums of costs anew from the messages, and those of agents' work from their queries."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from recontact.costs.rollup import costs_rebuild
from recontact.work_sums import work_rebuild


class Command(BaseCommand):
    """After a change of TIME_ZONE (days begin at another hour), after rows were loaded past the triggers, or in doubt. Sending
    goes on meanwhile."""

    help = "Build the sums of costs and of agents' work anew. Needed after a change of TIME_ZONE."

    def handle(self, *args: Any, **options: Any) -> None:
        cells, days = costs_rebuild(), work_rebuild()
        self.stdout.write(self.style.SUCCESS(f"The costs were built anew: {cells} cells."))
        self.stdout.write(self.style.SUCCESS(f"The agents' work was built anew: {days} days."))
