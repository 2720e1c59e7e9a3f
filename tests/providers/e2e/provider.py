"""What one provider does in the situations that all have (test_every_provider.py), declared as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tests.providers.e2e.stage import Setup

#: In `strangers`: the webhook's address without the user and password of the account.
WITHOUT_PASSWORD = "without-password"


class Unheard(Enum):
    """What becomes of a lost answer of which no webhook ever tells."""

    FOUND = "the look-up finds it"
    ABSENT = "the look-up does not find it: a person"
    PERSON = "nothing can be asked: a person"


class Report(Enum):
    """What the webhook of a delivery says about its cost."""

    NOTHING = "nothing"
    CATEGORY = "category"
    PRICE = "price"


@dataclass(frozen=True)
class Refusal:
    """A message that did not go: by the recipient's last two `digits`, or by the simulator's next `fail_code`."""

    reason: str
    code: str
    digits: str = "00"
    fail_code: int | None = None


@dataclass(frozen=True)
class Tap:
    """A tapped quick reply: the payload that it brings, what is written on it, and the text that the provider tells of it."""

    payload: str
    text: str = "Confirmar"
    told: str = "Confirmar"


def nothing_kept() -> None:
    """For an adapter that keeps nothing between two messages."""


@dataclass(frozen=True)
class Provider:
    """One provider's account and how it behaves.

    `text`: what the customer sees. `refused`: at once. `failed`: by a later webhook. `unheard`: by the last two digits.
    `strangers`: changes of the simulator's account after which its webhooks are not the provider's.
    `reference_kept`: our reference is with the message at the provider; else a lost answer is adopted by what fits.
    `tap`: none when the provider's templates have no quick replies here. `one_request`: many messages go in one.
    `key_asked_first`: a wrong key is told before the message is sent. `paused_by_webhook`: so is a paused template.
    `forget`: throws away what the adapter keeps between messages.
    """

    setup: Setup
    refused: Sequence[Refusal]
    failed: Sequence[Refusal]
    unheard: Mapping[str, Unheard]
    strangers: Sequence[Mapping[str, Any]]
    report: Report
    text: str = "Hola Ana, tu pedido ORD-1042 está listo."
    tap: Tap | None = None
    reference_kept: bool = True
    one_request: bool = False
    key_asked_first: bool = False
    paused_by_webhook: bool = False
    forget: Callable[[], None] = field(default=nothing_kept)

    @property
    def slug(self) -> str:
        """As the registry names it."""
        return self.setup.slug
