"""The only writer of the recontact ledger: reserve, spend, release. The triggers of the table stand behind each rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db import transaction

from recontact.arrays import array_literal
from recontact.clock import ClockTimestamp
from recontact.models import Message, Query, QueryEvent, Recontact
from recontact.prepared import changed
from recontact.states import NEVER_SENT, WENT_OUT

_OUT, _UNSENT = array_literal(sorted(WENT_OUT)), array_literal(sorted(NEVER_SENT))
_SETTLE: Final = f"""
    UPDATE recontact_recontact r
    SET state = v.state,
        spent_at = CASE v.state WHEN 'spent' THEN clock_timestamp() ELSE r.spent_at END,
        released_at = CASE v.state WHEN 'released' THEN clock_timestamp() ELSE r.released_at END,
        release_reason = CASE v.state WHEN 'released' THEN 'never sent' ELSE r.release_reason END
    FROM recontact_message m, LATERAL (SELECT CASE WHEN m.state = ANY('{_OUT}') THEN 'spent'
                                                   WHEN m.state = ANY('{_UNSENT}') THEN 'released' END AS state) v
    WHERE m.id = r.message_id AND r.message_id = ANY(%s::bigint[]) AND r.state = 'reserved' AND v.state IS NOT NULL
"""  # noqa: S608 -- only our own words go in


def reserve(*, query: Query, message: Message, user: Any) -> Recontact:
    """Reserve the query's one recontact for `message`, in the caller's transaction. Raises IntegrityError if it is taken."""
    return Recontact.objects.create(query=query, message=message, reserved_by=user)


def reserve_many(messages: Sequence[Message], *, user: Any) -> None:
    """The same for many messages, each of a query of its own. Raises IntegrityError if one is taken."""
    Recontact.objects.bulk_create(
        Recontact(query_id=message.query_id, message=message, reserved_by=user)
        for message in messages
        if message.query_id is not None
    )


def settle(message_ids: Iterable[int]) -> None:
    """Bring the rows of these messages in line with their states: gone out is spent, certainly never sent is released.

    Guarded by the message's own state in the same statement, so it may be called again, and by anyone, at any time.
    """
    ids = list(message_ids)
    if ids:
        # Planned anew: workers that live long ask it too, and the tables may have been empty when they began.
        changed(_SETTLE, [array_literal(ids)], kept=False)


class CannotRelease(Exception):
    """The recontact cannot be given back; the message says why, to a person."""


@transaction.atomic
def release_by_person(*, recontact_id: int, user: Any, reason: str) -> Recontact:
    """Give a used recontact back, because the provider reported its message failed and not billed. Audited.

    Raises CannotRelease when the reason is empty, the message did not fail, or it was billed.
    """
    # The message first: a status of it locks in this order too.
    message = Message.objects.select_for_update().get(recontact__pk=recontact_id)
    recontact = Recontact.objects.select_for_update().get(pk=recontact_id)
    if not reason.strip():
        raise CannotRelease("reason_missing")
    if recontact.state != Recontact.State.SPENT or message.state != Message.State.FAILED or message.billed:
        raise CannotRelease("not_failed")
    recontact.state = Recontact.State.RELEASED
    recontact.released_at = ClockTimestamp()
    recontact.released_by = user
    recontact.release_reason = reason.strip()[:300]
    recontact.save()
    QueryEvent.objects.create(
        query_id=recontact.query_id, kind=QueryEvent.Kind.RELEASED, actor=user, detail=recontact.release_reason
    )
    recontact.refresh_from_db()
    return recontact


def standing(query_id: int) -> Recontact | None:
    """The query's recontact that stands (reserved or spent), with its message and who asked for it."""
    rows = Recontact.objects.filter(query_id=query_id).exclude(state=Recontact.State.RELEASED)
    return rows.select_related("message", "reserved_by").first()
