"""Provider accounts: their credentials, set and rotated, and their parks, ended by a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from auditlog.models import LogEntry
from django.db import transaction
from django.db.models import Model, QuerySet

from providers.clock import ClockTimestamp
from providers.credentials import CredentialsError, credentials_decrypt, credentials_encrypt, credentials_rotate
from providers.models import ProviderAccount, SenderNumber
from providers.parking import Parkable, unpark
from providers.registry import adapter_class

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: rows under the first key now, and the names of those whose secrets fit no key."""

    rotated: int
    unreadable: list[str]


#: Where apps above keep tokens of credentials.py: the model and its column.
_ENCRYPTED: list[tuple[type[Model], str]] = []


def keeps_encrypted(model: type[Model], field: str) -> None:
    """Register a column that rotates with the accounts' credentials. Idempotent."""
    if (model, field) not in _ENCRYPTED:
        _ENCRYPTED.append((model, field))


def account_credentials_merge(*, account: ProviderAccount, values: Mapping[str, str]) -> None:
    """Put the entered credentials on the account (not saved yet): a secret left empty keeps its value.

    Credentials that fit no key any more are replaced as a whole. Raises CredentialsError without a usable key.
    """
    stored = account_credentials(account)
    for field in adapter_class(account.provider).credential_fields:
        value = values.get(field.name, "").strip()
        if value or not field.secret:
            stored[field.name] = value
    account.credentials = credentials_encrypt({name: value for name, value in stored.items() if value})


def account_credentials(account: ProviderAccount) -> dict[str, str]:
    """The account's credentials, none when they fit no key."""
    try:
        return credentials_decrypt(bytes(account.credentials))
    except CredentialsError:
        return {}


def account_resume(*, account_id: int, user: Any = None) -> None:
    """A person has put right what had stopped the account: it may send again."""
    parked_resume(row=ProviderAccount.objects.get(pk=account_id), user=user)


def sender_number_resume(*, number_id: int, user: Any = None) -> None:
    """As `account_resume`, for one number."""
    parked_resume(row=SenderNumber.objects.get(pk=number_id), user=user)


@transaction.atomic
def parked_resume(*, row: Parkable, user: Any = None) -> None:
    """Let what is stopped go on, also what waits because the provider asked for it, and note who did it.

    One that is not stopped stays as it is.
    """
    waiting = _throttled(row).update(throttled_until=None)
    if row.parked_at is None and not waiting:
        return
    changes = {"parked_reason": [row.parked_reason, ""]}
    LogEntry.objects.log_create(row, force_log=True, action=LogEntry.Action.UPDATE, changes=changes, actor=user)
    unpark(row)
    log.info("resumed_by_person", kind=row._meta.model_name, row_id=row.pk)


def _throttled(row: Parkable) -> QuerySet[SenderNumber]:
    """The numbers that wait, if it is one or has some."""
    numbers = SenderNumber.objects.filter(throttled_until__gt=ClockTimestamp())
    if isinstance(row, SenderNumber):
        return numbers.filter(pk=row.pk)
    return numbers.filter(account=row) if isinstance(row, ProviderAccount) else numbers.none()


def credentials_rotate_all() -> Rotation:
    """Re-encrypt every account's credentials, and what is registered, under the first key of settings.CREDENTIALS_KEYS."""
    rotated, unreadable = 0, []
    columns: list[tuple[type[Model], str]] = [(ProviderAccount, "credentials"), *_ENCRYPTED]
    for model, field in columns:
        for pk in list(model._default_manager.order_by("pk").values_list("pk", flat=True)):
            name = _rotate(model, field, pk)
            rotated += name == ""
            unreadable += [name] if name else []
    return Rotation(rotated, unreadable)


@transaction.atomic
def _rotate(model: type[Model], field: str, pk: int) -> str:
    """Re-encrypt one row's token; the row's name when it fits no key, else ""."""
    row = model._default_manager.select_for_update(no_key=True).get(pk=pk)
    try:
        token = credentials_rotate(bytes(getattr(row, field)))
    except CredentialsError:
        return str(row)
    model._default_manager.filter(pk=pk).update(**{field: token})
    return ""
