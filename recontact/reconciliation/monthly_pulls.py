"""Each account's provider is asked by itself what it charged in the month before: from the second of a month on, once.

On the first the provider's figures may not be all there. What failed is asked anew the next day, a few times.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db.models import Exists, OuterRef

from providers.models import ProviderAccount
from recontact.clock import database_now
from recontact.models import UsagePull
from recontact.reconciliation.closing import month_after
from recontact.reconciliation.pulling import CannotPull, pull_ask, pull_refused

#: The day of the month from which the month before is asked for.
FROM_DAY = 2
#: So often it is asked for one month, a day apart.
MOST_FAILURES = 5
_ANEW_AFTER = timedelta(hours=24)


def monthly_pulls_ask() -> int:
    """Have every provider asked that can be, and was not asked yet for the month before. Returns how many will be."""
    now = database_now()
    return sum(_ask(account, now) for account in ProviderAccount.objects.filter(is_active=True).order_by("pk"))


def monthly_pulls_failed() -> list[UsagePull]:
    """Of each account whose last month could not be read by itself, and was not read since: the last failure."""
    first = _month_before(database_now().date())
    read = UsagePull.objects.filter(account=OuterRef("account"), first_day__lte=first, last_day__gte=_last_day(first))
    failed = UsagePull.objects.filter(for_month=first, state=UsagePull.State.FAILED)
    rows = failed.exclude(Exists(read.filter(state=UsagePull.State.DONE))).select_related("account")
    return list({pull.account_id: pull for pull in rows.order_by("pk")}.values())


def _ask(account: ProviderAccount, now: datetime) -> bool:
    today = now.astimezone(account.zone).date()
    month = _month_before(today)
    begins_at = datetime.combine(today.replace(day=1), time.min, tzinfo=account.zone)
    if today.day < FROM_DAY or account.created_at >= begins_at or pull_refused(account):
        return False
    last = _last_day(month)
    known = UsagePull.objects.filter(
        account=account, first_day=month, last_day=last, created_at__gte=begins_at + timedelta(days=FROM_DAY - 1)
    )
    if not _is_due(known.order_by("pk"), now):
        return False
    try:
        pull_ask(account=account, first=month, last=last, user_id=None, for_month=month)
    except CannotPull:
        # It is asked for other days just now: its turn comes with the next look.
        return False
    return True


def _is_due(pulls: Iterable[UsagePull], now: datetime) -> bool:
    """By what was asked of the month already, by itself or by a person."""
    failures = []
    for pull in pulls:
        if pull.state != UsagePull.State.FAILED:
            return False
        if pull.for_month is not None:
            failures.append(pull.finished_at or pull.created_at)
    return len(failures) < MOST_FAILURES and all(at <= now - _ANEW_AFTER for at in failures)


def _month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def _last_day(month: date) -> date:
    return month_after(month) - timedelta(days=1)
