"""Finding conversations by number, phone, name or words. Each way gives a bounded number of queries, so none takes long."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from customer_service.models import InboundMessage
from recontact.customers import fold
from recontact.models import Customer, Message, Query
from recontact.models.words import unsigned
from recontact.prepared import Prepared
from recontact.search import customers_matching, customers_read

#: More customers or messages than this are not gone through: the search says that it was cut.
CUSTOMERS, MESSAGES = 500, 200
#: Of a frequent word the newest messages count, and they are near the end.
NEAR_THE_END = 2_000
#: The words of what we sent are in an index alone, not in the row (a message is written too often): they are made anew for each
#: row that is looked at, so fewer are, and a word that is in one of twenty counts as frequent.
SENT_NEAR_THE_END, SENT_ENOUGH = 200, 10
#: The same of customers: a text that fits one in four hundred of the newest is frequent, and then these count.
NEWEST_CUSTOMERS, CUSTOMERS_ENOUGH = 8_000, 20
_OTHER_SCANS = ("seqscan", "indexscan", "indexonlyscan")
#: A shorter beginning would match half of the customers.
SHORTEST_BEGINNING = 2


@dataclass(frozen=True, slots=True)
class Found:
    """Queries that match, in no order; `cut` when there are more than these."""

    ids: Sequence[int]
    cut: bool = False


def find(text: str) -> Found:
    """By query number (#4182 or 4182), phone in any usual form, beginnings of a name's words, and what either side wrote."""
    digits = re.sub(r"\D", "", text)
    by_number = [int(digits)] if re.fullmatch(r"#?\d{1,15}", text) else []
    if text.startswith("#") or len(fold(text)) < SHORTEST_BEGINNING:
        return Found(by_number)
    customers, more = _customers(text)
    ids = {*by_number, *_OF_CUSTOMERS(ids=customers)}
    by_words, words_cut = _by_words(text) if not digits else ([], False)
    return Found(sorted(ids.union(by_words)), cut=words_cut or more)


_OF_CUSTOMERS = Prepared(
    lambda ids: (
        Query.objects.filter(customer__among=[ids])
        .order_by("-activity_at")
        .values_list("pk", flat=True)[: 2 * CUSTOMERS]
    )
)


def _customers(text: str) -> tuple[list[int], bool]:
    """The customers whom the text names; of letters with which many names begin, the newest."""
    oldest = _oldest(Customer.objects.all(), NEWEST_CUSTOMERS)
    if oldest:
        near = customers_read(text).filter(pk__gte=oldest).order_by("-pk")
        newest = list(near.values_list("pk", flat=True)[:CUSTOMERS])
        if len(newest) >= CUSTOMERS_ENOUGH:
            return newest, True
    with _by_words_index():
        found = list(customers_matching(text).values_list("pk", flat=True)[: CUSTOMERS + 1])
    return found[:CUSTOMERS], len(found) > CUSTOMERS


def _oldest(rows: QuerySet[Any], newest: int) -> int:
    """The id from which on there are so many of the rows; 0 where there are not as many."""
    return next(iter(rows.order_by("-pk").values_list("pk", flat=True)[newest : newest + 1]), 0)


@contextlib.contextmanager
def _by_words_index() -> Iterator[None]:
    """Nothing but the index of the words, which gives a bitmap.

    How many rows begin with some letters the database cannot know: it would rather walk along millions of them, to find a few.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL enable_{scan} = off" for scan in _OTHER_SCANS))
        yield
        cursor.execute("; ".join(f"SET LOCAL enable_{scan} = on" for scan in _OTHER_SCANS))


def _by_words(text: str) -> tuple[list[int], bool]:
    """Queries in which one message, the customer's or ours, has all these words, the last one perhaps not to its end."""
    words = re.findall(r"[^\W_]+", fold(text))
    if not words:
        return [], False
    terms = " & ".join([*words[:-1], f"{words[-1]}:*"])
    query = SearchQuery(terms, search_type="raw", config="simple")
    inbound, written = InboundMessage.objects.all(), _written()
    received, more_received = _matching(inbound, inbound.filter(words=query), query, NEAR_THE_END, MESSAGES)
    # The words of what is looked at would be made anew, row by row: to read it costs a tenth.
    patterns = [rf"\m{word}\M" for word in words[:-1]] + [rf"\m{words[-1]}"]
    read = written.filter(*(Q(plain__regex=pattern) for pattern in patterns))
    sent, more_sent = _matching(written, read, query, SENT_NEAR_THE_END, SENT_ENOUGH)
    return [*received, *sent], more_received or more_sent


def _written() -> QuerySet[Any]:
    """What agents wrote, with its words; the condition and the expression are those of its indexes (message_by_words)."""
    rows = Message.objects.filter(query__isnull=False, kind__in=("text", "media"))
    return rows.alias(words=SearchVector(unsigned("body"), config="simple"), plain=unsigned("body"))


def _matching(
    rows: QuerySet[Any], read: QuerySet[Any], query: SearchQuery, near_the_end: int, enough: int
) -> tuple[list[int], bool]:
    """The queries of a bounded number of rows that match: of a frequent word the newest, of a rare one whatever there is.

    A word is frequent when so many (`enough`) of the newest rows have it; `read` are those that match, found without an index.
    """
    near = read.filter(pk__gte=_oldest(rows, near_the_end)).order_by("-pk")
    found = list(near.values_list("query", flat=True)[:MESSAGES])
    if len(found) >= enough:
        return found, True
    with _by_words_index():
        found += rows.filter(words=query).order_by().values_list("query", flat=True)[:MESSAGES]
    return found, len(found) >= MESSAGES
