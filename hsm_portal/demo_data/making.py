"""The whole sample in one transaction: accounts, people, templates by the real sync, two weeks of work."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from customer_service.models import InboundMessage, Note
from hsm_portal.demo_data.accounts import ACCOUNTS, SHOP, accounts_make
from hsm_portal.demo_data.addresses import PROVIDER
from hsm_portal.demo_data.budgets import budgets_make
from hsm_portal.demo_data.cases import Case, Kind, cases, of_kind
from hsm_portal.demo_data.customers import customers_make, customers_seed, opt_outs_make
from hsm_portal.demo_data.desk import desk_make, lists_settle
from hsm_portal.demo_data.fates import fate_of
from hsm_portal.demo_data.history import History, Send
from hsm_portal.demo_data.moments import Times, own_times
from hsm_portal.demo_data.queries import Company, Story, Storyteller, stories_save
from hsm_portal.demo_data.simulator import Simulator
from hsm_portal.demo_data.users import users_make
from hsm_portal.demo_data.values import (
    BRAZILIAN_MARKETING,
    CLINIC_MARKETING,
    CLINIC_RECONTACTS,
    SHOP_MARKETING,
    values_for,
)
from providers.models import ProviderAccount
from recontact.clock import database_now
from recontact.inbound import ANSWER_WITHIN
from recontact.models import (
    Campaign,
    CampaignRefusal,
    CostEntry,
    Customer,
    Message,
    MessageEvent,
    OptOut,
    Query,
    QueryEvent,
    Recontact,
    ServiceWindow,
    Team,
)
from recontact.refusals import Code
from recontact.states import WENT_OUT
from recontact.windows import WINDOW
from templates_app.models import Template
from templates_app.sync import templates_sync

SEED = 20261123
MARKETING_COUNT = 120
CAMPAIGN_SIZE = 12
CAMPAIGN_DAYS_AGO = 4
CAMPAIGN_NAME = "Turnos sin respuesta de la semana"
DATED = (Query, QueryEvent, InboundMessage, Note, Message, MessageEvent, CostEntry, Recontact, Campaign)
#: Ages of the two messages without certainty: one that a person may settle by now, and one too young for that.
UNCERTAIN_MINUTES = (190, 22)


class NotEmpty(RuntimeError):
    """The database holds accounts or customers that are not the sample's."""


def sample_exists() -> bool:
    """Whether the sample data were made before. Raises NotEmpty in a database that is somebody's own."""
    ids = [sample.waba_id for sample in ACCOUNTS]
    if ProviderAccount.objects.filter(provider=PROVIDER, external_id__in=ids).exists():
        return True
    if ProviderAccount.objects.exists() or Customer.objects.exists():
        raise NotEmpty
    return False


@transaction.atomic
def sample_make(*, simulator: Simulator) -> None:
    """Make everything; the simulator has the accounts and templates already. All or nothing."""
    chance = random.Random(SEED)  # noqa: S311 - the same invented people every time, no secrets
    now = database_now()
    numbers, users = accounts_make(), users_make()
    for account in ProviderAccount.objects.order_by("pk"):
        templates_sync(account_id=account.pk)
    teams = {team.name: team for team in Team.objects.all()}
    company = Company(numbers, users, teams, {row.name: row for row in Template.objects.all()})
    customers = customers_make(chance=chance, now=now)
    simulator.post("seed", customers=customers_seed(customers))
    with own_times(*DATED):
        Telling(company, customers, chance, Times(now, chance)).run(simulator)
    budgets_make()
    desk_make(teams)


@dataclass(slots=True)
class Telling:
    """The two weeks of work, told into rows."""

    company: Company
    customers: Sequence[Customer]
    chance: random.Random
    times: Times

    def run(self, simulator: Simulator) -> None:
        """Plan, tell, and write in an order in which every row finds what it refers to."""
        found = cases(customers=self.customers, chance=self.chance, times=self.times)
        for case, minutes in zip(of_kind(found, Kind.UNCERTAIN), UNCERTAIN_MINUTES, strict=True):
            case.recontacted_at = self.times.now - timedelta(minutes=minutes)
            case.at = case.recontacted_at - timedelta(hours=31)
        start = self.times.workday(days=CAMPAIGN_DAYS_AGO)
        picked, campaign = self._pick_for_campaign(found, start), self._campaign(start)
        history = History(self.chance, self.times.now)
        teller = Storyteller(self.company, history, self.chance, self.times)
        stories = [
            teller.tell(case, campaign=campaign if any(case is one for one in picked) else None) for case in found
        ]
        # Who opted out wrote, and was not written to since.
        waiting = [story for story in stories if story.case.kind is Kind.WAITING]
        opt_outs_make(customers=[story.case.customer for story in waiting], chance=self.chance, now=self.times.now)
        self._marketing(history)
        open_windows_tell(stories, simulator, self.times.now)
        stories_save(stories)
        history.save()
        self._refusals(campaign, waiting)
        windows_save(stories)
        answers_note()
        lists_settle()

    def _pick_for_campaign(self, found: Sequence[Case], start: datetime) -> list[Case]:
        """Recontacts of the clinic that were one bulk action of the Manager."""
        picked = [case for case in of_kind(found, Kind.RECONTACTED) if case.number is not SHOP][:CAMPAIGN_SIZE]
        for position, case in enumerate(picked):
            case.recontacted_at = start + timedelta(milliseconds=400 * position)
            case.at = start - timedelta(hours=self.chance.uniform(26, 70))
        return picked

    def _campaign(self, start: datetime) -> Campaign:
        return Campaign.objects.create(
            name=CAMPAIGN_NAME,
            template=self.company.templates[CLINIC_RECONTACTS[0]],
            state=Campaign.State.COMPLETED,
            created_by=self.company.users["manager"],
            created_at=start - timedelta(seconds=5),
            completed_at=start + timedelta(seconds=20),
        )

    def _refusals(self, campaign: Campaign, waiting: Sequence[Story]) -> None:
        wishes = {row.customer_id: row for row in OptOut.objects.filter(scope=OptOut.Scope.ALL)}
        CampaignRefusal.objects.bulk_create(
            CampaignRefusal(campaign=campaign, query=story.query, code=Code.OPTED_OUT, params={"source": wish.source})
            for story in waiting
            if (wish := wishes.get(story.case.customer.pk)) is not None
        )

    def _marketing(self, history: History) -> None:
        """HSMs of the Manager to phones, outside of any query."""
        unwilling = set(OptOut.objects.values_list("customer_id", flat=True))
        willing = [customer for customer in self.customers if customer.pk not in unwilling]
        manager = self.company.users["manager"]
        for customer in self.chance.choices(willing, k=MARKETING_COUNT):
            name = {"AR": CLINIC_MARKETING, "UY": CLINIC_MARKETING, "BR": BRAZILIAN_MARKETING}.get(
                customer.country, SHOP_MARKETING
            )
            template = self.company.templates[name]
            numbers = [number for number in self.company.numbers.values() if number.account_id == template.account_id]
            recipient = customer.phone or customer.bsuid or ""
            history.add(
                Send(
                    self.chance.choice(numbers),
                    customer,
                    self.times.workday(days=self.chance.randrange(14)),
                    fate_of(recipient, category=template.category, chance=self.chance),
                    Message.Origin.MANAGER,
                    manager,
                    template=template,
                    values=values_for(name, customer=customer.name.split()[0], agent=manager.first_name, data={}),
                )
            )


def open_windows_tell(stories: Sequence[Story], simulator: Simulator, now: datetime) -> None:
    """Let the simulator know of the customers' last words of the last day: their windows are open on both sides.

    Its webhooks of them wait until the portal can take them (`live`), which finds that it has the messages already.
    """
    simulator.post("webhooks/hold")
    with simulator.at() as clock:
        for story in stories:
            latest = story.inbound[-1] if story.inbound else None
            if latest is None or latest.occurred_at + WINDOW <= now:
                continue
            customer = story.query.customer
            clock.set(latest.occurred_at)
            told = simulator.post(
                "inbound",
                **{"phone_number_id": story.number.external_id, "from": customer.wa_id or customer.bsuid},
                type=latest.kind,
                text=latest.text,
            )
            latest.provider_message_id = told["wamid"]


def windows_save(stories: Sequence[Story]) -> None:
    """The service window of each customer and number, from the last message of all queries."""
    last: dict[tuple[int, int], datetime] = {}
    for story in stories:
        key = (story.query.customer.pk, story.number.pk)
        for message in story.inbound:
            last[key] = max(message.occurred_at, last.get(key, message.occurred_at))
    ServiceWindow.objects.bulk_create(
        ServiceWindow(customer_id=customer, sender_number_id=number, last_inbound_at=at, expires_at=at + WINDOW)
        for (customer, number), at in last.items()
    )


def answers_note() -> None:
    """Which HSM each customer answered, and when, as `recontact.inbound` keeps it."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, {"within": ANSWER_WITHIN.days, "left": sorted(WENT_OUT)})


_ANSWERS = """
    UPDATE recontact_message m SET answered_at = a.at FROM (
        SELECT DISTINCT ON (l.id) l.id, i.occurred_at AS at FROM customer_service_inboundmessage i CROSS JOIN LATERAL (
            SELECT s.id FROM recontact_message s
            WHERE s.sender_number_id = i.sender_number_id AND s.customer_id = i.customer_id AND s.kind = 'template'
              AND s.claimed_at > i.occurred_at - make_interval(days => %(within)s)
              AND s.claimed_at <= i.occurred_at AND s.state = ANY(%(left)s)
            ORDER BY s.claimed_at DESC LIMIT 1) l
        ORDER BY l.id, i.occurred_at) a
    WHERE m.id = a.id
"""
