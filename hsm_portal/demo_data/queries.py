"""The cases as rows: queries with what customers wrote, what agents answered, noted and did, and their HSMs."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle

from customer_service.models import InboundMessage, Note
from hsm_portal.demo_data.accounts import SHOP
from hsm_portal.demo_data.cases import Case, Kind
from hsm_portal.demo_data.conversations import AGENT, ANSWERS, CUSTOMER, SHOP_ANSWERS, THANKS
from hsm_portal.demo_data.fates import CANCELLED, EXPIRED, READ, REJECTED, SKIPPED_ANSWERED, UNCERTAIN, Fate, fate_of
from hsm_portal.demo_data.history import History, Send
from hsm_portal.demo_data.moments import Times
from hsm_portal.demo_data.values import (
    BRAZILIAN_MARKETING,
    CLINIC_MARKETING,
    CLINIC_RECONTACTS,
    SHOP_MARKETING,
    SHOP_RECONTACT,
    values_for,
)
from hsm_portal.models import User
from providers.models import SenderNumber
from providers.simulator.identity import new_message_id
from recontact.models import Campaign, Message, Query, QueryEvent, Team
from templates_app.models import Template

RESOLVED_KINDS = (Kind.RESOLVED, Kind.RESOLVED_RECONTACTED, Kind.OLD, Kind.OLD_RECONTACTED)
UNTAKEN_KINDS = (Kind.NEW, Kind.WAITING, Kind.FROM_MANAGER)
WITHOUT_RECONTACT = (Kind.OPENED_BY_HSM, Kind.FROM_MANAGER)
NEVER_LEFT = (REJECTED, REJECTED, EXPIRED, CANCELLED, SKIPPED_ANSWERED)


@dataclass(slots=True)
class Company:
    """What the cases refer to: rows by the names that the sample data use."""

    numbers: Mapping[str, SenderNumber]
    users: Mapping[str, User]
    teams: Mapping[str, Team]
    templates: Mapping[str, Template]


@dataclass(slots=True)
class Story:
    """One query being told: its row and all that happened, each with its time."""

    case: Case
    query: Query
    number: SenderNumber
    agent: User
    inbound: list[InboundMessage] = field(default_factory=list)
    events: list[QueryEvent] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def event(self, kind: str, at: datetime, actor: User | None, detail: str = "") -> None:
        self.events.append(QueryEvent(query=self.query, kind=kind, at=at, actor=actor, detail=detail))

    def touch(self, at: datetime, text: str) -> None:
        """Something was written at `at`: the list shows the last of it."""
        if at >= self.query.activity_at:
            self.query.activity_at, self.query.preview = at, text[:200]

    def wrote(self, at: datetime, text: str, *, button: bool = False, context: str = "") -> None:
        """The customer wrote, or tapped a button of the HSM `context`."""
        customer = self.query.customer
        self.inbound.append(
            InboundMessage(
                account_id=self.number.account_id,
                sender_number=self.number,
                customer=customer,
                query=self.query,
                provider_message_id=new_message_id(customer.wa_id or customer.bsuid or "", inbound=True),
                kind="button" if button else "text",
                text=text,
                button_payload=text if button else "",
                context_message_id=context,
                payload={"type": "button" if button else "text"},
                occurred_at=at,
                received_at=at + timedelta(seconds=1),
            )
        )
        self.query.last_inbound_at = max(at, self.query.last_inbound_at or at)
        self.touch(at, text)


class Storyteller:
    """Tells the cases one after the other; their messages go into `history`."""

    def __init__(self, company: Company, history: History, chance: random.Random, times: Times) -> None:
        self._company = company
        self._history = history
        self._chance = chance
        self._times = times
        self._never_left = cycle(NEVER_LEFT)

    def tell(self, case: Case, *, campaign: Campaign | None = None) -> Story:
        """The whole story of a case. With `campaign` its recontact was one of a bulk action of the Manager."""
        story = self._begin(case)
        if case.kind not in WITHOUT_RECONTACT:
            self._talk(story)
        if case.recontacted_at is not None:
            self._send_hsm(story, case.recontacted_at, campaign)
        if case.kind in RESOLVED_KINDS:
            self._resolve(story)
        if story.query.assigned_to is not None and self._chance.random() < 0.35:
            at = self._times.after(story.query.taken_at or case.at, minutes_from=1, minutes_to=30)
            story.notes.append(Note(query=story.query, author=story.agent, text=case.topic.note, created_at=at))
        return story

    def _begin(self, case: Case) -> Story:
        opened_at = case.at if case.kind not in WITHOUT_RECONTACT else case.recontacted_at or case.at
        if case.kind is Kind.FROM_MANAGER:
            opened_at = case.answered_at or opened_at
        number = self._company.numbers[case.number.external_id]
        agent = self._company.users[case.agent]
        untaken = case.kind in UNTAKEN_KINDS
        origins = {Kind.OPENED_BY_HSM: Query.Origin.HSM, Kind.FROM_MANAGER: Query.Origin.CAMPAIGN}
        usual = self._chance.choices([Query.Origin.INBOUND, Query.Origin.BOT, Query.Origin.API], [85, 9, 6])[0]
        team = self._company.teams[case.team] if not untaken or self._chance.random() < 0.6 else None
        query = Query(
            customer=case.customer,
            sender_number=number,
            team=team,
            state=Query.State.PENDING if untaken else Query.State.IN_PROGRESS,
            assigned_to=None if untaken else agent,
            origin=origins.get(case.kind, usual),
            subject=case.topic.subject,
            data=dict(case.topic.data),
            opened_by=agent if case.kind is Kind.OPENED_BY_HSM else None,
            created_at=opened_at,
            activity_at=opened_at,
        )
        return Story(case, query, number, agent)

    def _talk(self, story: Story) -> None:
        """The lines of the topic, so timed that the customer's last one is at the case's moment."""
        case = story.case
        lines = list(case.topic.lines)
        first_answer = next(index for index, (who, _text) in enumerate(lines) if who == AGENT)
        last_question = max(index for index, (who, _text) in enumerate(lines) if who == CUSTOMER)
        if case.kind in UNTAKEN_KINDS:
            lines = lines[:first_answer]
            last_question = first_answer - 1
        elif case.kind is Kind.OPEN:
            lines = lines[: last_question + 1]
        gaps = [timedelta(minutes=self._chance.uniform(1, 11)) for _ in lines]
        moment = case.at - sum(gaps[1 : last_question + 1], timedelta())
        story.query.created_at = story.query.activity_at = moment
        story.event(QueryEvent.Kind.OPENED, moment, None)
        for index, (who, text) in enumerate(lines):
            moment = moment + gaps[index] if index else moment
            if who == CUSTOMER:
                story.wrote(moment, text)
            else:
                self._take(story, moment - timedelta(seconds=40))
                self._answer(story, min(moment, self._times.now - timedelta(minutes=1)), text)
        if story.query.assigned_to is not None:
            self._take(story, moment)

    def _take(self, story: Story, at: datetime) -> None:
        if story.query.taken_at is None:
            story.query.taken_at = at
            story.event(QueryEvent.Kind.TAKEN, at, story.agent)

    def _answer(self, story: Story, at: datetime, text: str) -> None:
        """The agent writes free text, inside the window."""
        query = story.query
        if query.first_answer_at is None and story.inbound:
            query.first_answer_at, query.first_answer_by = at, story.agent
            query.first_answer_seconds = max(0, round((at - story.inbound[0].occurred_at).total_seconds()))
        text = text.format(agent=story.agent.first_name)
        recipient = story.query.customer.phone or story.query.customer.bsuid or ""
        fate = fate_of(recipient, category="service", chance=self._chance)
        self._history.add(
            Send(
                story.number,
                story.query.customer,
                at,
                # In a conversation that goes on, what was written arrived.
                fate if fate.state in ("read", "delivered") else READ,
                Message.Origin.TICKET,
                story.agent,
                story.query,
                text=text,
            )
        )
        story.touch(at, text)

    def _send_hsm(self, story: Story, at: datetime, campaign: Campaign | None) -> None:
        kind = story.case.kind
        by_manager = campaign is not None or kind is Kind.FROM_MANAGER
        user = self._company.users["manager"] if by_manager else story.agent
        is_recontact = kind not in WITHOUT_RECONTACT
        template = self._company.templates[self._template_name(story, campaign)]
        origin = {Kind.OPENED_BY_HSM: Message.Origin.SERVICE, Kind.FROM_MANAGER: Message.Origin.MANAGER}.get(
            kind, Message.Origin.BULK if campaign is not None else Message.Origin.TICKET
        )
        message = self._history.add(
            Send(
                story.number,
                story.query.customer,
                at,
                self._fate(story, template.category),
                origin,
                user,
                story.query,
                template,
                values_for(
                    template.name,
                    customer=story.query.customer.name.split()[0],
                    agent=user.first_name,
                    data=story.case.topic.data,
                ),
                campaign=campaign,
                is_recontact=is_recontact,
            )
        )
        if is_recontact:
            story.event(QueryEvent.Kind.RECONTACTED, at, user, template.name)
        elif kind is Kind.OPENED_BY_HSM:
            story.query.taken_at = at
            story.event(QueryEvent.Kind.OPENED, at, user)
        story.touch(at, message.body)
        if story.case.answered_at is not None:
            self._customer_answers(story, story.case.answered_at, message)

    def _template_name(self, story: Story, campaign: Campaign | None) -> str:
        shop = story.case.number is SHOP
        if story.case.kind is Kind.FROM_MANAGER:
            brazilian = story.query.customer.country == "BR"
            return (BRAZILIAN_MARKETING if brazilian else SHOP_MARKETING) if shop else CLINIC_MARKETING
        if shop:
            return SHOP_RECONTACT
        return CLINIC_RECONTACTS[0] if campaign is not None else self._chance.choice(CLINIC_RECONTACTS)

    def _fate(self, story: Story, category: str) -> Fate:
        case = story.case
        if case.answered_at is not None:
            return READ
        if case.kind is Kind.UNCERTAIN:
            return UNCERTAIN
        if case.kind is Kind.RELEASED:
            return next(self._never_left)
        recipient = story.query.customer.phone or story.query.customer.bsuid or ""
        fate = fate_of(recipient, category=category, chance=self._chance)
        # A right that came back is a case of its own kind.
        return READ if fate is REJECTED else fate

    def _customer_answers(self, story: Story, at: datetime, message: Message) -> None:
        text, button = self._chance.choice(SHOP_ANSWERS if story.case.number is SHOP else ANSWERS)
        if story.case.kind is Kind.FROM_MANAGER:
            text, button = "Hola, me interesa. ¿Me pasás más información?", False
            story.event(QueryEvent.Kind.OPENED, at, None)
        story.wrote(at, text, button=button, context=message.provider_message_id)
        if story.case.kind is Kind.ANSWERED and self._chance.random() < 0.5:
            later = self._times.after(at, minutes_from=2, minutes_to=25)
            self._answer(story, later, self._chance.choice(THANKS))

    def _resolve(self, story: Story) -> None:
        words = self._times.after(story.query.activity_at, minutes_from=2, minutes_to=20)
        self._answer(story, words, self._chance.choice(THANKS))
        at = self._times.after(words, minutes_from=1, minutes_to=40)
        story.query.state, story.query.resolved_at = Query.State.RESOLVED, at
        story.query.resolution = story.case.topic.resolution
        story.event(QueryEvent.Kind.RESOLVED, at, story.agent, story.case.topic.resolution)


def stories_save(stories: Sequence[Story]) -> None:
    """Write the queries and what was written, noted and done in them. Their messages refer to them: save those after."""
    Query.objects.bulk_create(sorted((story.query for story in stories), key=lambda row: row.created_at))
    inbound = sorted((row for story in stories for row in story.inbound), key=lambda row: row.occurred_at)
    InboundMessage.objects.bulk_create(inbound)
    QueryEvent.objects.bulk_create(sorted((row for story in stories for row in story.events), key=lambda row: row.at))
    Note.objects.bulk_create(sorted((row for story in stories for row in story.notes), key=lambda row: row.created_at))
