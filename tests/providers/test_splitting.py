from __future__ import annotations

import pytest

from providers.splitting import REMEMBERED, Splitter


def test_messages_that_nobody_refused_go_together() -> None:
    assert Splitter().together(list("abcdefgh")) == 8


def test_half_of_a_refused_request_goes_next() -> None:
    splitter = Splitter()
    splitter.refused(list("abcdefg"))
    assert splitter.together(list("abcdefg")) == 3


def test_what_was_refused_alone_goes_alone() -> None:
    splitter = Splitter()
    splitter.refused(list("a"))
    assert splitter.together(list("ab")) == 1


@pytest.mark.parametrize(("references", "together"), [("abXY", 4), ("abcdX", 4), ("XabYZ", 4), ("ab", 2)])
def test_others_go_with_them_as_far_as_the_smallest_allows(references: str, together: int) -> None:
    splitter = Splitter()
    splitter.refused(list("XYZWQVUT"))
    assert splitter.together(list(references)) == together


def test_the_one_at_fault_is_found_in_a_few_steps() -> None:
    splitter, waiting, steps = Splitter(), [str(number) for number in range(20)], 0
    while waiting:
        sent = waiting[: splitter.together(waiting)]
        steps += 1
        if "13" in sent and len(sent) > 1:
            splitter.refused(sent)
        else:
            waiting = waiting[len(sent) :]
    assert steps <= 20


def test_only_so_many_are_remembered() -> None:
    splitter = Splitter()
    splitter.refused(["first", "second"])
    splitter.refused([str(number) for number in range(REMEMBERED)])
    assert splitter.together(["first", "second"]) == 2
