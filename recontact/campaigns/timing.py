"""When a planned campaign leaves and how long it takes, for the pages that are looked at before the launch."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from providers.models import SenderNumber
from recontact.campaigns.hours import opens_at, zone_of
from recontact.campaigns.plan_figures import plan_figures
from recontact.clock import database_now
from recontact.dispatch.inbound_rate import HEADROOM
from recontact.dispatch.slots import campaigns_limit
from recontact.limits import Used
from recontact.models import Campaign

#: A plan of more stretches than these is told no further: nobody reads a page of them.
STRETCHES = 60


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some of the recipients: from when until when they get it, how many, and the zones whose hours those are."""

    start: datetime
    end: datetime
    count: int
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of the recipient's own day in which it leaves; both None = all."""

    from_hour: time | None
    until_hour: time | None


def campaign_stretches(campaign: Campaign) -> list[Stretch]:
    """The campaign's plan by time: from its start, in each recipient's hours, at its pace. Two queries."""
    pace = campaign_pace(campaign)
    if pace is None:
        return []
    counts = plan_figures(campaign).zones
    now = database_now()
    start = max(campaign.starts_at, now) if campaign.starts_at is not None else now
    return stretches(counts, start=start, hours=Hours(campaign.from_hour, campaign.until_hour), pace=pace)


def stretches(counts: Mapping[str, int], *, start: datetime, hours: Hours, pace: int) -> list[Stretch]:
    """How so many recipients by time zone leave from `start` on, `pace` a second in all: whose hours began first goes first,
    whose hours end before his turn waits for the next day. Those who leave together are told together. Pure."""
    waiting = [(_opens(start, zone, hours), zone, count) for zone, count in counts.items() if count]
    heapq.heapify(waiting)
    found: list[Stretch] = []
    free = start
    while waiting and len(found) < STRETCHES:
        opens, zone, count = heapq.heappop(waiting)
        begins = max(opens, free)
        reopens = _opens(begins, zone, hours)
        if reopens > begins:
            heapq.heappush(waiting, (reopens, zone, count))
            continue
        fits = _fits(begins, zone, hours, pace)
        going = count if fits is None else min(count, fits)
        free = begins + timedelta(seconds=going / pace)
        _tell(found, Stretch(begins, free, going, (zone,)), opens)
        if going < count:
            heapq.heappush(waiting, (_opens(free + timedelta(seconds=1), zone, hours), zone, count - going))
    return found


def _tell(found: list[Stretch], stretch: Stretch, opens: datetime) -> None:
    """Add it; to the one before where it could have left with that one."""
    if found and opens <= found[-1].start and stretch.start == found[-1].end:
        last = found.pop()
        zones = tuple(dict.fromkeys((*last.zones, *stretch.zones)))
        stretch = Stretch(last.start, stretch.end, last.count + stretch.count, zones)
    found.append(stretch)


def _opens(at: datetime, zone: str, hours: Hours) -> datetime:
    return opens_at(at, time_zone=zone, from_hour=hours.from_hour, until_hour=hours.until_hour)


def _fits(at: datetime, zone: str, hours: Hours, pace: int) -> int | None:
    """How many leave from `at`, which is in the hours, until they end, at least one; None = they do not end."""
    if hours.from_hour is None or hours.until_hour is None or hours.from_hour == hours.until_hour:
        return None
    local = at.astimezone(zone_of(zone))
    day = local.date() if local.time() < hours.until_hour else local.date() + timedelta(days=1)
    ends = datetime.combine(day, hours.until_hour, tzinfo=local.tzinfo)
    return max(int((ends - at).total_seconds() * pace), 1)


def campaign_duration(campaign: Campaign, recipients: int) -> timedelta | None:
    """How long so many messages take at the campaign's pace, without the hours it waits; None before it has a number."""
    per_second = campaign_pace(campaign)
    return None if per_second is None else timedelta(seconds=round(recipients / per_second))


@dataclass(frozen=True, slots=True)
class LimitWait:
    """How a campaign waits at its portfolio's limit of people in 24 hours: what campaigns may use of it, what of that is free
    now, and after how many days the last recipient gets his message."""

    limit: int
    free: int
    days: int


def campaign_limit_wait(used: Used | None, recipients: int) -> LimitWait | None:
    """The wait of so many recipients who were not written to today; None without a limit, or where they fit into what is free."""
    limit = campaigns_limit(used.limit) if used is not None and used.limit else 0
    free = max(limit - used.people, 0) if used is not None else 0
    if not limit or recipients <= free:
        return None
    return LimitWait(limit, free, -(-(recipients - free) // limit))


def campaign_pace(campaign: Campaign) -> int | None:
    """Messages per second at which it leaves at best: its own or its number's, the slower one. None without a number."""
    number = campaign.sender_number
    if number is None:
        return None
    allowed = number_pace(number)
    return min(campaign.pace or allowed, allowed)


def number_pace(number: SenderNumber) -> int:
    """Messages per second that a campaign gets out of the number while nobody writes: not all of what the provider allows,
    which counts what comes in as well."""
    return max(int(number.throughput * HEADROOM), 1)
