"""How many messages were charged and free in a month, by number, market and category: what volume tiers and monthly
allowances go by. Counted from the messages every few minutes (`volumes_count`), so that a price asks one row.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F, Q, Sum

from providers.models import ProviderAccount, Rate, RateCard, SenderNumber
from recontact.clock import database_now
from recontact.models import MonthlyVolume

#: A message lives at most so long before it is delivered.
_QUEUED_BEFORE = timedelta(days=7)
#: The last days' late words still count in the month before.
_MONTH_GOES_ON_FOR = timedelta(days=3)


def month_of(at: datetime, zone: ZoneInfo) -> date:
    """The first day of the month in which `at` is in that time zone."""
    return at.astimezone(zone).date().replace(day=1)


def charged_in_month(*, account_id: int, market: str, category: str, month: date) -> int:
    """The charged messages of all numbers that share a portfolio with one of the account's, or are of the account."""
    portfolios = SenderNumber.objects.filter(account=account_id, portfolio__isnull=False).values("portfolio")
    numbers = SenderNumber.objects.filter(Q(account=account_id) | Q(portfolio__in=portfolios)).values("pk")
    rows = MonthlyVolume.objects.filter(sender_number__in=numbers, month=month, market=market, category=category)
    return rows.aggregate(sum=Sum("charged"))["sum"] or 0


def used_in_month(*, number_id: int, category: str, month: date) -> int:
    """The number's messages of the category, charged and free."""
    rows = MonthlyVolume.objects.filter(sender_number=number_id, month=month, category=category)
    return rows.aggregate(sum=Sum(F("charged") + F("free")))["sum"] or 0


def volumes_count() -> int:
    """Count the month of every account anew, and that before while its last words may come. Returns how many rows it wrote.

    Where no card of an account has volume tiers only service messages are counted: nothing asks for the others.
    """
    now, written = database_now(), 0
    tiered = RateCard.objects.filter(
        status=RateCard.Status.PUBLISHED, pk__in=Rate.objects.filter(tier_from__gt=0).values("card")
    )
    with_tiers = set(tiered.values_list("account", flat=True))
    # The tiers of a portfolio count what its other accounts send.
    shared = SenderNumber.objects.filter(
        portfolio__in=SenderNumber.objects.filter(account__in=with_tiers).values("portfolio")
    )
    with_tiers |= set(shared.values_list("account", flat=True))
    for account in ProviderAccount.objects.filter(is_active=True).order_by("pk"):
        for month in sorted({month_of(now, account.zone), month_of(now - _MONTH_GOES_ON_FOR, account.zone)}):
            written += _count(account, month, everything=account.pk in with_tiers)
    return written


def _count(account: ProviderAccount, month: date, *, everything: bool) -> int:
    starts_at = datetime.combine(month, time.min, tzinfo=account.zone)
    ends_at = datetime.combine((month + timedelta(days=32)).replace(day=1), time.min, tzinfo=account.zone)
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "account": account.pk,
                "month": month,
                "queued": starts_at - _QUEUED_BEFORE,
                "start": starts_at,
                "end": ends_at,
                "everything": everything,
            },
        )
        return int(cursor.rowcount)


_COUNT = """
    INSERT INTO recontact_monthlyvolume (sender_number_id, month, market, category, charged, free)
    SELECT m.sender_number_id, %(month)s, e.market, m.category,
           count(*) FILTER (WHERE m.billed IS NOT FALSE), count(*) FILTER (WHERE m.billed IS FALSE)
    FROM recontact_message m
    CROSS JOIN LATERAL (SELECT c.market FROM recontact_costentry c WHERE c.message_id = m.id AND c.kind = 'estimate'
                        ORDER BY c.id DESC LIMIT 1) e
    WHERE m.account_id = %(account)s AND m.created_at >= %(queued)s AND m.created_at < %(end)s
      AND m.delivered_at >= %(start)s AND m.delivered_at < %(end)s AND m.state IN ('delivered', 'read')
      AND (%(everything)s OR m.category = 'service')
    GROUP BY m.sender_number_id, e.market, m.category
    ON CONFLICT (sender_number_id, month, market, category)
    DO UPDATE SET charged = EXCLUDED.charged, free = EXCLUDED.free
    WHERE (recontact_monthlyvolume.charged, recontact_monthlyvolume.free) <> (EXCLUDED.charged, EXCLUDED.free)
"""
