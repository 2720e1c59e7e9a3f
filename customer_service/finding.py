"""Finding conversations by number, phone, name or words. Each way gives a bounded number of queries, so none takes long."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection, transaction
from django.db.models import QuerySet

from customer_service.models import InboundMessage
from recontact.customers import fold
from recontact.models import Message, Query
from recontact.models.words import unsigned
from recontact.search import customers_matching

#: More customers or messages than this are not gone through: the search says that it was cut.
CUSTOMERS, MESSAGES = 1000, 200
#: Of a frequent word the newest messages count, and they are near the end.
NEAR_THE_END = 2_000
#: The words of what we sent are in an index alone, not in the row (a message is written too often): they are made anew for each
#: row that is looked at, so fewer are, and a word that is in one of twenty counts as frequent.
SENT_NEAR_THE_END, SENT_ENOUGH = 200, 10
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
    with _by_index():
        customers = list(customers_matching(text).values_list("pk", flat=True)[: CUSTOMERS + 1])
        of_customers = Query.objects.filter(customer__among=customers[:CUSTOMERS]).order_by("-activity_at")
        ids = {*by_number, *of_customers.values_list("pk", flat=True)[: 2 * CUSTOMERS]}
        by_words, words_cut = _by_words(text) if not digits else ([], False)
    return Found(sorted(ids.union(by_words)), cut=words_cut or len(customers) > CUSTOMERS)


@contextlib.contextmanager
def _by_index() -> Iterator[None]:
    """How many rows begin with some letters the database cannot know, and would rather read all of them to find a few."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        yield
        cursor.execute("SET LOCAL enable_seqscan = on")


def _by_words(text: str) -> tuple[list[int], bool]:
    """Queries in which one message, the customer's or ours, has all these words, the last one perhaps not to its end."""
    words = re.findall(r"[^\W_]+", fold(text))
    if not words:
        return [], False
    terms = " & ".join([*words[:-1], f"{words[-1]}:*"])
    query = SearchQuery(terms, search_type="raw", config="simple")
    received, more_received = _matching(InboundMessage.objects.all(), query, NEAR_THE_END, MESSAGES)
    sent, more_sent = _matching(_written(), query, SENT_NEAR_THE_END, SENT_ENOUGH)
    return [*received, *sent], more_received or more_sent


def _written() -> QuerySet[Message]:
    """What agents wrote, with its words; the condition and the expression are those of its indexes (message_by_words)."""
    rows = Message.objects.filter(query__isnull=False, kind__in=("text", "media"))
    return rows.annotate(words=SearchVector(unsigned("body"), config="simple"))


def _matching(rows: QuerySet[Any], query: SearchQuery, near_the_end: int, enough: int) -> tuple[list[int], bool]:
    """The queries of a bounded number of rows that match: of a frequent word the newest, of a rare one whatever there is.

    A word is frequent when so many (`enough`) of the newest rows have it.
    """
    newest = rows.order_by("-pk").values_list("pk", flat=True)
    oldest = next(iter(newest[near_the_end : near_the_end + 1]), 0)
    near = rows.filter(pk__gte=oldest, words=query).order_by("-pk")
    found = list(near.values_list("query", flat=True)[:MESSAGES])
    if len(found) >= enough:
        return found, True
    found += rows.filter(words=query).order_by().values_list("query", flat=True)[:MESSAGES]
    return found, len(found) >= MESSAGES
