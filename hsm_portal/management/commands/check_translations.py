"""`manage.py check_translations`: every text has its translation, and the compiled files are those of the sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from hsm_portal.translations import catalogue_problems, source_messages

APPS = ("hsm_portal", "customer_service", "recontact", "templates_app", "providers")


class Command(BaseCommand):
    """Names what is missing, fuzzy or not compiled and ends with an error; with --compile writes the .mo files first."""

    help = "Check that every text is translated and that the .mo files are those of the .po files."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The command line."""
        parser.add_argument("--compile", action="store_true", help="write the .mo files before checking")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check each language's catalogue."""
        catalogues = [
            path for folder in settings.LOCALE_PATHS for path in sorted(Path(folder).glob("*/LC_MESSAGES/*.po"))
        ]
        if not catalogues:
            raise CommandError("There is no catalogue of translations.")
        wanted = source_messages([settings.BASE_DIR / app for app in APPS])
        problems: list[str] = []
        for path in catalogues:
            if options["compile"]:
                polib.pofile(str(path)).save_as_mofile(str(path.with_suffix(".mo")))
            place = path.relative_to(settings.BASE_DIR)
            problems += [f"{place}: {problem}" for problem in catalogue_problems(path, wanted=wanted)]
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} faults in the translations.")
        self.stdout.write(f"{len(wanted)} texts, {len(catalogues)} catalogues: complete.")
