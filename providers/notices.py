"""What a provider says about accounts and numbers: kept for people, and applied once, the newest word last."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.db import transaction

from providers.contracts import AccountEvent, NumberEvent
from providers.errors import Reason
from providers.events import CannotHandle
from providers.models import Portfolio, ProviderAccount, ProviderNotice, SenderNumber
from providers.parking import park, unpark

#: A notice that decides nothing and says the same words again within this time is the same notice.
SAME_NEWS = timedelta(days=1)
#: Parks that no news of the provider ends: a token that is not accepted stays so after a reinstatement.
_ENDED_BY_PEOPLE = frozenset({Reason.CREDENTIALS, Reason.PERMISSION})


@transaction.atomic
def number_notice_apply(account_id: int, event: NumberEvent) -> ProviderNotice | None:
    """Keep the event and apply its quality, throughput and limit. None: it was known. Raises CannotHandle."""
    ProviderAccount.objects.select_for_update(no_key=True).get(pk=account_id)
    number = _number(account_id, event)
    if number is None:
        raise CannotHandle("The sender number is not known here. Sync the account's numbers, then replay.")
    values: dict[str, Any] = {}
    if event.quality in SenderNumber.Quality.values:
        values["quality"] = event.quality
    if event.throughput:
        values["throughput"] = event.throughput
    if event.messaging_limit is not None:
        values["messaging_limit"] = event.messaging_limit
    notice = _kept(account_id, event, values, number=number)
    if notice is not None:
        fresh = _undecided_since(notice)
        number_facts_apply(number=number, **{name: fresh[name] for name in ("quality", "throughput") if name in fresh})
        if "messaging_limit" in fresh:
            limit_apply(account_id=account_id, limit=fresh["messaging_limit"])
    return notice


@transaction.atomic
def account_notice_apply(account_id: int, event: AccountEvent) -> ProviderNotice | None:
    """Keep the event; stop the account or let it go on, and take its limit over. None: it was known."""
    account = ProviderAccount.objects.select_for_update(no_key=True).get(pk=account_id)
    values: dict[str, Any] = {}
    if event.park is not None:
        values["park"] = event.park
    if event.messaging_limit is not None:
        values["messaging_limit"] = event.messaging_limit
    notice = _kept(account_id, event, values, reason=event.reason, detail=event.detail)
    if notice is None:
        return None
    fresh = _undecided_since(notice)
    if fresh.get("park") is True:
        reason = event.reason or Reason.ACCOUNT_BLOCKED
        detail = f"{event.event} {event.detail}".strip()
        park(account, reason=reason, until=event.until, detail=detail, occurred_at=event.occurred_at)
    elif fresh.get("park") is False and account.parked_reason not in _ENDED_BY_PEOPLE:
        unpark(account)
    if "messaging_limit" in fresh:
        limit_apply(account_id=account_id, limit=fresh["messaging_limit"])
    return notice


def number_facts_apply(*, number: SenderNumber, quality: str = "", throughput: int = 0) -> None:
    """Take over what the provider says about a number; an empty value says nothing. Good quality ends a block for bad."""
    changes: dict[str, Any] = {"quality": quality} if quality in SenderNumber.Quality.values else {}
    if throughput > 0:
        changes["throughput"] = throughput
    if changes:
        SenderNumber.objects.filter(pk=number.pk).update(**changes)
        number.refresh_from_db()
    if quality == SenderNumber.Quality.GREEN and number.parked_reason == Reason.NUMBER_BLOCKED:
        unpark(number)


def limit_apply(*, account_id: int, limit: int) -> None:
    """Set the limit of the portfolio that the account's numbers share (-1 = none), making it where there is none yet.

    A higher limit lets the numbers go on that wait because the old one was used up.
    """
    numbers = SenderNumber.objects.filter(account_id=account_id)
    portfolio_ids = set(numbers.exclude(portfolio=None).values_list("portfolio_id", flat=True))
    if not portfolio_ids:
        account = ProviderAccount.objects.get(pk=account_id)
        portfolio_ids = {Portfolio.objects.create(name=account.name).pk}
    portfolios = Portfolio.objects.filter(pk__in=portfolio_ids)
    raised = portfolios.exclude(messaging_limit=None)
    raised_ids = list((raised.filter(messaging_limit__lt=limit) if limit >= 0 else raised).values_list("pk", flat=True))
    portfolios.update(messaging_limit=None if limit < 0 else limit)
    if len(portfolio_ids) == 1:
        numbers.filter(portfolio=None).update(portfolio_id=portfolio_ids.pop())
    for number in SenderNumber.objects.filter(portfolio__in=raised_ids, parked_reason=Reason.RECIPIENT_LIMIT):
        unpark(number)


def _number(account_id: int, event: NumberEvent) -> SenderNumber | None:
    numbers = SenderNumber.objects.filter(account_id=account_id)
    if event.sender_external_id:
        return numbers.filter(external_id=event.sender_external_id).first()
    digits = "".join(character for character in event.display_phone if character.isdigit())
    return numbers.filter(phone=f"+{digits}").first()


def _kept(
    account_id: int,
    event: NumberEvent | AccountEvent,
    values: dict[str, Any],
    *,
    number: SenderNumber | None = None,
    reason: str = "",
    detail: str = "",
) -> ProviderNotice | None:
    if not values and _said_lately(account_id, event, number, detail):
        return None
    notice, created = ProviderNotice.objects.get_or_create(
        account_id=account_id,
        fingerprint=hashlib.sha256(repr(event).encode()).hexdigest(),
        defaults={
            "number": number,
            "event": event.event[:100],
            "reason": reason[:40],
            "detail": detail[:500],
            "values": values,
            "occurred_at": event.occurred_at,
        },
    )
    return notice if created else None


def _said_lately(account_id: int, event: NumberEvent | AccountEvent, number: SenderNumber | None, detail: str) -> bool:
    """Some notices carry the moment of their reading in place of their own, so their fingerprint always differs."""
    since = event.occurred_at - SAME_NEWS
    rows = ProviderNotice.objects.filter(account_id=account_id, number=number, occurred_at__gte=since, values={})
    return rows.filter(event=event.event[:100], detail=detail[:500]).exists()


def _undecided_since(notice: ProviderNotice) -> dict[str, Any]:
    """The values of the notice on which no later one has spoken: webhooks come in any order."""
    later = ProviderNotice.objects.filter(
        account_id=notice.account_id, number_id=notice.number_id, occurred_at__gt=notice.occurred_at
    )
    return {name: value for name, value in notice.values.items() if not later.filter(values__has_key=name).exists()}
