"""What the database itself sees to for each message, whoever writes: its moves, what it is, and what it says."""

from __future__ import annotations

import pgtrigger

from recontact.models.budget_triggers import moved_between_classes, queued_from_campaign
from recontact.models.outgoing_triggers import message_told
from recontact.models.rollup_triggers import counted_again, counted_at_birth, fee_withdrawn
from recontact.models.work_triggers import message_answered
from recontact.states import ALIVE, legal_pairs

_LEGAL_MOVES = ", ".join(f"'{source}>{target}'" for source, target in legal_pairs())
_ALIVE = ", ".join(f"'{state.value}'" for state in sorted(ALIVE))
#: What a message is, for ever.
_IDENTITY = ["reference", "account_id", "sender_number_id", "kind"]
#: What a message says and to whom: erased only when it can no longer go out.
_CONTENT = [
    "template_id",
    "template_name",
    "template_language",
    "category",
    "recipient_phone",
    "recipient_bsuid",
    "components",
    "body",
]


def _changes(columns: list[str]) -> str:
    """The SQL condition that any of these columns is about to change."""
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


message_triggers = [
    # What is usual is told by the condition alone, and calls no function.
    pgtrigger.Trigger(
        name="message_legal_move",
        operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]
        when=pgtrigger.Before,
        condition=pgtrigger.Condition(
            f"OLD.state IS DISTINCT FROM NEW.state AND (OLD.state || '>' || NEW.state) NOT IN ({_LEGAL_MOVES})"
        ),
        func="RAISE EXCEPTION 'message %: % may not become %', OLD.id, OLD.state, NEW.state;",
    ),
    pgtrigger.Trigger(
        name="message_proven_unsent",
        operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]
        when=pgtrigger.Before,
        condition=pgtrigger.Condition("OLD.state = 'sending' AND NEW.state = 'queued'"),
        func="""
            IF NOT EXISTS (
                SELECT 1 FROM recontact_attempt a WHERE a.message_id = OLD.id AND a.number = OLD.attempt_number
                AND a.outcome IN ('throttled', 'unavailable')
            ) THEN
                RAISE EXCEPTION 'message %: nothing proves that attempt % did nothing', OLD.id, OLD.attempt_number;
            END IF;
            RETURN NEW;
        """,
    ),
    pgtrigger.Trigger(
        name="message_one_hsm_per_query",
        operation=pgtrigger.Insert,
        when=pgtrigger.Before,
        condition=pgtrigger.Condition("NEW.query_id IS NOT NULL AND NEW.kind = 'template'"),
        func="""
            IF EXISTS (
                SELECT 1 FROM recontact_recontact r WHERE r.query_id = NEW.query_id AND r.state <> 'released'
            ) THEN
                RAISE EXCEPTION 'query % has been recontacted', NEW.query_id;
            END IF;
            RETURN NEW;
        """,
    ),
    pgtrigger.Trigger(
        name="message_identity",
        operation=pgtrigger.UpdateOf("attempt_number", "query_id", *_IDENTITY),  # type: ignore[no-untyped-call]
        when=pgtrigger.Before,
        condition=pgtrigger.Condition(
            f"{_changes(_IDENTITY)} OR NEW.attempt_number NOT IN (OLD.attempt_number, OLD.attempt_number + 1)"
            " OR (OLD.query_id IS NOT NULL AND OLD.query_id IS DISTINCT FROM NEW.query_id)"
        ),
        func="RAISE EXCEPTION 'message %: what it is and how often it was tried cannot be rewritten', OLD.id;",
    ),
    pgtrigger.Trigger(
        name="message_content",
        operation=pgtrigger.UpdateOf(*_CONTENT),  # type: ignore[no-untyped-call]
        when=pgtrigger.Before,
        condition=pgtrigger.Condition(f"OLD.state IN ({_ALIVE}) AND ({_changes(_CONTENT)})"),
        func="RAISE EXCEPTION 'message %: its content is frozen while it may go out', OLD.id;",
    ),
    queued_from_campaign,
    moved_between_classes,
    counted_at_birth,
    message_answered,
    fee_withdrawn,
    counted_again,
    message_told,
    pgtrigger.Protect(name="message_no_delete", operation=pgtrigger.Delete),
    pgtrigger.Trigger(
        name="message_no_truncate",
        operation=pgtrigger.Truncate,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        func="RAISE EXCEPTION '% is never emptied', TG_TABLE_NAME;",
    ),
]
