"""The dashboard's figures, each group from one query. Days and hours are those of the active time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from providers.models import ProviderAccount, SenderNumber
from recontact.campaigns.books_now import campaigns_books_now
from recontact.campaigns.proof import Books
from recontact.costs.sums import fates_since, sent_and_lost_by_hour, sent_by_number_today, spent_by_day, spent_since
from recontact.limits import people_by_number
from recontact.models import Campaign, Message, Recontact, ServiceWindow
from recontact.states import MessageState
from templates_app.models import Template, TemplateStatus

_UNDER_WAY = [
    Campaign.State.RUNNING,
    Campaign.State.WAITING,
    Campaign.State.PAUSED,
    Campaign.State.PARKED,
    Campaign.State.SCHEDULED,
    Campaign.State.AWAITING,
]


@dataclass(frozen=True, slots=True)
class Today:
    """The messages queued today, by fate. Every one is in exactly one of the counts; of several tries the last counts."""

    read: int
    delivered: int
    on_its_way: int
    failed: int
    waiting: int
    uncertain: int
    not_sent: int

    @property
    def sent(self) -> int:
        """What certainly went out."""
        return self.read + self.delivered + self.on_its_way + self.failed


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits to be sent."""

    depth: int
    oldest: datetime | None
    uncertain: int


@dataclass(frozen=True, slots=True)
class Recontacts:
    """Today's recontacts, and how many of their customers have written since."""

    count: int
    answered: int


def day_start() -> datetime:
    """Midnight of today in the active zone."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def today() -> Today:
    """The fates of the messages queued today."""
    return Today(**fates_since(day_start()))


def queue() -> Queue:
    """How deep the queue is, since when its oldest message is due, and how many messages are without certainty."""
    # Two queries: together the two states are in no index, and all messages would be read.
    due = Q(due_at__lte=Now())
    found = Message.objects.filter(state=MessageState.QUEUED).aggregate(
        depth=Count("pk"), oldest=Min("due_at", filter=due)
    )
    uncertain = Message.objects.filter(state=MessageState.UNCERTAIN).count()
    return Queue(found["depth"], found["oldest"], uncertain)


def spent() -> dict[str, tuple[Decimal, Decimal]]:
    """What today's and this month's messages cost, by currency: (today, month). Our estimates, without what was never
    sent, failed, or is told to be free by `billed`."""
    day = day_start()
    return spent_since(day.replace(day=1), day)


def recontacts() -> Recontacts:
    """Recontacts made today that stand, and how many of them the customer has answered."""
    answered = ServiceWindow.objects.filter(
        customer_id=OuterRef("query__customer_id"),
        sender_number_id=OuterRef("query__sender_number_id"),
        last_inbound_at__gt=OuterRef("reserved_at"),
    )
    rows = Recontact.objects.filter(reserved_at__gte=day_start()).exclude(state=Recontact.State.RELEASED)
    found = rows.aggregate(count=Count("pk"), answered=Count("pk", filter=Exists(answered)))
    return Recontacts(found["count"], found["answered"])


def by_hour() -> tuple[list[datetime], list[int], list[int]]:
    """The last 24 hours: the hours, how many messages went or go out in each, and how many were lost."""
    last = timezone.localtime().replace(minute=0, second=0, microsecond=0)
    hours = [last - timedelta(hours=back) for back in range(23, -1, -1)]
    found = sent_and_lost_by_hour(hours[0])
    return hours, [found.get(hour, (0, 0))[0] for hour in hours], [found.get(hour, (0, 0))[1] for hour in hours]


def spend_by_day(days: int = 14) -> tuple[list[datetime], dict[str, list[float]]]:
    """The last `days` days, and for each account (with its currency) what its messages cost on each: estimates."""
    first = day_start() - timedelta(days=days - 1)
    dates = [(first + timedelta(days=day)) for day in range(days)]
    rows = spent_by_day(first)
    names = dict(ProviderAccount.objects.filter(pk__in={row[1] for row in rows}).values_list("pk", "name"))
    position = {date.date(): index for index, date in enumerate(dates)}
    series: dict[str, list[float]] = {}
    for day, account_id, currency, amount in sorted(rows, key=lambda row: (names[row[1]], row[2])):
        values = series.setdefault(f"{names[account_id]} ({currency})", [0.0] * days)
        values[position[day]] += float(amount)
    return dates, series


def numbers() -> list[tuple[SenderNumber, int | None, int]]:
    """The active numbers with the people that their limit counts in 24 hours (None: no limit is known), and the messages that
    went or go out by them today. Those that need attention first."""
    found = list(SenderNumber.objects.filter(is_active=True).select_related("account", "portfolio"))
    people, going = people_by_number(found), sent_by_number_today()
    order = {SenderNumber.Quality.RED: 1, SenderNumber.Quality.YELLOW: 2}
    ordered = sorted(found, key=lambda row: (not (row.is_parked or row.account.is_parked), order.get(row.quality, 3)))  # type: ignore[call-overload]  # quality is stored as text
    return [(row, people.get(row.pk), going.get(row.pk, 0)) for row in ordered]


def templates_in_trouble(limit: int = 8) -> list[Template]:
    """Templates that want attention: not approved any more, stopped, of low quality, changing category, or missing."""
    calm = [TemplateStatus.APPROVED, TemplateStatus.PENDING, TemplateStatus.DELETED, TemplateStatus.ARCHIVED]
    trouble = (
        ~Q(status__in=calm)
        | Q(quality=Template.Quality.RED)
        | (Q(parked_at__isnull=False) & (Q(parked_until=None) | Q(parked_until__gt=Now())))
        | ~Q(coming_category="")
        | Q(missing_since__isnull=False, status=TemplateStatus.APPROVED)
    )
    return list(Template.objects.filter(trouble, account__is_active=True).select_related("account")[:limit])


def campaigns_alive() -> list[tuple[Campaign, Books]]:
    """The campaigns that are not over, with their books."""
    found = list(Campaign.objects.filter(state__in=_UNDER_WAY).select_related("template")[:5])
    books = campaigns_books_now(found)
    return [(campaign, books[campaign.pk]) for campaign in found]
