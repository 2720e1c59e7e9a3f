"""Finding conversations by number, phone, name or words. Each way gives a bounded number of queries, so none takes long."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery
from django.db import connection, transaction
from django.db.models import Max

from customer_service.models import InboundMessage
from recontact.customers import fold
from recontact.models import Query
from recontact.search import customers_matching

#: More customers or messages than this are not gone through: the search says that it was cut.
CUSTOMERS, MESSAGES = 1000, 200
#: Of a frequent word the newest messages count, and they are near the end.
NEAR_THE_END = 2_000
#: A shorter beginning would match half of the customers.
SHORTEST_BEGINNING = 2


@dataclass(frozen=True, slots=True)
class Found:
    """Queries that match, in no order; `cut` when there are more than these."""

    ids: Sequence[int]
    cut: bool = False


def find(text: str) -> Found:
    """By query number (#4182 or 4182), phone in any usual form, beginnings of a name's words, and what the customer wrote."""
    digits = re.sub(r"\D", "", text)
    by_number = [int(digits)] if re.fullmatch(r"#?\d{1,15}", text) else []
    if text.startswith("#") or len(fold(text)) < SHORTEST_BEGINNING:
        return Found(by_number)
    with _by_index():
        customers = list(customers_matching(text).values_list("pk", flat=True)[: CUSTOMERS + 1])
        of_customers = Query.objects.filter(customer__in=customers[:CUSTOMERS]).order_by("-activity_at")
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
    """Queries in which the customer wrote all these words in one message, the last one perhaps not to its end."""
    words = re.findall(r"[^\W_]+", fold(text))
    if not words:
        return [], False
    terms = " & ".join([*words[:-1], f"{words[-1]}:*"])
    query = SearchQuery(terms, search_type="raw", config="simple")
    last = InboundMessage.objects.aggregate(last=Max("pk"))["last"] or 0
    near = InboundMessage.objects.filter(pk__gt=last - NEAR_THE_END, words=query).order_by("-pk")
    found = list(near.values_list("query", flat=True)[:MESSAGES])
    if len(found) < MESSAGES:
        found += InboundMessage.objects.filter(words=query).values_list("query", flat=True)[:MESSAGES]
    return found, len(found) >= MESSAGES
