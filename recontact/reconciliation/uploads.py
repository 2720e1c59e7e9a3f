"""A file on its way to a statement: kept when it is uploaded, shown with its mapping, and then stored or thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from providers.models import ProviderAccount
from providers.rates.files import Table, table_read
from recontact.models import Statement, StatementUpload
from recontact.reconciliation.mapping import Columns, columns_guess, columns_keep, columns_kept, columns_read
from recontact.reconciliation.reading import Reading, statement_read
from recontact.reconciliation.storing import NewStatement, StatementRefused, file_digest, statement_store, twice

#: A month by day, forty markets and a few categories.
MOST_ROWS = 20_000
_KEEP_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person says of a file beside its rows."""

    kind: str
    number: str
    currency: str
    first_day: date
    last_day: date
    zone: str
    counted_by: str

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {
            **{name: getattr(self, name) for name in ("kind", "number", "currency", "zone", "counted_by")},
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
        }


def asked_read(stored: dict[str, Any]) -> Asked:
    """From JSON."""
    days = {name: date.fromisoformat(stored[name]) for name in ("first_day", "last_day")}
    return Asked(**{**stored, **days})


def upload_keep(*, account: ProviderAccount, name: str, body: bytes, asked: Asked, user_id: int) -> StatementUpload:
    """Keep the file with the mapping that its names suggest. Raises providers.rates.files.UnreadableFile."""
    table = table_read(body, most_rows=MOST_ROWS)
    mapping = columns_guess(table.rows[0][1], columns_kept(account))
    return StatementUpload.objects.create(
        account=account,
        name=name[:200],
        body=body,
        asked=asked.stored(),
        mapping=mapping.stored(),
        created_by_id=user_id,
    )


def upload_map(upload: StatementUpload, columns: Columns) -> None:
    """Take another mapping; words given before stay."""
    before = columns_read(upload.mapping)
    words = {name: {**before.words.get(name, {}), **columns.words.get(name, {})} for name in ("category", "market")}
    upload.mapping = Columns(columns.columns, words, columns.credits).stored()
    upload.save(update_fields=["mapping"])


def upload_read(upload: StatementUpload) -> tuple[Table, Reading]:
    """The file, and what it says by its mapping."""
    table = table_read(bytes(upload.body), most_rows=MOST_ROWS)
    asked = asked_read(upload.asked)
    columns = columns_read(upload.mapping)
    return table, statement_read(
        table,
        columns,
        currency=asked.currency,
        first=asked.first_day,
        last=asked.last_day,
        is_credit_note=asked.kind == Statement.Kind.CREDIT,
    )


def upload_statement(upload: StatementUpload, columns: Columns, user_id: int | None) -> NewStatement:
    """The statement that the file would become."""
    asked, chosen = asked_read(upload.asked), columns.columns
    return NewStatement(
        account_id=upload.account_id,
        kind=asked.kind,
        source=Statement.Source.FILE,
        number=asked.number,
        currency=asked.currency,
        first_day=asked.first_day,
        last_day=asked.last_day,
        zone=asked.zone,
        counted_by=asked.counted_by,
        by_day="day" in chosen,
        by_market="market" in chosen,
        by_category="category" in chosen,
        digest=file_digest(bytes(upload.body)),
        file_name=upload.name,
        created_by_id=user_id,
    )


def upload_check(upload: StatementUpload) -> None:
    """Raises StatementRefused where the file cannot be stored as it is read now."""
    _table, reading = upload_read(upload)
    same = twice(upload_statement(upload, reading.columns, None))
    problems = [*([same] if same else []), *reading.problems]
    if problems:
        raise StatementRefused(problems)


@transaction.atomic
def upload_store(upload: StatementUpload, *, user_id: int) -> Statement:
    """Make the statement, keep the mapping for the next file, and forget the upload. Raises StatementRefused."""
    _table, reading = upload_read(upload)
    if reading.problems:
        raise StatementRefused(reading.problems)
    statement = statement_store(upload_statement(upload, reading.columns, user_id), reading.lines)
    columns_keep(upload.account_id, reading.columns)
    upload.delete()
    return statement


def uploads_expire() -> int:
    """Throw away what nobody made a statement of for a week. Returns how many."""
    deleted, _by_model = StatementUpload.objects.filter(created_at__lt=timezone.now() - _KEEP_FOR).delete()
    return deleted
