"""A claim's call begins in time or not at all, also on a machine that slept meanwhile."""

from __future__ import annotations

import time

from recontact.dispatch.deadline import Deadline


def test_it_has_not_passed_before_its_time() -> None:
    assert not Deadline.after(60).has_passed()


def test_it_has_passed_after_its_time() -> None:
    assert Deadline.after(-0.001).has_passed()


def test_it_has_passed_when_only_the_clock_that_counts_sleep_says_so() -> None:
    assert Deadline(monotonic=time.monotonic() + 60, sleep_counted=0.0).has_passed()
