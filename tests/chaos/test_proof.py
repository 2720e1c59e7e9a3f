"""The proof of a run can fail: each thing that must not happen is found, and counted as what it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.chaos.proof import Asked, Booked, Recipient, Taken, Verdict, judge

ANA, BETO = "+5491150000055", "+5491150000155"


def verdict(
    *,
    booked: Sequence[Booked] = (Booked("a", ANA, "delivered"), Booked("b", BETO, "sent")),
    taken: Sequence[Taken] = (Taken("a", ANA, ("sent", "delivered")), Taken("b", BETO, ("sent",))),
    recipients: Sequence[Recipient] = (Recipient(ANA, True), Recipient(BETO, True)),
    asked: Sequence[Asked] = (),
) -> Verdict:
    """The verdict on a campaign to two people, good but for what a test changes."""
    return judge(phones=[ANA, BETO], recipients=recipients, booked=booked, taken=taken, asked=asked)


def test_books_that_agree_with_the_record_are_good() -> None:
    found = verdict()

    assert (found.problems, found.doubled, found.lost, found.uncertain) == ([], 0, 0, {})


def test_a_reference_that_was_accepted_twice_is_doubled() -> None:
    found = verdict(taken=[Taken("a", ANA), Taken("a", ANA, ("delivered",)), Taken("b", BETO, ("sent",))])

    assert found.doubled == 1
    assert found.problems == [
        "accepted twice under one reference: 1 (a)",
        f"written to again without proof that the first failed: 1 ({ANA})",
    ]


@pytest.mark.parametrize(
    ("first", "doubled"),
    [((), 1), (("sent",), 1), (("sent", "failed"), 0), (("failed", "delivered"), 1), (("sent", "delivered"), 1)],
)
def test_a_person_may_be_written_to_again_only_once_the_first_message_is_proven_to_have_failed(
    first: tuple[str, ...], doubled: int
) -> None:
    booked = [Booked("a", ANA, "failed"), Booked("a2", ANA, "delivered"), Booked("b", BETO, "sent")]

    assert verdict(booked=booked, taken=[Taken("a", ANA, first), Taken("a2", ANA), Taken("b", BETO)]).doubled == doubled


@pytest.mark.parametrize("state", ["rejected", "expired", "cancelled", "skipped"])
def test_a_message_that_the_books_call_never_sent_is_lost_when_it_was_accepted(state: str) -> None:
    refused = Asked("a", did_nothing=True, for_good=True)
    found = verdict(booked=[Booked("a", ANA, state), Booked("b", BETO, "sent")], asked=[refused])

    assert (found.lost, found.problems) == (1, [f"accepted, and the books say never sent: 1 ({ANA})"])


@pytest.mark.parametrize("state", ["accepted", "sent", "delivered", "read", "failed"])
def test_a_message_that_the_books_call_sent_is_lost_when_the_provider_never_saw_it(state: str) -> None:
    found = verdict(booked=[Booked("a", ANA, state), Booked("b", BETO, "sent")], taken=[Taken("b", BETO, ("sent",))])

    assert (found.lost, found.problems) == (1, [f"the books say sent, and the provider never saw it: 1 ({ANA})"])


def test_a_message_that_is_in_no_books_is_lost() -> None:
    found = verdict(booked=[Booked("b", BETO, "sent")])

    assert (found.lost, found.problems) == (1, [f"accepted, and not in the books: 1 ({ANA})"])


@pytest.mark.parametrize(
    "recipients",
    [
        [Recipient(BETO, True)],
        [Recipient(ANA, True), Recipient(ANA, True), Recipient(BETO, True)],
        [Recipient(ANA, False), Recipient(BETO, True)],
        [Recipient(ANA, True, "opted_out"), Recipient(BETO, True)],
    ],
    ids=["missing", "planned twice", "neither a message nor a reason", "both"],
)
def test_everybody_of_the_file_is_one_recipient_with_one_fate(recipients: list[Recipient]) -> None:
    assert verdict(recipients=recipients).lost == 1


def test_what_is_in_doubt_is_counted_by_its_reason_and_neither_lost_nor_doubled() -> None:
    booked = [Booked("a", ANA, "uncertain", "no_answer"), Booked("b", BETO, "uncertain", "provider_error")]
    found = verdict(booked=booked, taken=[Taken("b", BETO)])

    assert (found.problems, found.doubled, found.lost) == ([], 0, 0)
    assert found.uncertain == {"no_answer": 1, "provider_error": 1}


def test_doubt_without_a_reason_is_a_problem() -> None:
    found = verdict(booked=[Booked("a", ANA, "uncertain"), Booked("b", BETO, "sent")])

    assert found.problems == [f"uncertain without a reason: 1 ({ANA})"]


@pytest.mark.parametrize("state", ["queued", "sending"])
def test_a_message_that_is_still_on_its_way_is_a_problem(state: str) -> None:
    found = verdict(booked=[Booked("a", ANA, state), Booked("b", BETO, "sent")])

    assert found.problems == [f"not ended: 1 ({ANA} {state})"]


def test_what_a_webhook_told_must_be_in_the_books() -> None:
    told = Taken("b", BETO, ("sent", "delivered"), told=("sent", "delivered"))
    found = verdict(taken=[Taken("a", ANA, ("delivered",)), told])

    assert found.problems == ["the books do not say what a webhook told: 1 (b is sent, told delivered)"]


@pytest.mark.parametrize("state", ["rejected", "expired", "cancelled", "skipped"])
@pytest.mark.parametrize(
    "asked", [[], [Asked("a")], [Asked("a", did_nothing=True)]], ids=["never", "in vain", "to wait"]
)
def test_whom_the_provider_did_not_refuse_for_good_is_lost_when_the_books_give_him_up(
    state: str, asked: list[Asked]
) -> None:
    booked = [Booked("a", ANA, state, "network"), Booked("b", BETO, "sent")]
    found = verdict(booked=booked, taken=[Taken("b", BETO, ("sent",))], asked=asked)

    assert (found.lost, found.problems) == (
        1,
        [f"never sent, and the provider did not refuse it: 1 ({ANA} {state} network)"],
    )


@pytest.mark.parametrize(
    ("state", "reason", "asked"),
    [("rejected", "recipient_unreachable", [Asked("a", True, True)]), ("cancelled", "arrived_after_all", [])],
)
def test_nobody_is_lost_whom_the_provider_refused_or_who_has_an_earlier_try_of_his_message(
    state: str, reason: str, asked: list[Asked]
) -> None:
    booked = [Booked("a", ANA, state, reason), Booked("b", BETO, "sent")]

    assert verdict(booked=booked, taken=[Taken("b", BETO, ("sent",))], asked=asked).problems == []


@pytest.mark.parametrize(("did_nothing", "problems"), [(True, 0), (False, 1)])
def test_a_second_call_is_a_problem_unless_the_first_did_nothing_even_if_only_one_was_accepted(
    did_nothing: bool, problems: int
) -> None:
    found = verdict(asked=[Asked("a", did_nothing=did_nothing), Asked("b"), Asked("a")])

    assert len(found.problems) == problems
    assert all("asked again without proof" in problem for problem in found.problems)


@pytest.mark.parametrize("state", ["delivered", "read", "failed"])
def test_the_books_say_no_more_than_the_provider_did(state: str) -> None:
    found = verdict(booked=[Booked("a", ANA, "delivered"), Booked("b", BETO, state)])

    assert found.problems == [
        f"the books say what the provider never did: 1 (b is {state}, reached ['sent'])",
    ]
