"""The state tables: every pair of states, legal or not, by table and by the database."""

from __future__ import annotations

import itertools

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from recontact.models import Message, Recontact
from recontact.states import (
    ALIVE,
    LEDGER_MOVES,
    MESSAGE_MOVES,
    NEVER_SENT,
    WENT_OUT,
    IllegalMove,
    LedgerState,
    MessageState,
    ledger_state_for,
    move_check,
    sources_of,
)
from tests.factories import message_make

PAIRS = list(itertools.product(MessageState, MessageState))


def test_it_names_every_state_once_in_the_table_and_in_the_choices() -> None:
    assert set(MESSAGE_MOVES) == set(MessageState)
    assert set(Message.State.values) == {state.value for state in MessageState}
    assert set(Recontact.State.values) == {state.value for state in LedgerState}
    assert set(LEDGER_MOVES) == set(LedgerState)


def test_it_splits_the_states_into_alive_never_sent_and_gone_out() -> None:
    assert set(MessageState) == ALIVE | NEVER_SENT | WENT_OUT
    assert not ALIVE & NEVER_SENT
    assert not NEVER_SENT & WENT_OUT
    assert not ALIVE & WENT_OUT


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_it_refuses_every_move_that_the_table_does_not_name(source: MessageState, target: MessageState) -> None:
    if target in MESSAGE_MOVES[source]:
        move_check(source, target)
    else:
        with pytest.raises(IllegalMove):
            move_check(source, target)


def test_it_never_goes_back_to_the_queue_once_the_message_may_have_been_sent() -> None:
    assert sources_of(MessageState.QUEUED) == {MessageState.SENDING}
    assert MessageState.SENDING not in MESSAGE_MOVES[MessageState.UNCERTAIN]
    assert sources_of(MessageState.SENDING) == {MessageState.QUEUED}


def test_it_keeps_the_right_reserved_while_the_message_may_have_gone_out() -> None:
    assert ledger_state_for(MessageState.UNCERTAIN) == LedgerState.RESERVED
    assert ledger_state_for(MessageState.FAILED) == LedgerState.SPENT
    assert ledger_state_for(MessageState.EXPIRED) == LedgerState.RELEASED


@pytest.mark.django_db
def test_the_database_refuses_every_illegal_move_of_a_message() -> None:
    """The trigger is made from the table; here both are compared over all pairs."""
    message = message_make()
    message.attempts.create(number=message.attempt_number, claimed_at=timezone.now(), outcome="throttled")
    refused = []
    for source, target in PAIRS:
        if source == target:
            continue
        _put(message, source)
        try:
            with transaction.atomic():
                Message.objects.filter(pk=message.pk).update(state=target)
        except Error:
            refused.append((source, target))
    legal = {(source, target) for source, targets in MESSAGE_MOVES.items() for target in targets}
    assert set(refused) == {pair for pair in PAIRS if pair[0] != pair[1]} - legal


def _put(message: Message, state: MessageState) -> None:
    """Put the message into `state` past the trigger, as no code of the portal can."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE recontact_message SET state = %s WHERE id = %s", [state.value, message.pk])
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
