"""The states of messages and of the recontact ledger, and their legal moves. Pure: no database here.

The triggers on both tables are made from these tables too, so the database refuses what this module does not name.
"""

from __future__ import annotations

from enum import StrEnum


class MessageState(StrEnum):
    """Where a message stands. See docs/architecture.md, "Message states"."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class LedgerState(StrEnum):
    """Where a query's only recontact stands."""

    RESERVED = "reserved"
    SPENT = "spent"
    RELEASED = "released"


_M = MessageState

#: What a provider's proof may make of a message that has not got so far: it left, whatever we thought.
_PROOF = frozenset({_M.ACCEPTED, _M.SENT, _M.DELIVERED, _M.READ, _M.FAILED})

MESSAGE_MOVES: dict[MessageState, frozenset[MessageState]] = {
    _M.QUEUED: frozenset({_M.SENDING, _M.CANCELLED, _M.EXPIRED, _M.SKIPPED}) | _PROOF,
    _M.SENDING: frozenset({_M.QUEUED, _M.REJECTED, _M.UNCERTAIN}) | _PROOF,
    _M.UNCERTAIN: frozenset({_M.REJECTED}) | _PROOF,
    _M.ACCEPTED: frozenset({_M.SENT, _M.DELIVERED, _M.READ, _M.FAILED}),
    _M.SENT: frozenset({_M.DELIVERED, _M.READ, _M.FAILED}),
    _M.DELIVERED: frozenset({_M.READ}),
    _M.FAILED: frozenset({_M.DELIVERED, _M.READ}),
    _M.READ: frozenset(),
    _M.REJECTED: frozenset(),
    _M.SKIPPED: frozenset(),
    _M.CANCELLED: frozenset(),
    _M.EXPIRED: frozenset(),
}

LEDGER_MOVES: dict[LedgerState, frozenset[LedgerState]] = {
    LedgerState.RESERVED: frozenset({LedgerState.SPENT, LedgerState.RELEASED}),
    LedgerState.SPENT: frozenset({LedgerState.RELEASED}),
    LedgerState.RELEASED: frozenset(),
}

#: The message certainly never went out: the query's right comes back by itself.
NEVER_SENT = frozenset({_M.REJECTED, _M.CANCELLED, _M.EXPIRED, _M.SKIPPED})
#: The message left: the query's right is used.
WENT_OUT = _PROOF
#: Nothing more is going to be sent for the message.
SETTLED = NEVER_SENT | WENT_OUT
#: It may still go out, or may have gone out.
ALIVE = frozenset({_M.QUEUED, _M.SENDING, _M.UNCERTAIN})


class IllegalMove(Exception):
    """A move that the tables do not name was asked for: a defect, never a matter of timing."""


def sources_of(target: MessageState) -> frozenset[MessageState]:
    """The states from which a message may come to `target`; every guarded UPDATE names exactly these or fewer."""
    return frozenset(source for source, targets in MESSAGE_MOVES.items() if target in targets)


def move_check(source: MessageState, target: MessageState) -> None:
    """Raise IllegalMove unless a message may go from `source` to `target`."""
    if target not in MESSAGE_MOVES[source]:
        raise IllegalMove(f"message: {source} -> {target}")


def ledger_state_for(state: MessageState) -> LedgerState:
    """What the ledger row of a message in `state` must be (a person may have released a spent one since)."""
    if state in NEVER_SENT:
        return LedgerState.RELEASED
    if state in WENT_OUT:
        return LedgerState.SPENT
    return LedgerState.RESERVED


def legal_pairs() -> list[tuple[str, str]]:
    """Every legal message move as (from, to), for the trigger."""
    return sorted((source.value, target.value) for source, targets in MESSAGE_MOVES.items() for target in targets)
