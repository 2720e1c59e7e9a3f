"""Lists as PostgreSQL's array literals: what comes back is what went in."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from recontact.arrays import array_literal
from recontact.models import Customer, Message
from tests.factories import customer_make, message_make

TEXTS = st.lists(st.none() | st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"])))


def _read(kind: str, literal: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [literal])
        return list(cursor.fetchone()[0])


class AnyValues(TestCase):
    """Property: whatever the texts hold, quotes, commas, braces or NULL."""

    @given(TEXTS)
    def test_texts(self, texts: list[str | None]) -> None:
        assert _read("text", array_literal(texts)) == texts

    @given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))
    def test_integers(self, integers: list[int | None]) -> None:
        assert _read("bigint", array_literal(integers)) == integers


@pytest.mark.django_db
def test_among_finds_by_text_by_id_and_by_foreign_key() -> None:
    customer, _other = customer_make(phone="+5491155550001"), customer_make(phone="+5491155550002")
    message = message_make()
    assert list(Customer.objects.filter(phone__among=[customer.phone or "", 'no "one", \\'])) == [customer]
    assert list(Customer.objects.filter(pk__among={customer.pk, 0})) == [customer]
    assert list(Message.objects.filter(customer__among=[message.customer_id])) == [message]
    assert not Customer.objects.filter(phone__among=[])


@pytest.mark.django_db
def test_a_longer_text_than_the_column_takes_is_found_nowhere_and_not_cut() -> None:
    customer_make(phone="+5491155550001")
    assert not Customer.objects.filter(phone__among=["+5491155550001" + "0" * 20])
