"""The first rows of a campaign's file, for showing. They are asked for with each change of a variable, and to open a workbook
of 100,000 rows takes seconds: so those of one are kept for a while."""

from __future__ import annotations

import contextlib
from itertools import islice

from django.core.cache import cache

from recontact.campaigns.sheets import Row, SheetFacts, sheet_rows
from recontact.campaigns.stored_file import stored_open
from recontact.models import CampaignFile

#: So many are kept.
ROWS = 5
_KEPT_SECONDS = 900


def file_head(file: CampaignFile, count: int = ROWS) -> list[Row]:
    """The first rows (at most ROWS) under the header; none once the file is no longer kept. Raises SheetProblem."""
    facts = SheetFacts(**file.facts)
    body = stored_open(file)
    # Emptied when it is old, and when somebody in it had himself erased: then nothing of it is shown any more.
    if not body.read(1):
        return []
    if facts.kind != "xlsx":
        return list(islice(sheet_rows(body, facts), count))
    key = f"campaign:head:{file.pk}:{file.digest}"
    rows: list[tuple[int, dict[str, str]]] | None = None
    with contextlib.suppress(Exception):
        rows = cache.get(key)
    if rows is None:
        rows = [(row.number, dict(row.texts)) for row in islice(sheet_rows(body, facts), ROWS)]
        with contextlib.suppress(Exception):
            cache.set(key, rows, timeout=_KEPT_SECONDS)
    return [Row(number, texts) for number, texts in rows[:count]]
