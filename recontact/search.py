"""Finding customers as people look for them: the beginnings of a name's words, or a phone as it is typed."""

from __future__ import annotations

import contextlib
import re
from functools import reduce
from operator import and_, or_

from django.conf import settings
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection
from django.db.models import Q, QuerySet

from recontact.customers import fold
from recontact.models import Customer
from recontact.phones import InvalidPhone, phone_parse

#: PostgreSQL itself reads all customers to tell their few countries apart.
_COUNTRIES = """
    WITH RECURSIVE found AS (
        (SELECT country FROM recontact_customer ORDER BY country LIMIT 1)
        UNION ALL
        SELECT (SELECT c.country FROM recontact_customer c WHERE c.country > f.country ORDER BY c.country LIMIT 1)
        FROM found f WHERE f.country IS NOT NULL)
    SELECT country FROM found WHERE country IS NOT NULL
"""


def customers_matching(text: str) -> QuerySet[Customer]:
    """Customers found by a phone in any usual form, or by the beginnings of the words of a name. Empty text: nobody."""
    terms = _terms(text.replace("\x00", "").strip())
    if not terms:
        return Customer.objects.none()
    vector = SearchVector("search", config="simple")
    query = SearchQuery(terms, search_type="raw", config="simple")
    return Customer.objects.annotate(found=vector).filter(found=query)


def customer_countries() -> list[str]:
    """The countries that customers are of, in order; "" where some have none. One step on an index for each."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTRIES)
        return [country for (country,) in cursor.fetchall()]


def customers_read(text: str) -> QuerySet[Customer]:
    """The same by reading each row, which needs no index: for a few rows of a large table. Empty text: nobody."""
    words, operator = _words(text.replace("\x00", "").strip())
    if not words:
        return Customer.objects.none()
    # Whether a row has the letters at all is told four times as fast as whether a word begins with them.
    beginnings = [Q(search__contains=word) & Q(search__regex=rf"\m{word}") for word in words]
    return Customer.objects.filter(reduce(and_ if operator == "&" else or_, beginnings))


def _terms(text: str) -> str:
    words, operator = _words(text)
    return f" {operator} ".join(f"{word}:*" for word in words)


def _words(text: str) -> tuple[list[str], str]:
    """Letters and digits with which words begin: all of a name (&), any form of a phone (|)."""
    digits = re.sub(r"\D", "", text)
    if not digits or any(character.isalpha() for character in text):
        return re.findall(r"[^\W_]+", fold(text)), "&"
    forms = {digits, digits.lstrip("0") or digits}
    with contextlib.suppress(InvalidPhone):
        forms.add(phone_parse(text, default_country=settings.DEFAULT_COUNTRY).e164.lstrip("+"))
    return sorted(forms), "|"
