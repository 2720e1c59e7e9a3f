"""A sample invoice of last month, written from our own messages with a few things wrong, and brought in as a file is."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

from hsm_portal.demo_data.accounts import CLINIC
from hsm_portal.demo_data.addresses import PROVIDER
from hsm_portal.models import User
from providers.models import ProviderAccount
from recontact.clock import database_now
from recontact.models import Statement
from recontact.reconciliation.ours import Asked, Ours, ours_summed
from recontact.reconciliation.uploads import Asked as Said
from recontact.reconciliation.uploads import upload_keep, upload_store

NUMBER = "MUESTRA-0001"
FILE_NAME = "factura-de-muestra.csv"
CURRENCY = "USD"
HEADER = ("Fecha", "País", "Categoría", "Mensajes", "Importe", "Moneda")
#: What the provider charges and nobody sent, and what it charges too much for one row.
UNKNOWN = ("CL", "marketing", 2, Decimal("0.177800"))
TOO_MUCH = Decimal("0.052000")
#: With fewer rows nothing would be left that agrees.
FEWEST_ROWS = 4


def invoice_make() -> Statement | None:
    """Bring the invoice of last month, once. None: it is there (or was), or there is too little to invoice."""
    account = ProviderAccount.objects.get(provider=PROVIDER, external_id=CLINIC.waba_id)
    if Statement.objects.filter(account=account, number=NUMBER).exists():
        return None
    last = database_now().astimezone(account.zone).date().replace(day=1) - timedelta(days=1)
    said = Said(
        kind=Statement.Kind.INVOICE,
        number=NUMBER,
        currency=CURRENCY,
        first_day=last.replace(day=1),
        last_day=last,
        zone=account.zone.key,
        counted_by=Statement.CountedBy.DELIVERED,
    )
    ours = ours_summed(Asked(account.pk, said.first_day, said.last_day, said.zone, said.counted_by, currency=CURRENCY))
    if len(ours) < FEWEST_ROWS:
        return None
    user = User.objects.get(username="ops")
    body = _file(ours, last)
    upload = upload_keep(account=account, name=FILE_NAME, body=body, asked=said, user_id=user.pk)
    return upload_store(upload, user_id=user.pk)


def _file(ours: Sequence[Ours], last: date) -> bytes:
    """Our rows as a provider writes them: the first one dearer, the second one forgotten, and one that is nobody's."""
    file = StringIO()
    write = csv.writer(file).writerow
    write(HEADER)
    dearer, _forgotten, *agreed = ours
    for row, more in [(dearer, TOO_MUCH), *((each, Decimal(0)) for each in agreed)]:
        write((row.key.day, row.key.market, row.key.category, row.count, row.amount + more, row.currency))
    write((last, *UNKNOWN, CURRENCY))
    return file.getvalue().encode()
