"""Leases: one pump at a time owns a sender number. Each new owner gets a higher token, which fences the old one off."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.db import connection
from psycopg.types.numeric import Int8

from providers.contracts import AccountConfig
from providers.credentials import CredentialsError
from providers.errors import Reason
from providers.models import ProviderAccount, SenderNumber
from providers.parking import park
from providers.registry import BadAdapter, UnknownProvider
from recontact.dispatch.inbound_rate import number_rate
from recontact.prepared import fetched

log = structlog.get_logger(__name__)

LEASE_SECONDS = 15

_NUMBERS = """
    SELECT n.id FROM providers_sendernumber n JOIN providers_provideraccount a ON a.id = n.account_id
    WHERE n.is_active AND a.is_active
      AND (n.parked_at IS NULL OR n.parked_until <= clock_timestamp())
      AND (a.parked_at IS NULL OR a.parked_until <= clock_timestamp())
      AND (n.throttled_until IS NULL OR n.throttled_until <= {moment})
      AND (
        EXISTS (SELECT 1 FROM recontact_message m WHERE m.sender_number_id = n.id AND m.campaign_id IS NULL
                AND m.state = 'queued' AND m.due_at <= {moment})
        OR EXISTS (SELECT 1 FROM recontact_campaign c
                WHERE c.state = 'running' AND (c.sender_number_id = n.id OR c.sender_number_id IS NULL) AND EXISTS (
                SELECT 1 FROM recontact_message m WHERE m.sender_number_id = n.id AND m.campaign_id = c.id
                AND m.state = 'queued' AND m.due_at <= {moment}))
      )
"""
# Asked once: compared with a clock that moves on at each row, no index ends before what is due tomorrow.
_NUMBERS_DUE = _NUMBERS.format(moment="(SELECT clock_timestamp())")
_NUMBERS_DUE_SOON = _NUMBERS.format(moment="(SELECT clock_timestamp() + make_interval(secs => %s))")


_FREE: Final = f"""{_NUMBERS_DUE} AND NOT EXISTS (SELECT 1 FROM recontact_numberlease l
    WHERE l.sender_number_id = n.id AND l.expires_at > clock_timestamp()) ORDER BY random()"""  # noqa: S608 -- a constant
_OWNERS = """
    SELECT holder, count(*) FROM recontact_numberlease WHERE expires_at > clock_timestamp() AND holder <> '' GROUP BY holder
"""
_SENDS = """
    SELECT clock_timestamp(), p.id, p.messaging_limit
    FROM providers_sendernumber n JOIN providers_provideraccount a ON a.id = n.account_id
    LEFT JOIN providers_portfolio p ON p.id = n.portfolio_id
    WHERE n.id = %s AND n.is_active AND a.is_active
      AND (n.throttled_until IS NULL OR n.throttled_until <= clock_timestamp())
      AND (n.parked_at IS NULL OR n.parked_until <= clock_timestamp())
      AND (a.parked_at IS NULL OR a.parked_until <= clock_timestamp())
"""


@dataclass(frozen=True, slots=True)
class NumberSends:
    """A number that may send at the database's moment `now`, and its portfolio's limit of people in 24 hours, if known."""

    now: datetime
    portfolio_id: int | None
    messaging_limit: int | None


@dataclass(frozen=True, slots=True)
class Lease:
    """A number that this pump owns, and what it needs to send through it. `rate` in messages/s."""

    number_id: int
    token: int
    sender_external_id: str
    sender_phone: str
    rate: float
    config: AccountConfig


def numbers_due() -> bool:
    """Whether anything waits to be sent now, by anybody."""
    return bool(fetched(f"SELECT EXISTS ({_NUMBERS_DUE})", [], kept=False)[0][0])


def numbers_due_within(seconds: float) -> bool:
    """Whether anything waits to be sent now, or will within `seconds`: a short wait is not worth a new slice."""
    return bool(fetched(f"SELECT EXISTS ({_NUMBERS_DUE_SOON})", [float(seconds)] * 3, kept=False)[0][0])


def lease_owners() -> dict[str, int]:
    """How many numbers each pump owns now, by its holder."""
    return dict(fetched(_OWNERS, []))


def leases_take(holder: str) -> list[Lease]:
    """Own the numbers with due messages that nobody owns: all of them, or a fair share when other pumps are at work."""
    return leases_take_beside("", holder)[0]


def leases_take_beside(other: str, holder: str) -> tuple[list[Lease], int]:
    """The same beside another pump that wants numbers, whether it owns any yet or not; and how many were left free."""
    free = [row[0] for row in fetched(_FREE, [])]
    if not free:
        return [], 0
    owners = lease_owners()
    pumps = {*owners, holder, other or holder}
    share = max(0, math.ceil((len(free) + sum(owners.values())) / len(pumps)) - owners.get(holder, 0))
    tokens = {number: token for number in free[:share] if (token := _take(number, holder))}
    return _with_settings(tokens), len(free[share:])


def leases_resume(leases: Iterable[Lease]) -> list[Lease]:
    """Of leases that a pump kept for the next one of its process, those that it still owns, with what is set up now."""
    return _with_settings({lease.number_id: lease.token for lease in leases if lease_renew(lease)})


def _take(number_id: int, holder: str) -> int | None:
    """The new token, or None when another pump was faster."""
    rows = fetched(
        """INSERT INTO recontact_numberlease AS l (sender_number_id, holder, token, expires_at)
           VALUES (%s, %s, 1, clock_timestamp() + make_interval(secs => %s))
           ON CONFLICT (sender_number_id) DO UPDATE
           SET holder = EXCLUDED.holder, token = l.token + 1, expires_at = EXCLUDED.expires_at
           WHERE l.expires_at <= clock_timestamp() RETURNING token""",
        [Int8(number_id), holder, float(LEASE_SECONDS)],
    )
    return rows[0][0] if rows else None


def _with_settings(tokens: dict[int, int]) -> list[Lease]:
    """The leases, but for numbers whose account cannot be used: it is parked, and the others go on."""
    leases = []
    for number in SenderNumber.objects.select_related("account").filter(pk__in=tokens):
        try:
            config = number.account.config()
        except CredentialsError as error:
            account_unusable(number.account_id, error)
            continue
        leases.append(
            Lease(
                number_id=number.pk,
                token=tokens[number.pk],
                sender_external_id=number.external_id,
                sender_phone=number.phone,
                rate=number_rate(number_id=number.pk, ceiling=number.throughput).outbound,
                config=config,
            )
        )
    return leases


def account_unusable(account_id: int, error: Exception) -> None:
    """Park an account that nothing can be sent through as it is set up; its messages wait for a person."""
    log.error("dispatch_account_unusable", account_id=account_id, error=type(error).__name__)
    # What went wrong in an adapter may quote a credential.
    known = isinstance(error, CredentialsError | UnknownProvider | BadAdapter)
    detail = str(error) if known else type(error).__name__
    park(ProviderAccount.objects.get(pk=account_id), reason=Reason.CREDENTIALS, detail=detail)


def number_sends(number_id: int) -> NumberSends | None:
    """The number as it may send now; None unless number and account are switched on, not parked and not throttled."""
    rows = fetched(_SENDS, [Int8(number_id)])
    return NumberSends(*rows[0]) if rows else None


def lease_renew(lease: Lease) -> bool:
    """Keep owning the number. False: another pump owns it now, so stop at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE recontact_numberlease SET expires_at = clock_timestamp() + make_interval(secs => %s)
               WHERE sender_number_id = %s AND token = %s AND expires_at > clock_timestamp()""",
            [LEASE_SECONDS, lease.number_id, lease.token],
        )
        return bool(cursor.rowcount)


def lease_release(lease: Lease) -> None:
    """Give the number back, if it is still ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE recontact_numberlease SET expires_at = clock_timestamp(), holder = ''
               WHERE sender_number_id = %s AND token = %s""",
            [lease.number_id, lease.token],
        )
