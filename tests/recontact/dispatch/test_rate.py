"""A number's pace: what comes in is taken off it, and an agent's message does not wait behind a campaign's."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from customer_service.models import InboundMessage
from providers.models import SenderNumber
from recontact.dispatch.inbound_rate import COUNTED_SECONDS, HEADROOM, number_rate, number_rate_now
from recontact.dispatch.lease import leases_take
from recontact.dispatch.rate import AHEAD_SECONDS, LATE_SECONDS, MOST_OF_A_BATCH, WRITING_SECONDS, RateLimit
from recontact.models import Query
from tests.factories import message_make, query_make, sender_number_make
from tests.plans import plan_explain


def _wrote(query: Query, count: int, *, ago: timedelta = timedelta(), late: timedelta = timedelta()) -> None:
    """That many messages of the customer came in so long ago, written `late` before that."""
    at = timezone.now() - ago
    rows = InboundMessage.objects.bulk_create(
        InboundMessage(
            account=query.sender_number.account,
            sender_number=query.sender_number,
            customer=query.customer,
            query=query,
            provider_message_id=f"wamid.{count}.{ago}.{late}.{each}",
            kind="text",
            occurred_at=at - late,
        )
        for each in range(count)
    )
    InboundMessage.objects.filter(pk__in=[row.pk for row in rows]).update(received_at=at)


# --- what comes in ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_comes_in_is_taken_off_the_rate() -> None:
    query = query_make(sender_number=sender_number_make(throughput=80))
    number = query.sender_number
    assert number_rate_now(number.pk) == 72
    _wrote(query, 20 * COUNTED_SECONDS)
    assert number_rate_now(number.pk) == 52


@pytest.mark.django_db
def test_what_came_in_earlier_elsewhere_or_late_takes_nothing_off() -> None:
    query = query_make(sender_number=sender_number_make(throughput=80))
    _wrote(query, 50, ago=timedelta(seconds=COUNTED_SECONDS + 1))
    _wrote(query, 50, late=timedelta(hours=1))
    _wrote(query_make(sender_number=sender_number_make()), 50)
    assert number_rate_now(query.sender_number_id) == 72


@pytest.mark.django_db
@pytest.mark.parametrize(("ceiling", "least"), [(80, 16), (1, 0.5)])
def test_however_much_comes_in_something_still_goes_out(ceiling: int, least: float) -> None:
    query = query_make(sender_number=sender_number_make(throughput=ceiling))
    _wrote(query, 200 * COUNTED_SECONDS)
    assert number_rate_now(query.sender_number_id) == least


@pytest.mark.django_db
def test_a_pump_that_takes_the_number_over_knows_what_comes_in() -> None:
    message = message_make()
    SenderNumber.objects.update(throughput=80)
    assert message.query is not None
    _wrote(message.query, 100)
    [lease] = leases_take("pump")
    assert lease.rate == 62


@pytest.mark.django_db
def test_counting_what_comes_in_reads_an_index_and_no_history() -> None:
    number = sender_number_make()
    with CaptureQueriesContext(connection) as queries:
        number_rate(number_id=number.pk, ceiling=80)
    [statement] = [each["sql"] for each in queries]
    plan = plan_explain(statement, without=("seqscan",), only=("inbound_by_number",))
    assert "inbound_by_number" in plan


# --- the agents' share ------------------------------------------------------------------------------------------------


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> float:
    """The moment at which the clock of the limit stands, so that nothing gathers between two lines of a test."""
    moment = time.monotonic()
    monkeypatch.setattr("recontact.dispatch.rate.time", SimpleNamespace(monotonic=lambda: moment))
    return moment


def _line_filled(rate: RateLimit, now: float) -> int:
    """Claim for campaigns whatever there is room for, and give each its turn in line."""
    claimed = rate.room()
    for _ in range(claimed):
        rate.turn(now, now + 60, 1, of_agents=False)
    return claimed


def test_an_agents_message_within_the_share_does_not_wait_behind_the_campaigns_claimed_ahead(
    settings: Settings, still: float
) -> None:
    settings.RATE_AGENTS_SHARE = 0.1
    rate = RateLimit(72)
    assert _line_filled(rate, still) == int(72 * AHEAD_SECONDS)
    assert (rate.room(), rate.room_for_agents()) == (0, 7)
    assert [rate.turn(still, still + 60, 1, of_agents=True) for _ in range(7)] == [still] * 7
    eighth = rate.turn(still, still + 60, 1, of_agents=True)
    assert eighth is not None
    assert eighth > still + AHEAD_SECONDS / 2


def test_campaigns_leave_the_share_while_agents_write_and_have_it_back_afterwards(settings: Settings) -> None:
    settings.RATE_AGENTS_SHARE = 0.1
    rate = RateLimit(100)
    now = time.monotonic()
    assert rate.line_rate(now) == 100
    rate.turn(now, now + 60, 1, of_agents=True)
    assert rate.line_rate(now + WRITING_SECONDS - 1) == 90
    assert rate.line_rate(now + WRITING_SECONDS + 1) == 100


def test_agents_and_campaigns_together_keep_the_rate(settings: Settings) -> None:
    """Ten seconds in which both always have something to send, step by step on a clock of its own."""
    settings.RATE_AGENTS_SHARE = 0.2
    rate = RateLimit(50)
    start = now = time.monotonic() + 5
    turns = []
    while now < start + 10:
        for of_agents in (True, False):
            turn = rate.turn(now, now + AHEAD_SECONDS, 1, of_agents=of_agents)
            turns += [] if turn is None else [turn]
        now += 0.01
    for second in range(10):
        within = [turn for turn in turns if start + second <= turn < start + second + 1]
        # The share that had gathered before goes in the first second.
        assert len(within) <= 50 + (10 if second == 0 else 1)


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_agents_who_begin_to_write_while_a_campaign_fills_the_line_stay_below_the_ceiling(
    settings: Settings, share: float
) -> None:
    """In any second: the provider refuses what goes beyond, an agent's message or another."""
    settings.RATE_AGENTS_SHARE = share
    ceiling = 80
    rate = RateLimit(ceiling * HEADROOM)
    start = now = time.monotonic() + 5
    turns = []
    while now < start + 4:
        for of_agents in (now > start + 2, False):
            while (turn := rate.turn(now, now + 0.01, 1, of_agents=of_agents)) is not None:
                turns.append(turn)
        now += 0.01
    assert max(sum(first <= turn < first + 1 for turn in turns) for first in turns) <= ceiling


def test_a_number_of_few_messages_a_second_is_never_outrun(settings: Settings, still: float) -> None:
    settings.RATE_AGENTS_SHARE = 0.1
    rate = RateLimit(0.9)
    assert _line_filled(rate, still) == 1
    assert (rate.room(), rate.room_for_agents()) == (0, 0)
    rate.turn(still, still + 60, 1, of_agents=True)
    assert rate.line_rate(still) == 0.9


def test_nobody_passes_a_wait_of_the_provider(settings: Settings) -> None:
    settings.RATE_AGENTS_SHARE = 0.1
    rate = RateLimit(72)
    rate.hold(30)
    assert rate.room_for_agents() == 0
    assert not asyncio.run(rate.take(time.monotonic() + 8, of_agents=True))


@pytest.mark.usefixtures("still")
def test_a_rate_that_changes_counts_from_then_on() -> None:
    rate = RateLimit(100)
    rate.change(20)
    assert rate.room() == int(20 * AHEAD_SECONDS)


# --- claims that come late --------------------------------------------------------------------------------------------


def _gone(rate: RateLimit, start: float, seconds: float, *, claim_every: float) -> list[float]:
    """When the messages go of a campaign that has always something to send, claimed so often, on a clock of its own."""
    turns, now = [], start
    while now < start + seconds:
        while (turn := rate.turn(now, now + AHEAD_SECONDS, 1, of_agents=False)) is not None:
            turns.append(turn)
        now += claim_every
    return turns


def test_a_line_that_runs_dry_between_two_claims_keeps_its_pace() -> None:
    start = time.monotonic() + 5
    turns = _gone(RateLimit(80), start, 10, claim_every=AHEAD_SECONDS + LATE_SECONDS * 0.9)
    assert sum(turn < start + 10 for turn in turns) >= 0.98 * 80 * 10


def test_what_is_made_up_for_stays_below_the_ceiling_in_every_second() -> None:
    start = time.monotonic() + 5
    ceiling = 80
    turns = _gone(RateLimit(ceiling * HEADROOM), start, 10, claim_every=1.3)
    for first in turns:
        assert sum(first <= turn < first + 1 for turn in turns) <= ceiling


def test_after_a_claim_the_next_one_waits_until_it_is_worth_its_statements(still: float) -> None:
    for per_second, share in ((80, MOST_OF_A_BATCH), (1500, 0.5)):
        rate = RateLimit(per_second)
        _line_filled(rate, still)
        assert rate.pause() == pytest.approx(AHEAD_SECONDS * share, abs=0.03)


# --- turns that come together -----------------------------------------------------------------------------------------


def test_messages_wait_for_their_turns_in_the_order_of_their_coming() -> None:
    gone: list[tuple[int, float]] = []

    async def work() -> None:
        rate = RateLimit(200)
        start = rate.next_at

        async def message(place: int) -> None:
            assert await rate.take(start + 60)
            gone.append((place, time.monotonic() - start))

        await asyncio.gather(*(message(place) for place in range(60)))

    asyncio.run(work())
    assert [place for place, _at in gone] == list(range(60))
    # A loop's clock may be a little ahead.
    assert all(at > place / 200 - 0.005 for place, at in gone)


def test_one_who_waits_no_longer_takes_nobody_along_who_waits_for_the_same_moment() -> None:
    async def work() -> list[bool | BaseException]:
        rate = RateLimit(2000)
        rate.next_at = time.monotonic() + 0.1
        takes = [asyncio.create_task(rate.take(time.monotonic() + 60)) for _ in range(6)]
        await asyncio.sleep(0.02)
        takes[0].cancel()
        takes[4].cancel()
        return await asyncio.gather(*takes, return_exceptions=True)

    went = asyncio.run(work())
    assert [type(each) for each in went] == [asyncio.CancelledError, bool, bool, bool, asyncio.CancelledError, bool]
    assert all(each for each in went if isinstance(each, bool))


def test_a_wait_of_the_provider_that_comes_while_messages_wait_keeps_them_all() -> None:
    async def work() -> list[bool]:
        rate = RateLimit(1000)
        rate.next_at = time.monotonic() + 0.1
        takes = [asyncio.create_task(rate.take(time.monotonic() + 60)) for _ in range(20)]
        await asyncio.sleep(0.02)
        rate.hold(30)
        return await asyncio.gather(*takes)

    assert not any(asyncio.run(work()))
