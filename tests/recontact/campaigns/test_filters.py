"""A campaign's filter: kept as JSON that is checked when it is read, matching what it says, and told in words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from hsm_portal.models import User
from recontact.campaigns.filter_words import filter_words
from recontact.campaigns.filters import (
    AudienceProblem,
    CustomerFilter,
    Filter,
    QueryFilter,
    filter_read,
    filter_stored,
)
from recontact.campaigns.matching import (
    customers_found,
    customers_matching_filter,
    queries_found,
    queries_matching,
    tags_known,
)
from recontact.clock import database_now
from recontact.erasure import customer_erase
from recontact.models import Message, Query, Team
from recontact.windows import window_extend
from tests.factories import customer_make, message_make, query_make, user_make
from tests.recontact.campaigns.audiences import number_make

TEXTS = st.lists(st.text(max_size=8), max_size=3, unique=True).map(sorted).map(tuple)
DAYS = st.none() | st.dates()


@given(
    st.builds(
        QueryFilter, sender_number=st.integers(1, 9), agent=st.none() | st.integers(0, 9), tags=TEXTS, created_from=DAYS
    )
    | st.builds(CustomerFilter, tags=TEXTS, countries=TEXTS, contact_until=DAYS, opted_in=st.booleans())
)
def test_a_filter_is_read_as_it_was_kept(wanted: Filter) -> None:
    assert filter_read(filter_stored(wanted)) == wanted


def test_the_order_in_which_tags_were_chosen_makes_no_other_filter() -> None:
    assert filter_stored(CustomerFilter(tags=("b", "a"))) == filter_stored(CustomerFilter(tags=("a", "b")))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"version": 2}, "another version"),
        ({"of": "everybody"}, "cannot be read"),
        ({"limit": 3}, "cannot be read"),
        ({"sender_number": "1"}, "cannot be read"),
        ({"window_closed": 1}, "cannot be read"),
        ({"created_from": "tomorrow"}, "cannot be read"),
        ({"tags": "vip"}, "cannot be read"),
    ],
)
def test_what_was_not_kept_by_the_portal_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(AudienceProblem, match=said):
        filter_read(filter_stored(QueryFilter(1)) | change)


# --- what matches ---


@pytest.fixture
def user(db: None) -> User:
    return user_make(permissions=["recontact.view_query", "recontact.view_all_queries"])


def _matches(query: Query, user: User, **wanted: Any) -> bool:
    rows = queries_matching(QueryFilter(query.sender_number_id, **wanted), user=user, as_of=database_now())
    return rows.filter(pk=query.pk).exists()


def test_a_query_is_matched_by_each_thing_that_is_known_of_it(user: User) -> None:
    team = Team.objects.create(name="Turnos")
    query = query_make(
        customer=customer_make(tags=["vip", "mora"]),
        team=team,
        assigned_to=user,
        subject="Turno del viernes",
        data={"cuota": 3, "plan": "oro"},
    )
    today = timezone.localdate()
    narrowings: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"states": ("pending",)}, {"states": ("in_progress",)}),
        ({"team": team.pk}, {"team": team.pk + 1}),
        ({"agent": user.pk}, {"agent": 0}),
        ({"origin": "inbound"}, {"origin": "api"}),
        ({"tags": ("vip", "otra")}, {"tags": ("vip", "otra"), "all_tags": True}),
        ({"tags": ("vip", "mora"), "all_tags": True}, {"tags": ("otra",)}),
        ({"subject": "VIERNES"}, {"subject": "lunes"}),
        ({"data_key": "cuota", "data_value": "3"}, {"data_key": "cuota", "data_value": "4"}),
        ({"data_key": "plan", "data_value": "oro"}, {"data_key": "otro"}),
        ({"created_from": today, "created_until": today}, {"created_until": today - timedelta(days=1)}),
        ({"active_until": today - timedelta(days=1)}, {"active_from": today}),
    ]
    assert [_matches(query, user, **fits) for fits, _not in narrowings] == [True] * len(narrowings)
    assert [_matches(query, user, **fits_not) for _fits, fits_not in narrowings] == [False] * len(narrowings)


def test_a_query_that_was_recontacted_or_whose_window_is_open_is_matched_only_when_asked_for(user: User) -> None:
    used, answered = message_make().query, query_make()
    assert used is not None
    window_extend(
        customer_id=answered.customer_id, sender_number_id=answered.sender_number_id, inbound_at=timezone.now()
    )
    assert (_matches(used, user), _matches(used, user, unused=False)) == (False, True)
    assert (_matches(answered, user), _matches(answered, user, window_closed=False)) == (False, True)


def test_a_resolved_query_and_one_of_another_number_are_never_matched(user: User) -> None:
    query = query_make(state=Query.State.RESOLVED)
    other = query_make()
    assert not _matches(query, user)
    assert not queries_matching(QueryFilter(query.sender_number_id), user=user, as_of=database_now()).exists()
    found = queries_found(QueryFilter(query.sender_number_id), user=user, as_of=database_now())
    assert (found.count, found.elsewhere) == (0, {other.sender_number_id: 1})


@pytest.mark.django_db
def test_a_query_that_the_person_does_not_reach_is_not_matched() -> None:
    query = query_make(assigned_to=user_make())
    assert not _matches(query, user_make(permissions=["recontact.view_query"]))


@pytest.mark.django_db
def test_customers_are_matched_by_tag_country_and_opt_in() -> None:
    customer = customer_make(tags=["vip"], opted_in_at=timezone.now())
    customer_make(phone="+525512345678")

    def names(**wanted: Any) -> list[int]:
        return list(customers_matching_filter(CustomerFilter(**wanted)).values_list("pk", flat=True))

    assert len(names()) == 2
    assert names(tags=("vip",)) == names(countries=("AR",)) == names(opted_in=True) == [customer.pk]
    assert tags_known() == ["vip"]


@pytest.mark.django_db
def test_nobody_is_matched_who_was_erased() -> None:
    customer_erase(customer_id=customer_make().pk, user=None)
    assert customers_found(CustomerFilter()).count == 0


@pytest.mark.django_db
def test_customers_are_matched_by_when_somebody_last_wrote() -> None:
    """`they` wrote three days ago, `we` wrote to somebody today, and with the third nobody ever was in contact."""
    today = timezone.localdate()
    they, never = customer_make(name="ellos"), customer_make(name="nunca")
    message = message_make(query=query_make(customer=customer_make(name="nosotros")))
    window_extend(
        customer_id=they.pk,
        sender_number_id=message.sender_number_id,
        inbound_at=timezone.now() - timedelta(days=3),
    )

    def names(**wanted: Any) -> set[str]:
        return set(customers_matching_filter(CustomerFilter(**wanted)).values_list("name", flat=True))

    assert names(contact_from=today) == set(), "what is still queued is no contact"
    Message.objects.update(state="accepted")
    yesterday = today - timedelta(days=1)
    assert names(contact_from=today) == {"nosotros"}
    assert names(contact_until=yesterday) == {"ellos", never.name}
    assert names(contact_from=today - timedelta(days=5), contact_until=yesterday) == {"ellos"}
    assert names(contact="theirs", contact_until=today - timedelta(days=4)) == {"nosotros", never.name}
    assert names(contact="ours", contact_from=today - timedelta(days=5)) == {"nosotros"}


@pytest.mark.django_db
def test_a_filter_is_told_in_words() -> None:
    team = Team.objects.create(name="Turnos")
    number = number_make()
    wanted = QueryFilter(
        number.pk, states=("pending",), team=team.pk, agent=0, tags=("a", "b"), active_until=date(2026, 6, 1)
    )
    assert filter_words(wanted) == [
        f"Queries of {number}",
        "pending",
        "window closed",
        "not yet recontacted",
        "team Turnos",
        "without an agent",
        "with a tag of a, b",
        "last activity until 06/01/2026",
    ]
    assert filter_words(CustomerFilter(countries=("AR",), contact="ours", contact_from=date(2026, 6, 1))) == [
        "Customers",
        "from Argentina",
        "last message of ours on or after 06/01/2026",
    ]
