"""What people ask of the costs: a period, a grouping, a currency, and what it is narrowed to. Read from an address or the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from providers.models import Category

#: What costs are grouped by: name -> (its title, SQL on the cell c and its account a).
GROUPINGS: dict[str, tuple[Promise | str, str]] = {
    "provider": (_("Provider"), "a.provider"),
    "account": (_("Account"), "c.account_id"),
    "number": (_("Number"), "c.sender_number_id"),
    "category": (_("Category"), "c.category"),
    "market": (_("Country or region"), "c.market"),
    "day": (pgettext_lazy("grouping", "Day"), "c.day"),
    # Days since a Monday before all others: several times as fast as date_trunc.
    "week": (pgettext_lazy("grouping", "Week"), "c.day - mod(c.day - '1900-01-01'::date, 7)"),
    "month": (pgettext_lazy("grouping", "Month"), "date_trunc('month', c.day::timestamp)::date"),
    "campaign": (_("Campaign"), "c.campaign_id"),
    "team": (_("Team"), "c.team_id"),
    "agent": (_("Agent"), "c.agent_id"),
}
TIMES = ("day", "week", "month")
#: What it can be narrowed to; of these the values are numbers.
NUMBERS = ("account", "number", "campaign", "team", "agent")
NARROWINGS = ("provider", *NUMBERS, "category", "market")
#: Two years and a little: further back nobody compares.
MOST_DAYS = 800
#: A table has two at most.
MOST_GROUPINGS = 2


class BadQuestion(ValueError):
    """What was asked makes no sense; `name` is the part at fault."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass(frozen=True, slots=True)
class Question:
    """Both days count. `by` are different groupings; `only` narrows: name -> value as text. Raises BadQuestion."""

    first: date
    last: date
    by: tuple[str, ...] = ()
    currency: str = ""
    only: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.first > self.last or self.days > MOST_DAYS:
            raise BadQuestion("until")
        if len(set(self.by)) < len(self.by) or not set(self.by) <= GROUPINGS.keys():
            raise BadQuestion("by")
        for name, value in self.only.items():
            if name not in NARROWINGS or (name in NUMBERS and not (value.isascii() and value.isdigit())):
                raise BadQuestion(name)
            if len(value) > 40 or (name in NUMBERS and len(value) > 18):
                raise BadQuestion(name)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> tuple[date, date]:
        """The period before: of a whole month the month before, else as many days."""
        if self.is_whole_months:
            months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
            return months_before(self.first, months), self.first - timedelta(days=1)
        return self.first - timedelta(days=self.days), self.first - timedelta(days=1)

    @property
    def is_whole_months(self) -> bool:
        """From the first of a month to the last of one."""
        return self.first.day == 1 and (self.last + timedelta(days=1)).day == 1

    @property
    def bucket(self) -> str:
        """Into what a chart of this period is cut."""
        return "day" if self.days <= 45 else "week" if self.days <= 100 else "month"

    def narrowed(self, **only: str) -> Question:
        """The same, narrowed further."""
        return replace(self, only={**self.only, **only})


def question_read(words: Mapping[str, str], *, today: date, by: tuple[str, ...] = ()) -> Question:
    """The question of an address: `from`, `until` (this month without them), `by` and `and` (or by=one,other), `currency`, and
    what it is narrowed to. `by` is taken where none is said. Raises BadQuestion."""
    month = month_of(today)
    first = _day(words, "from") or month[0]
    last = _day(words, "until") or (month_of(first)[1] if "from" in words else month[1])
    said = [name for part in (words.get("by"), words.get("and")) for name in (part or "").split(",") if name]
    if len(said) > MOST_GROUPINGS:
        raise BadQuestion("by")
    currency = words.get("currency", "").upper()
    if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise BadQuestion("currency")
    only = {name: words[name] for name in NARROWINGS if words.get(name, "") != ""}
    return Question(first, last, tuple(said) if "by" in words else by, currency, only)


def _day(words: Mapping[str, str], name: str) -> date | None:
    if not words.get(name):
        return None
    try:
        day = date.fromisoformat(words[name])
    except ValueError:
        raise BadQuestion(name) from None
    # Far enough from the ends of time that the period before still is in it.
    if not 2000 <= day.year <= 2999:
        raise BadQuestion(name)
    return day


def bucket_days(first: date, last: date, bucket: str) -> list[date]:
    """The first day of each day, week or month of a period (both ends count), those without anything in them too."""
    day, days = first, []
    if bucket == "week":
        day -= timedelta(days=day.weekday())
    elif bucket == "month":
        day = day.replace(day=1)
    while day <= last:
        days.append(day)
        day = {"day": day + timedelta(days=1), "week": day + timedelta(days=7), "month": months_before(day, -1)}[bucket]
    return days


def months_before(day: date, months: int) -> date:
    """The first of the month that is so many months before the day's."""
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def month_of(day: date) -> tuple[date, date]:
    """The first and the last day of the day's month."""
    return day.replace(day=1), months_before(day, -1) - timedelta(days=1)


#: Names of categories; what is not listed shows as it is.
CATEGORIES: dict[str, Promise | str] = dict(Category.choices)
