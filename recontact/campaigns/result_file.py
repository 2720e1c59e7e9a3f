"""The proof of a campaign as a file: every recipient with the message that stands for him, its state, price, id and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import count, islice
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from recontact.campaigns.outcome_words import why_words
from recontact.campaigns.outcomes import recipients_of
from recontact.campaigns.proof import never_tried
from recontact.csv_text import CHUNK, MARK, csv_lines
from recontact.models import Campaign, CampaignRecipient, CostEntry, Message, Query
from recontact.phones import phone_mask
from recontact.reasons import reason_words
from recontact.refusals import refusal_sentence


def result_csv(campaign: Campaign, *, whole_phones: bool, prices: bool) -> Iterator[str]:
    """The file as text in pieces, read from the database as they are written out.

    Of a recipient who was tried again it is the last try that counts, as in the books. `prices`: with our estimate and what
    the provider reported, each in its own column with its currency.
    """
    of_queries = campaign.source in (Campaign.Source.FILTERED, Campaign.Source.QUERIES)
    yield MARK + csv_lines([_header(prices=prices, of_queries=of_queries)])
    words = _Words(campaign)
    if campaign.source == Campaign.Source.QUERIES:
        lines = _query_lines(campaign, words, whole_phones=whole_phones, prices=prices)
    else:
        lines = _recipient_lines(campaign, words, whole_phones=whole_phones, prices=prices, of_queries=of_queries)
    while chunk := list(islice(lines, CHUNK)):
        yield csv_lines(chunk)


def _recipient_lines(
    campaign: Campaign, words: _Words, *, whole_phones: bool, prices: bool, of_queries: bool
) -> Iterator[list[Any]]:
    """Of a campaign that was planned: each row."""
    rows = recipients_of(campaign).defer("values").iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        messages = _last_tries(chunk)
        reported = _reported(messages) if prices else {}
        for row in chunk:
            message = messages.get(row.message_id or 0)
            line = _recipient_cells(row, words, whole_phones=whole_phones)
            line += (
                _message_cells(message, words)
                if message is not None
                else ["", "", words.without_message(row), *[""] * 9]
            )
            line += _price_cells(row, message, reported, words) if prices else []
            line += [row.query_id] if of_queries else []
            yield line


def _query_lines(campaign: Campaign, words: _Words, *, whole_phones: bool, prices: bool) -> Iterator[list[Any]]:
    """Of selected queries: each that has a message (which is never tried again by the campaign), each that was refused, and each
    that was never tried."""
    number = count(1)
    bare = campaign.messages.select_related("customer").defer("components", "bubble", "body").order_by("pk")
    sent = bare.iterator(chunk_size=CHUNK)
    while chunk := list(islice(sent, CHUNK)):
        reported = _reported({message.pk: message for message in chunk}) if prices else {}
        for message in chunk:
            line = [next(number), _phone(message.recipient_phone, whole_phones), message.customer.name, "", ""]
            line += _message_cells(message, words)
            line += _price_cells(None, message, reported, words) if prices else []
            yield [*line, message.query_id]
    empty = [""] * (16 if prices else 12)
    for refusal in campaign.refusals.select_related("query__customer").order_by("pk"):
        who = refusal.query.customer
        why = refusal_sentence(refusal.code, refusal.params)
        line = [next(number), _phone(who.phone or "", whole_phones), who.name, words.outcomes["left_out"], why]
        yield [*line, *empty, refusal.query_id]
    for query in Query.objects.filter(pk__in=never_tried(campaign)).select_related("customer").order_by("pk"):
        who = query.customer
        line = [next(number), _phone(who.phone or "", whole_phones), who.name, _("Never tried"), ""]
        yield [*line, *empty, query.pk]


def _header(*, prices: bool, of_queries: bool) -> list[str]:
    header = [_("Row"), _("Phone"), _("Name"), _("What happens"), _("Why"), _("Message"), _("Try"), _("State")]
    header += [_("Reason"), _("Provider's code"), _("Provider's id")]
    header += [_("Queued"), _("Accepted"), _("Sent"), _("Delivered"), _("Read"), _("Ended")]
    header += [_("Estimate"), _("Currency"), _("Reported"), _("Currency")] if prices else []
    return header + ([_("Query")] if of_queries else [])


def _last_tries(rows: Sequence[CampaignRecipient]) -> dict[int, Message]:
    """By the id of each row's first message, the last of its chain."""
    bare = Message.objects.defer("components", "bubble", "body")
    last = {message.pk: message for message in bare.filter(pk__in=[row.message_id for row in rows if row.message_id])}
    first_of = {pk: pk for pk in last}
    while tries := list(bare.filter(retry_of__in=first_of)):
        first_of = {message.pk: first_of[message.retry_of_id or 0] for message in tries}
        last |= {first_of[message.pk]: message for message in tries}
    return last


def _reported(messages: Mapping[int, Message]) -> dict[int, tuple[Decimal, str]]:
    ids = [message.pk for message in messages.values()]
    rows = CostEntry.objects.filter(message__in=ids, kind=CostEntry.Kind.REPORT)
    return {pk: (amount, currency) for pk, amount, currency in rows.values_list("message_id", "amount", "currency")}


class _Words:
    """What is written of codes, in the reader's language: a million rows have few of them, and translating takes its time."""

    def __init__(self, campaign: Campaign) -> None:
        self.is_cancelled = campaign.state == Campaign.State.CANCELLED
        self._dropped, self._unlaunched = _("Left out at launch"), _("Not yet launched")
        self.outcomes = {value: str(label) for value, label in CampaignRecipient.Outcome.choices}
        self.states = {value: str(label) for value, label in Message.State.choices}
        self._reasons: dict[str, str] = {}

    def is_to_be_sent(self, row: CampaignRecipient) -> bool:
        """Whether a row without a message is still to get one."""
        return row.outcome in CampaignRecipient.SENDABLE and not row.dropped and not self.is_cancelled

    def without_message(self, row: CampaignRecipient) -> str:
        """The state of a row without a message, as the books count it; empty for one that the plan left out."""
        if row.dropped:
            return self._dropped
        if row.outcome not in CampaignRecipient.SENDABLE:
            return ""
        return self.states[Message.State.CANCELLED] if self.is_cancelled else self._unlaunched

    def reason(self, code: str) -> str:
        if code not in self._reasons:
            self._reasons[code] = reason_words(code)
        return self._reasons[code]


def _recipient_cells(row: CampaignRecipient, words: _Words, *, whole_phones: bool) -> list[Any]:
    code = row.dropped or row.code
    return [
        row.row_number,
        _phone(row.phone, whole_phones),
        row.name,
        words.outcomes[row.outcome],
        why_words(row, code) if code else "",
    ]


def _phone(phone: str, is_whole: bool) -> str:
    return phone if is_whole or not phone else phone_mask(phone)


def _message_cells(message: Message, words: _Words) -> list[Any]:
    moments = (message.created_at, message.accepted_at, message.sent_at, message.delivered_at, message.read_at)
    return [
        message.pk,
        message.try_number,
        words.states[message.state],
        words.reason(message.reason),
        message.provider_code,
        message.provider_message_id,
        *(
            "" if moment is None else timezone.localtime(moment).isoformat(timespec="seconds")
            for moment in (*moments, message.settled_at)
        ),
    ]


def _price_cells(
    row: CampaignRecipient | None, message: Message | None, reported: Mapping[int, tuple[Decimal, str]], words: _Words
) -> list[Any]:
    """The estimate, of who gets no message any more none, and what the provider told."""
    if message is not None:
        amount, told_in = reported.get(message.pk, (None, ""))
        return [message.estimate, "" if message.estimate is None else message.currency, amount, told_in]
    if row is None or row.estimate is None or not words.is_to_be_sent(row):
        return ["", "", "", ""]
    return [row.estimate, row.currency, "", ""]
