"""The proof of a campaign as a file: every recipient with the message that stands for him, its state, price, id and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from recontact.campaigns.outcome_words import why_words
from recontact.campaigns.outcomes import recipients_of
from recontact.csv_text import CHUNK, MARK, csv_lines
from recontact.models import Campaign, CampaignRecipient, CostEntry, Message
from recontact.phones import phone_mask
from recontact.reasons import reason_words


def result_csv(campaign: Campaign, *, whole_phones: bool, prices: bool) -> Iterator[str]:
    """The file as text in pieces, read from the database as they are written out.

    Of a recipient who was tried again it is the last try that counts, as in the books. `prices`: with our estimate and what
    the provider reported, each in its own column with its currency.
    """
    of_queries = campaign.source == Campaign.Source.FILTERED
    yield MARK + csv_lines([_header(prices=prices, of_queries=of_queries)])
    words = _Words()
    rows = recipients_of(campaign).defer("values").iterator(chunk_size=CHUNK)
    while chunk := list(islice(rows, CHUNK)):
        messages = _last_tries(chunk)
        reported = _reported(messages) if prices else {}
        lines = []
        for row in chunk:
            message = messages.get(row.message_id or 0)
            line = [*_recipient_cells(row, words, whole_phones=whole_phones), *_message_cells(message, words)]
            line += _price_cells(row, message, reported) if prices else []
            line += [row.query_id] if of_queries else []
            lines.append(line)
        yield csv_lines(lines)


def _header(*, prices: bool, of_queries: bool) -> list[str]:
    header = [_("Row"), _("Phone"), _("Name"), _("What happens"), _("Why"), _("Message"), _("Try"), _("State")]
    header += [_("Reason"), _("Provider's code"), _("Provider's id")]
    header += [_("Queued"), _("Accepted"), _("Delivered"), _("Read")]
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

    def __init__(self) -> None:
        self.outcomes = {value: str(label) for value, label in CampaignRecipient.Outcome.choices}
        self.states = {value: str(label) for value, label in Message.State.choices}
        self._reasons: dict[str, str] = {}

    def reason(self, code: str) -> str:
        if code not in self._reasons:
            self._reasons[code] = reason_words(code)
        return self._reasons[code]


def _recipient_cells(row: CampaignRecipient, words: _Words, *, whole_phones: bool) -> list[Any]:
    phone = row.phone if whole_phones or not row.phone else phone_mask(row.phone)
    code = row.dropped or row.code
    return [row.row_number, phone, row.name, words.outcomes[row.outcome], why_words(row, code) if code else ""]


def _message_cells(message: Message | None, words: _Words) -> list[Any]:
    if message is None:
        return [""] * 10
    moments = (message.created_at, message.accepted_at, message.delivered_at, message.read_at)
    return [
        message.pk,
        message.try_number,
        words.states[message.state],
        words.reason(message.reason),
        message.provider_code,
        message.provider_message_id,
        *("" if moment is None else timezone.localtime(moment).isoformat(timespec="seconds") for moment in moments),
    ]


def _price_cells(
    row: CampaignRecipient, message: Message | None, reported: Mapping[int, tuple[Decimal, str]]
) -> list[Any]:
    estimate, currency = (row.estimate, row.currency) if message is None else (message.estimate, message.currency)
    amount, told_in = reported.get(message.pk, (None, "")) if message is not None else (None, "")
    return [estimate, "" if estimate is None else currency, amount, told_in]
