"""The reference of a message: unique, not to be guessed, and in the order in which messages are made."""

from __future__ import annotations

import time
import uuid

from recontact.models.references import new_reference


def test_a_reference_is_a_uuid_of_version_7() -> None:
    reference = new_reference()

    assert (reference.version, reference.variant) == (7, uuid.RFC_4122)


def test_a_later_reference_sorts_after_an_earlier_one() -> None:
    earlier = new_reference()
    time.sleep(0.002)

    assert new_reference() > earlier


def test_references_of_one_moment_differ_in_what_cannot_be_guessed() -> None:
    made = [new_reference() for _ in range(10_000)]

    assert len({reference.int & ((1 << 62) - 1) for reference in made}) == len(made)
