"""A receiver that the settings let be told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.recontact.outgoing.receiver import HOST, Receiver, receiver_run


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.OUTGOING_PRIVATE_HOSTS = [HOST]
    with receiver_run() as running:
        yield running
