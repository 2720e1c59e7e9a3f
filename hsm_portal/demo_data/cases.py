"""The three hundred queries: who, what about, with which agent, how far it got. Plans only; `queries` makes them rows."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from hsm_portal.demo_data.accounts import APPOINTMENTS, RESULTS, SHOP, NumberSample
from hsm_portal.demo_data.conversations import BRAZILIAN_TOPICS, CLINIC_TOPICS, SHOP_TOPICS, Topic
from hsm_portal.demo_data.moments import Times
from hsm_portal.demo_data.users import APPOINTMENTS_TEAM, RESULTS_TEAM, SHOP_TEAM
from recontact.models import Customer


class Kind(StrEnum):
    """How far a query got."""

    NEW = "new"  # the customer wrote lately; nobody has taken it
    WAITING = "waiting"  # nobody took it, and the window closed
    OPEN = "open"  # an agent and the customer are writing
    SILENT = "silent"  # the agent's answer stayed without one, and the window closed
    RECONTACTED = "recontacted"  # taken up again by its HSM, no answer yet
    ANSWERED = "answered"  # the customer answered the HSM
    RELEASED = "released"  # the HSM certainly never left: the right came back
    UNCERTAIN = "uncertain"  # nobody knows whether the HSM left
    OPENED_BY_HSM = "opened_by_hsm"  # an agent opened it from the WhatsApp HSM page
    FROM_MANAGER = "from_manager"  # the customer answered an HSM of the Manager
    RESOLVED = "resolved"
    RESOLVED_RECONTACTED = "resolved_recontacted"
    OLD = "old"
    OLD_RECONTACTED = "old_recontacted"


#: Latest queries: one of each customer.
LATEST = {
    Kind.NEW: 14,
    Kind.WAITING: 44,
    Kind.OPEN: 12,
    Kind.SILENT: 26,
    Kind.RECONTACTED: 30,
    Kind.ANSWERED: 12,
    Kind.RELEASED: 8,
    Kind.UNCERTAIN: 2,
    Kind.OPENED_BY_HSM: 8,
    Kind.FROM_MANAGER: 6,
    Kind.RESOLVED: 20,
    Kind.RESOLVED_RECONTACTED: 18,
}
#: Earlier ones, all resolved, of half the customers.
EARLIER = {Kind.OLD: 78, Kind.OLD_RECONTACTED: 22}

CLINIC_COUNTRIES = ("AR", "UY")
AGENTS = {APPOINTMENTS_TEAM: ("ana", "ana", "bruno"), RESULTS_TEAM: ("bruno", "bruno", "ana"), SHOP_TEAM: ("camila",)}
TEAM_OF = {APPOINTMENTS: APPOINTMENTS_TEAM, RESULTS: RESULTS_TEAM, SHOP: SHOP_TEAM}


@dataclass(slots=True)
class Case:
    """One query before it is a row. `at` is when the customer wrote last before any HSM (or when the HSM left)."""

    customer: Customer
    number: NumberSample
    kind: Kind
    topic: Topic
    agent: str
    at: datetime
    recontacted_at: datetime | None = None
    answered_at: datetime | None = None
    campaign: bool = field(default=False)

    @property
    def team(self) -> str:
        return TEAM_OF[self.number]


def cases(*, customers: Sequence[Customer], chance: random.Random, times: Times) -> list[Case]:
    """All queries, the latest ones first: one per customer, then earlier ones of half of them."""
    found = []
    for customer, kind in zip(customers, _kinds(LATEST, chance), strict=True):
        found.append(_case(customer, kind, chance, times))
    for customer, kind in zip(
        chance.sample(list(customers), sum(EARLIER.values())), _kinds(EARLIER, chance), strict=True
    ):
        found.append(_case(customer, kind, chance, times))
    return found


def _kinds(counts: dict[Kind, int], chance: random.Random) -> list[Kind]:
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    chance.shuffle(kinds)
    return kinds


def _case(customer: Customer, kind: Kind, chance: random.Random, times: Times) -> Case:
    number = chance.choice([APPOINTMENTS, APPOINTMENTS, RESULTS]) if customer.country in CLINIC_COUNTRIES else SHOP
    topics = BRAZILIAN_TOPICS if customer.country == "BR" else SHOP_TOPICS if number is SHOP else CLINIC_TOPICS
    agent = chance.choice(AGENTS[TEAM_OF[number]])
    case = Case(customer, number, kind, chance.choice(topics), agent, times.now)
    _place(case, chance, times)
    return case


def _place(case: Case, chance: random.Random, times: Times) -> None:
    """Say when the customer wrote, when the HSM left and when it was answered."""
    kind = case.kind
    if kind in (Kind.NEW, Kind.OPEN):
        case.at = times.ago(hours_from=0.2, hours_to=23)
    elif kind in (Kind.WAITING, Kind.SILENT):
        case.at = min(times.workday(days=chance.randrange(1, 9)), times.now - timedelta(hours=25))
    elif kind is Kind.RESOLVED:
        case.at = times.workday(days=chance.randrange(2, 14))
    elif kind is Kind.OLD:
        case.at = times.workday(days=chance.randrange(15, 60))
    else:
        case.recontacted_at = _left_at(kind, chance, times)
        case.at = case.recontacted_at - timedelta(hours=chance.uniform(26, 70))
    if case.recontacted_at is not None and kind in ANSWERING:
        case.answered_at = times.after(case.recontacted_at, minutes_from=6, minutes_to=300)


ANSWERING = (Kind.ANSWERED, Kind.FROM_MANAGER, Kind.RESOLVED_RECONTACTED, Kind.OLD_RECONTACTED)


def _left_at(kind: Kind, chance: random.Random, times: Times) -> datetime:
    """When the HSM was sent; those of the last two weeks make the dashboard's charts."""
    if kind is Kind.OLD_RECONTACTED:
        return times.workday(days=chance.randrange(15, 45))
    if kind is Kind.RESOLVED_RECONTACTED:
        return times.workday(days=chance.randrange(2, 14))
    if kind is Kind.FROM_MANAGER:
        return times.workday(days=chance.randrange(1, 5))
    return times.workday(days=chance.choice([0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]))


def of_kind(found: Sequence[Case], *kinds: Kind) -> Iterator[Case]:
    """Those of these kinds."""
    return (case for case in found if case.kind in kinds)
