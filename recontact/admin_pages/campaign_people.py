"""The recipients of a launched campaign on its page: by state, a page at a time, however many there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from recontact.campaigns.lost import LOST
from recontact.campaigns.outcome_words import why_words
from recontact.campaigns.outcomes import recipients_of, variable_labels
from recontact.campaigns.proof import Books
from recontact.campaigns.recipients import unlaunched
from recontact.models import Campaign, CampaignRecipient, Message

PER_PAGE = 50

UNLAUNCHED, DROPPED = "unlaunched", "dropped"
LEFT_OUT, ERROR = CampaignRecipient.Outcome.LEFT_OUT.value, CampaignRecipient.Outcome.ERROR.value


@dataclass(frozen=True, slots=True)
class Line:
    """One recipient in the list. `row_number` is None for a second try; `state` is a message's, else why there is none."""

    row_number: int | None
    name: str
    phone: str
    state: str
    label: str
    why: str
    code: str
    message_id: int | None
    amount: Decimal | None
    currency: str
    query_id: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the states to choose from, with how many are in it."""

    value: str
    label: str
    count: int


def people_context(request: HttpRequest, campaign: Campaign, books: Books) -> dict[str, Any]:
    """The list as the address asks for it: `state`, and `after` (a row, or a message's number) for the next page."""
    choices = people_choices(campaign, books)
    asked = request.GET.get("state", "")
    state = asked if asked in {choice.value for choice in choices} else ""
    after = request.GET.get("after", "")
    start = int(after[:18]) if after.isdecimal() else None
    # Of a cancelled campaign the cancelled are also those who had no message yet.
    whole = campaign.state == Campaign.State.CANCELLED and state == Message.State.CANCELLED
    by_message = state in Message.State.values and not whole
    lines = _by_message(campaign, state, start) if by_message else _by_row(campaign, state, start)
    shown = lines[:PER_PAGE]
    last = shown[-1] if shown else None
    more = last is not None and len(lines) > PER_PAGE
    return {
        "people": shown,
        "people_state": state,
        "people_choices": choices,
        "people_next": (last.message_id if by_message else last.row_number) if more and last is not None else None,
        "people_first": start is None,
    }


def people_choices(campaign: Campaign, books: Books) -> list[Choice]:
    """The states that somebody is in, counted by the books: nothing is counted for the list itself."""
    states = [Choice(value, str(label), books.by_state.get(value, 0)) for value, label in Message.State.choices]
    others = [
        Choice(UNLAUNCHED, _("Not yet launched"), books.unlaunched),
        Choice(DROPPED, _("Left out at launch"), books.dropped),
        Choice(LEFT_OUT, _("Left out by the plan"), books.left_out),
        Choice(ERROR, _("With an error"), books.errors),
    ]
    return [choice for choice in [*states, *others] if choice.count]


def _by_message(campaign: Campaign, state: str, start: int | None) -> list[Line]:
    # The page first, by itself: joined to their people, all in the state would be, to be sorted then.
    ids = list(_page(campaign, state, start).values_list("pk", flat=True)[: PER_PAGE + 1])
    rows = Message.objects.filter(pk__in=ids).select_related("customer", "campaign_recipient")
    found = []
    for message in rows.defer("components", "bubble", "body").order_by("-pk"):
        recipient = getattr(message, "campaign_recipient", None)
        row_number = recipient.row_number if recipient is not None else None
        found.append(_of_message(message, row_number, message.customer.name or getattr(recipient, "name", "")))
    return found


def _page(campaign: Campaign, state: str, start: int | None) -> QuerySet[Message]:
    """The last messages of their chains in the state, newest first, before the message `start`."""
    rows = Message.objects.filter(state=state, superseded=False)
    if start is not None:
        rows = rows.filter(pk__lt=start)
    if state not in LOST:
        return rows.filter(campaign=campaign).order_by("-pk")
    # As a range, the order by campaign is kept in the statement, and the index of the lost walked (message_lost_by_campaign):
    # else PostgreSQL may walk all messages from the newest, which takes the longer the older the campaign is.
    only = rows.filter(campaign_id__gte=campaign.pk, campaign_id__lte=campaign.pk, state__in=LOST)
    return only.order_by("-campaign_id", "-pk")


def _by_row(campaign: Campaign, state: str, start: int | None) -> list[Line]:
    if state == UNLAUNCHED:
        rows = unlaunched(campaign.pk).order_by("row_number")
    elif state == Message.State.CANCELLED:
        never = Q(message=None, dropped="") | Q(message__state=state)
        rows = recipients_of(campaign, *CampaignRecipient.SENDABLE).filter(never)
    elif state == DROPPED:
        rows = recipients_of(campaign, *CampaignRecipient.SENDABLE).exclude(dropped="")
    else:
        rows = recipients_of(campaign, *([state] if state else []))
    rows = rows.filter(row_number__gt=start or 0).select_related("message")
    rows = rows.defer("values", "message__components", "message__bubble", "message__body")
    labels = variable_labels(campaign)
    return [_of_recipient(recipient, campaign, labels) for recipient in rows[: PER_PAGE + 1]]


def _of_message(message: Message, row_number: int | None, name: str) -> Line:
    return Line(
        row_number=row_number,
        name=name,
        phone=message.recipient_phone,
        state=message.state,
        label=str(message.get_state_display()),
        why=message.reason,
        code=message.provider_code,
        message_id=message.pk,
        amount=message.estimate,
        currency=message.currency,
        query_id=message.query_id,
    )


def _of_recipient(recipient: CampaignRecipient, campaign: Campaign, labels: Mapping[str, str]) -> Line:
    if recipient.message is not None:
        return _of_message(recipient.message, recipient.row_number, recipient.name)
    sendable = recipient.outcome in CampaignRecipient.SENDABLE
    why = recipient.dropped or ("" if sendable else recipient.code)
    label, cancelled = str(recipient.get_outcome_display()), campaign.state == Campaign.State.CANCELLED
    key = str(recipient.params.get("variable", ""))
    if recipient.dropped:
        label = _("Left out at launch")
    elif sendable:
        label = str(Message.State.CANCELLED.label) if cancelled else _("Not yet launched")
    return Line(
        row_number=recipient.row_number,
        name=recipient.name,
        phone=recipient.phone,
        state=DROPPED if recipient.dropped else "" if sendable else recipient.outcome,
        label=label,
        why=why_words(recipient, why, labels.get(key, key)),
        code="",
        message_id=None,
        amount=recipient.estimate if sendable and not recipient.dropped and not cancelled else None,
        currency=recipient.currency,
        query_id=recipient.query_id,
    )
