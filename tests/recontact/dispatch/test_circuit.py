"""The circuit of a number: what most calls fail for stops it, what was tried is not lost, and it is tried with a few again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pytest_django import Settings

from providers.accounts import sender_number_resume
from providers.contracts import Accepted
from providers.errors import Reason, Rejected, SendError, Throttled, Unavailable, Uncertain
from providers.models import SenderNumber
from recontact.books import differences
from recontact.campaigns.control import campaign_launch
from recontact.campaigns.launch import campaigns_launch
from recontact.dispatch.circuit import LONGEST_PAUSE, PROBES, circuit_now, circuit_tally, circuits_look
from recontact.dispatch.claim import claim
from recontact.dispatch.lease import lease_release, leases_take
from recontact.dispatch.record import Result, record
from recontact.dispatch.sweep import sweep
from recontact.models import Campaign, CircuitTally, Message, NumberCircuit
from tests.factories import campaign_make, rate_card_make, sender_number_make, template_make, user_make
from tests.world import World

DOWN = Unavailable(Reason.PROVIDER_DOWN, provider_code="2")
DOUBT = Uncertain(Reason.PROVIDER_ERROR, provider_code="131000")
WELL = Accepted("wamid.1")


@pytest.fixture
def number() -> SenderNumber:
    return sender_number_make()


def _calls(number: SenderNumber, *outcomes: Accepted | SendError) -> bool:
    """These calls were recorded, as one batch. True: the number is parked for its circuit."""
    pairs = [(number.pk, outcome) for outcome in outcomes]
    circuit_tally(pairs)
    circuits_look(pairs)
    number.refresh_from_db()
    return number.is_parked and number.parked_reason == Reason.CIRCUIT


def _pause_over(number: SenderNumber) -> None:
    SenderNumber.objects.filter(pk=number.pk).update(parked_until=timezone.now() - timedelta(seconds=1))


def _pause(number: SenderNumber) -> float:
    assert number.parked_until is not None
    return (number.parked_until - timezone.now()).total_seconds()


# --- when it opens ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_half_of_twenty_calls_failing_stops_the_number_and_says_with_what(number: SenderNumber) -> None:
    assert not _calls(number, *[DOUBT] * 7, *[WELL] * 9)
    assert _calls(number, *[DOWN] * 3, WELL)
    assert 50 < _pause(number) <= 60
    with translation.override("en"):
        assert number.parked_words.startswith("10 of 20 calls failed within 60 s, most with: 131000 · ")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "outcomes",
    [
        [DOUBT] * 19,
        [DOUBT] * 19 + [WELL] * 20,
        [Rejected(Reason.RECIPIENT_UNREACHABLE)] * 40,
        [Rejected(Reason.RECIPIENT_OPTED_OUT)] * 40,
        [Unavailable(Reason.TEMPLATE_PAUSED)] * 40,
        [Throttled(Reason.THROUGHPUT, retry_after=2)] * 40,
        [Unavailable(Reason.NOT_STARTED)] * 40,
    ],
)
def test_few_failures_persons_templates_limits_and_calls_never_made_do_not(
    number: SenderNumber, outcomes: list[Accepted | SendError]
) -> None:
    assert not _calls(number, *outcomes)


@pytest.mark.django_db
def test_refusals_for_a_persons_sake_show_that_the_provider_works(number: SenderNumber) -> None:
    assert not _calls(number, *[Rejected(Reason.RECIPIENT_UNREACHABLE)] * 11, *[DOWN] * 10)


@pytest.mark.django_db
@pytest.mark.parametrize("error", [Unavailable(Reason.NETWORK), Unavailable(Reason.CREDENTIALS), DOUBT, DOWN])
def test_whatever_is_no_persons_fault_counts(number: SenderNumber, error: SendError) -> None:
    assert _calls(number, *[error] * 20)


@pytest.mark.django_db
def test_what_failed_longer_ago_than_the_window_counts_no_more(number: SenderNumber) -> None:
    _calls(number, *[DOWN] * 19)
    CircuitTally.objects.update(epoch=CircuitTally.objects.get().epoch - 40)
    assert not _calls(number, *[DOWN] * 10)
    assert circuit_now(number).failures == 10


@pytest.mark.django_db
def test_another_number_goes_on(number: SenderNumber) -> None:
    _calls(number, *[DOWN] * 20)
    assert not _calls(sender_number_make(), WELL)


@pytest.mark.django_db
def test_a_share_of_nothing_is_no_circuit(number: SenderNumber, settings: Settings) -> None:
    settings.CIRCUIT_SHARE = 0
    assert not _calls(number, *[DOWN] * 40)
    assert not CircuitTally.objects.exists()


@pytest.mark.django_db
def test_counting_a_batch_takes_two_statements_while_all_is_well(number: SenderNumber) -> None:
    numbers = [number, sender_number_make()]
    pairs = [(each.pk, WELL) for each in numbers for _ in range(50)]
    with CaptureQueriesContext(connection) as queries:
        circuit_tally(pairs)
        circuits_look(pairs)
    assert len(queries) == 2
    assert [circuit_now(each).calls for each in numbers] == [50, 50]


# --- what becomes of it -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_few_good_calls_after_the_pause_close_it(number: SenderNumber) -> None:
    _calls(number, *[DOWN] * 20)
    _pause_over(number)
    assert not _calls(number, *[WELL] * (PROBES - 1))
    assert circuit_now(number).probing
    assert not _calls(number, WELL)
    assert not circuit_now(number).probing
    # The failures before the pause are not held against it any more.
    assert not _calls(number, *[DOWN] * 4)


@pytest.mark.django_db
def test_bad_ones_stop_it_again_twice_as_long_each_time_up_to_a_quarter_of_an_hour(number: SenderNumber) -> None:
    _calls(number, *[DOWN] * 20)
    pauses = []
    for _ in range(5):
        _pause_over(number)
        assert _calls(number, *[DOWN] * PROBES)
        pauses.append(round(_pause(number) / 60))
    assert pauses == [2, 4, 8, 15, LONGEST_PAUSE.total_seconds() / 60]


@pytest.mark.django_db
def test_a_person_lets_it_be_tried_at_once(number: SenderNumber) -> None:
    _calls(number, *[DOWN] * 20)
    sender_number_resume(number_id=number.pk, user=user_make())
    number.refresh_from_db()
    assert not number.is_parked
    assert circuit_now(number).probing
    assert _calls(number, *[DOWN] * PROBES)


@pytest.mark.django_db
def test_what_was_under_way_when_it_opened_does_not_count_when_it_is_tried(number: SenderNumber) -> None:
    _calls(number, *[DOWN] * 20)
    _calls(number, *[DOWN] * 30)
    _pause_over(number)
    assert circuit_now(number).calls == 0


@pytest.mark.django_db(transaction=True)
def test_two_pumps_open_it_once(number: SenderNumber) -> None:
    together = threading.Barrier(2)

    def fail(_pump: int) -> None:
        try:
            together.wait(5)
            for _ in range(10):
                _calls(SenderNumber.objects.get(pk=number.pk), DOWN, DOWN)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fail, range(2)))
    assert NumberCircuit.objects.get().trips == 1


@pytest.mark.django_db
def test_while_it_is_tried_few_messages_are_claimed(settings: Settings) -> None:
    campaign = _campaign(40)
    [lease] = leases_take("pump")
    record([Result(each, DOWN) for each in claim(lease, 20)])
    _pause_over(SenderNumber.objects.get())
    Message.objects.filter(state="queued").update(due_at=timezone.now())
    claims = claim(lease, 40)
    assert len(claims) == PROBES
    assert claim(lease, 40) == []
    record([Result(each, WELL) for each in claims[:2]])
    assert claim(lease, 40) == []
    record([Result(each, WELL) for each in claims[2:]])
    assert len(claim(lease, 40)) == 35
    campaign.refresh_from_db()
    assert campaign.state == Campaign.State.RUNNING


@pytest.mark.django_db
def test_the_sample_is_not_lost_and_goes_out_when_it_is_well_again() -> None:
    """Half of them certainly not sent, half in doubt, counted over two pumps."""
    campaign = _campaign(30)
    for holder in ("one pump", "the next"):
        [lease] = leases_take(holder)
        claims = claim(lease, 10)
        record([Result(each, DOWN if place % 2 else DOUBT) for place, each in enumerate(claims)])
        lease_release(lease)
    assert SenderNumber.objects.get().parked_reason == Reason.CIRCUIT
    states = [Message.objects.filter(campaign=campaign, state=state).count() for state in ("queued", "uncertain")]
    assert states == [20, 10]
    campaigns_launch()
    _pause_over(SenderNumber.objects.get())
    sweep()
    [lease] = leases_take("the pump after that")
    for _ in range(10):
        Message.objects.filter(state="queued").update(due_at=timezone.now())
        record([Result(each, Accepted(f"id-{each.message_id}")) for each in claim(lease, 40)])
    assert Message.objects.filter(campaign=campaign, state="accepted").count() == 20
    assert Message.objects.filter(campaign=campaign, state="uncertain").count() == 10
    assert list(differences()) == []


def _tripped(world: World) -> SenderNumber:
    """The number, after a pump ran until its circuit opened."""
    SenderNumber.objects.update(throughput=20)
    world.pump(30.0, stop=lambda: SenderNumber.objects.get().is_parked)
    number = SenderNumber.objects.get()
    assert number.parked_reason == Reason.CIRCUIT
    return number


def _all_sent(world: World) -> None:
    Message.objects.filter(state="queued").update(due_at=timezone.now())
    world.pump(30.0, stop=lambda: not Message.objects.filter(state__in=["queued", "sending"]).exists())


def test_a_provider_that_fails_stops_the_number_after_few_calls_and_by_itself_it_goes_on_when_it_works(
    world: World, settings: Settings
) -> None:
    settings.CIRCUIT_CALLS = 8
    world.simulator.knobs(fail_next=10_000, fail_code=131016)
    messages = [world.message() for _ in range(60)]
    number = _tripped(world)
    in_doubt = Message.objects.filter(state="uncertain").count()
    assert 8 <= in_doubt < 40
    assert Message.objects.filter(state="queued").count() == 60 - in_doubt
    world.simulator.knobs(fail_next=0)
    _pause_over(number)
    _all_sent(world)
    assert not circuit_now(number).probing
    assert Message.objects.filter(state="accepted").count() == 60 - in_doubt
    assert sum(len(world.accepted(message)) for message in messages) == 60 - in_doubt
    assert world.duplicates() == 0


def test_a_provider_out_of_reach_loses_nothing_and_a_person_lets_it_go_on(world: World, settings: Settings) -> None:
    settings.CIRCUIT_CALLS = 8
    messages = [world.message() for _ in range(40)]
    settings.PROVIDER_BASE_URLS = {"meta": "http://127.0.0.1:9"}
    number = _tripped(world)
    assert set(Message.objects.values_list("state", flat=True)) == {"queued"}
    settings.PROVIDER_BASE_URLS = {"meta": world.simulator.url}
    sender_number_resume(number_id=number.pk, user=None)
    _all_sent(world)
    assert [len(world.accepted(message)) for message in messages] == [1] * 40


def _campaign(recipients: int) -> Campaign:
    number = sender_number_make()
    rate_card_make(account=number.account)
    campaign = campaign_make(
        sender_number=number, template=template_make(account=number.account), recipients=recipients
    )
    campaign_launch(campaign_id=campaign.pk, user=campaign.created_by)
    campaigns_launch()
    return campaign
