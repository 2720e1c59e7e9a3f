"""A row of the list is written by hand, so whatever people or the database put into it is shown as text, wherever it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django.utils import timezone

from customer_service.lists import ALL, Asked
from customer_service.row_html import RowWriter
from customer_service.selectors import conversations
from hsm_portal.models import User
from hsm_portal.roles import Role
from recontact.models import Query, Team
from tests.customer_service.agents import agent_make, customer_writes
from tests.factories import customer_make, query_make

pytestmark = pytest.mark.django_db

#: Ends a tag, an attribute in either quotes, and an entity.
NASTY = "</span><script>alert('1')</script>\" onclick='x' &lt;"


class Shown(HTMLParser):
    """What a browser makes of a row: its tags, their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def lead() -> User:
    return agent_make(role=Role.COORDINATOR)


def shown(lead: User, *, place: str = "tab=all", current: int | None = None, shows_state: bool = False) -> Shown:
    """The only conversation there is, as the list shows it."""
    (row,) = conversations(user=lead, asked=Asked(tab=ALL)).rows
    return Shown(RowWriter(place=place, current=current, shows_state=shows_state).write(row))


@pytest.mark.parametrize(
    ("fields", "times"),
    [
        ({"preview": NASTY}, 1),
        ({"topic": NASTY}, 1),
        ({"subject": NASTY}, 1),
        ({"tags": [NASTY[:30], NASTY[:29]]}, 0),
    ],
    ids=["preview", "topic", "subject", "tags"],
)
def test_what_a_query_holds_is_text(lead: User, fields: dict[str, object], times: int) -> None:
    query = query_make()
    Query.objects.filter(pk=query.pk).update(**fields)

    row = shown(lead)
    assert set(row.tags) == {"li", "a", "span"}
    assert not any(name == "onclick" for name, _value in row.attributes)
    assert row.text.count(NASTY) == times
    assert NASTY[:29] in row.text


def test_the_names_of_customer_agent_and_team_are_text(lead: User) -> None:
    query_make(customer=customer_make(name=NASTY), assigned_to=agent_make(first_name=NASTY), state="in_progress")
    assert shown(lead).text.count(NASTY) == 2

    Query.objects.update(assigned_to=None, state="pending", team=Team.objects.create(name=NASTY))
    assert shown(lead).text.count(NASTY) == 2
    assert "script" not in shown(lead).tags


def test_the_address_of_the_list_stays_within_the_link(lead: User) -> None:
    query = query_make()
    row = shown(lead, place='q=a"b&tab=all')

    assert ("href", f'/service/queries/{query.pk}/?q=a"b&tab=all') in row.attributes


def test_a_row_says_all_that_there_is_to_say(lead: User) -> None:
    query = query_make(customer=customer_make(name="Carla Ríos"), assigned_to=lead, state="in_progress", topic="Pagos")
    customer_writes(query, "¿Y el turno?", at=timezone.now() - timedelta(hours=1))
    query.customer.windows.update(expires_at=timezone.now() + timedelta(hours=20, minutes=30))
    Query.objects.update(tags=["vip", "urgente", "más"], snoozed_until=datetime(9000, 1, 1, tzinfo=UTC))
    row = shown(lead, current=query.pk, shows_state=True)

    for words in (
        "Carla Ríos",
        "¿Y el turno?",
        f"#{query.pk}",
        "Pagos",
        "vip",
        "urgente",
        "20 h",
        "Until the answer",
        "In progress",
    ):
        assert words in row.text
    assert "más" not in row.text
    assert ("aria-current", "true") in row.attributes
    assert ("id", f"conversation-{query.pk}") in row.attributes
    assert any(name == "data-closes" for name, _value in row.attributes)


def test_what_nobody_has_and_nobody_wrote_says_so(lead: User) -> None:
    query_make()
    row = shown(lead)

    assert "Unassigned" in row.text
    assert "No message yet" in row.text
    assert not any(name in ("aria-current", "data-closes") for name, _value in row.attributes)
