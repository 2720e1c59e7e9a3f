"""When a team is there, where new queries go, and what the portal answers by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from customer_service.inbound import inbound_receive
from customer_service.models import OpeningHours, RoutingRule, SpecialDay, TeamSettings, Topic
from customer_service.opening import is_open, team_is_open
from providers.contracts import InboundEvent
from providers.models import SenderNumber
from recontact.models import Message, OptOut, Query, QueryEvent, Team
from tests.factories import rate_card_make, sender_number_make

NINE, SIX = time(9), time(18)
WEEK = [(day, NINE, SIX) for day in range(5)]
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "there"),
    [
        (MONDAY.replace(hour=9), True),
        (MONDAY.replace(hour=17, minute=59), True),
        (MONDAY.replace(hour=18), False),
        (MONDAY.replace(hour=8, minute=59), False),
        (MONDAY.replace(hour=12) - timedelta(days=1), False),
    ],
)
def test_a_team_is_there_from_the_beginning_to_the_end_of_its_hours(at: datetime, there: bool) -> None:
    assert is_open(at, week=WEEK, special={}) is there


def test_a_team_without_hours_is_always_there_but_on_its_holidays() -> None:
    assert is_open(MONDAY, week=[], special={})
    assert not is_open(MONDAY, week=[], special={MONDAY.date(): None})


def test_a_special_day_has_its_own_hours_instead_of_the_weeks() -> None:
    special = {MONDAY.date(): (time(20), time(22))}

    assert not is_open(MONDAY.replace(hour=12), week=WEEK, special=special)
    assert is_open(MONDAY.replace(hour=21), week=WEEK, special=special)


@pytest.fixture
def number(db: None) -> SenderNumber:
    number = sender_number_make()
    rate_card_make(account=number.account)
    return number


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.create(name="Turnos")


def writes(number: SenderNumber, text: str = "Hola", *, id_: str = "wamid.1", kind: str = "text") -> Query:
    event = InboundEvent(
        provider_message_id=id_,
        sender_external_id=number.external_id,
        occurred_at=timezone.now(),
        kind=kind,
        phone="+5491155550142",
        text=text,
    )
    return inbound_receive(number.account_id, event).query


def test_the_hours_are_those_of_the_teams_own_zone(team: Team) -> None:
    settings = TeamSettings.objects.create(team=team, time_zone="Asia/Tokyo")
    OpeningHours.objects.create(team=settings, day=0, opens=NINE, closes=SIX)
    SpecialDay.objects.create(team=settings, date=date(2026, 12, 7))

    assert team_is_open(settings, MONDAY.replace(hour=0, minute=30))
    assert not team_is_open(settings, MONDAY.replace(hour=10))
    assert not team_is_open(settings, MONDAY + timedelta(days=7, minutes=30))


def test_a_time_zone_that_there_is_not_is_refused_in_words(team: Team) -> None:
    with pytest.raises(ValidationError, match="no such time zone"):
        TeamSettings(team=team, time_zone="Buenos Aires").full_clean()


def test_the_first_rule_that_fits_gives_a_new_query_its_team_and_topic(number: SenderNumber, team: Team) -> None:
    claims = Team.objects.create(name="Reclamos")
    RoutingRule.objects.create(place=2, team=team)
    RoutingRule.objects.create(place=1, team=claims, keyword="queja", topic=Topic.objects.create(name="Reclamos"))
    RoutingRule.objects.create(place=0, team=team, number=sender_number_make())

    query = writes(number, "Tengo una QUEJA, por favor")

    assert (query.team, query.topic) == (claims, "Reclamos")
    assert QueryEvent.objects.filter(query=query, kind="assigned").get().detail == "Reclamos"


@pytest.mark.parametrize("text", ["Me quejan", "quejas"])
def test_a_keyword_is_a_whole_word(number: SenderNumber, team: Team, text: str) -> None:
    RoutingRule.objects.create(team=team, keyword="queja")

    assert writes(number, text).team is None


def test_a_rule_of_the_closed_hours_sends_queries_elsewhere(number: SenderNumber, team: Team) -> None:
    settings = TeamSettings.objects.create(team=team)
    SpecialDay.objects.create(team=settings, date=timezone.localdate())
    night = Team.objects.create(name="Guardia")
    RoutingRule.objects.create(place=1, team=team, hours="inside")
    RoutingRule.objects.create(place=2, team=night)

    assert writes(number).team == night


def test_no_rule_moves_a_query_that_has_a_team(number: SenderNumber, team: Team) -> None:
    query = writes(number)
    Query.objects.update(team=team)
    RoutingRule.objects.create(team=Team.objects.create(name="Pagos"))
    writes(number, id_="wamid.2")

    assert Query.objects.get(pk=query.pk).team == team


@pytest.fixture
def away(team: Team) -> TeamSettings:
    """The team is away today, and says so."""
    settings = TeamSettings.objects.create(team=team, away_answer="Atendemos de 9 a 18.")
    SpecialDay.objects.create(team=settings, date=timezone.localdate())
    RoutingRule.objects.create(team=team)
    return settings


def test_outside_the_hours_the_portal_answers_once_and_the_query_goes_on_waiting(
    number: SenderNumber, away: TeamSettings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    for id_ in ("wamid.1", "wamid.2", "wamid.2"):
        with django_capture_on_commit_callbacks(execute=True):
            query = writes(number, id_=id_)

    query.refresh_from_db()
    assert [message.body for message in Message.objects.all()] == ["Atendemos de 9 a 18."]
    assert (query.state, query.preview) == ("pending", "Hola")
    assert query.waiting_since is not None
    assert QueryEvent.objects.filter(query=query, kind="told").count() == 1


def test_a_reaction_outside_the_hours_is_not_answered(
    number: SenderNumber, away: TeamSettings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        writes(number, "👍", kind="reaction")

    assert not Message.objects.exists()


def test_inside_the_hours_it_says_nothing(
    number: SenderNumber, away: TeamSettings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    SpecialDay.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        writes(number)

    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("word", "answer"), [("BAJA", "Listo"), ("stop", "Done"), ("Sair!", "Pronto"), ("descadastrar", "Pronto")]
)
def test_who_asks_for_no_more_marketing_is_answered_once_in_his_language_and_it_is_recorded(
    number: SenderNumber, word: str, answer: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    for id_ in ("wamid.1", "wamid.2"):
        with django_capture_on_commit_callbacks(execute=True):
            writes(number, word, id_=id_)

    assert OptOut.objects.get().source == "customer's word"
    assert Message.objects.get().body.startswith(answer)


def test_an_answer_that_cannot_be_sent_keeps_no_message_from_being_stored(
    away: TeamSettings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    without_prices = sender_number_make()
    with django_capture_on_commit_callbacks(execute=True):
        query = writes(without_prices, "baja")

    assert query.pk
    assert not Message.objects.exists()
