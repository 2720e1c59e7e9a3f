"""What a refused call makes of its message: rejected, back to the queue until later, or in doubt. A batch is one statement.

Every move is guarded by id, state and attempt number, so it may be made again. A late word on an `uncertain` message may settle
it as rejected; it may never queue it again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Final

from django.db import connection

from providers.errors import Park, Reason, Rejected, SendError, Throttled, Unavailable
from recontact.dispatch.claim import Claim

#: Refused tries (not throttles) after which a message is given up as rejected.
MAX_FAILURES = 5
#: An outage says nothing about the message: it waits for the provider until it expires, however often it was tried.
OUTAGES = frozenset({Reason.NETWORK, Reason.PROVIDER_DOWN})
LONGEST_BACKOFF_SECONDS = 60.0
LONGEST_WAIT_SECONDS = 24 * 3600.0
SOME_WAIT_SECONDS = 60.0

#: The fates of a refused message: over; due again after a wait; the same after one that grows with its failures; in doubt.
_REJECT, _WAIT, _BACK_OFF, _DOUBT = "reject", "wait", "back off", "doubt"

# What waits longer than it lives (or than the park that it waits for) is over now. A template that is parked is waited for by
# a campaign; a message of its own is over then, and its query may be recontacted with another.
_REFUSED: Final = f"""
    UPDATE recontact_message m
    SET state = w.state, due_at = CASE w.state WHEN 'queued' THEN w.due_at ELSE m.due_at END,
        settled_at = CASE w.state WHEN 'rejected' THEN clock_timestamp() ELSE m.settled_at END,
        failures = m.failures + CASE v.fate WHEN '{_BACK_OFF}' THEN 1 ELSE 0 END,
        lease_expires_at = NULL, reason = v.reason, provider_code = v.code, provider_detail = v.detail
    FROM json_to_recordset(%s::json) AS v(id bigint, attempt int, fate text, alone bool, wait float8, held_until timestamptz,
                                          endless bool, reason text, code text, detail text)
    JOIN recontact_message was ON was.id = v.id
    CROSS JOIN LATERAL (SELECT clock_timestamp() + make_interval(secs => CASE v.fate
        WHEN '{_BACK_OFF}' THEN least(power(2, least(was.failures + 1, 10)), {LONGEST_BACKOFF_SECONDS})
        ELSE v.wait END) AS due_at) d
    CROSS JOIN LATERAL (SELECT d.due_at, CASE
        WHEN v.fate = '{_REJECT}' OR (v.alone AND was.campaign_id IS NULL) THEN 'rejected'
        WHEN v.fate = '{_DOUBT}' THEN 'uncertain'
        WHEN v.fate = '{_BACK_OFF}' AND NOT v.endless AND was.failures + 1 >= {MAX_FAILURES} THEN 'rejected'
        WHEN was.expires_at > coalesce(v.held_until, d.due_at) THEN 'queued'
        ELSE 'rejected' END AS state) w
    WHERE m.id = v.id AND m.attempt_number = v.attempt AND (m.state = 'sending' OR (m.state = 'uncertain' AND
          (v.fate = '{_REJECT}' OR (v.alone AND was.campaign_id IS NULL))))
"""  # noqa: S608 -- only our own words go in


def refusals_record(refused: Sequence[tuple[Claim, SendError]]) -> None:
    """Move the messages of these claims, in the caller's transaction, after their attempts were written down."""
    if not refused:
        return
    with connection.cursor() as cursor:
        cursor.execute(_REFUSED, [json.dumps([_row(claim, error) for claim, error in refused])])


def _row(claim: Claim, error: SendError) -> dict[str, Any]:
    unsent = isinstance(error, Rejected | Unavailable)
    return {
        "id": claim.message_id,
        "attempt": claim.attempt_number,
        "alone": unsent and error.park == Park.TEMPLATE,
        "endless": error.reason in OUTAGES,
        "reason": error.reason,
        "code": error.provider_code[:40],
        "detail": error.detail[:500],
        **_fate(error),
    }


def _fate(error: SendError) -> dict[str, Any]:
    if isinstance(error, Rejected):
        return {"fate": _REJECT}
    if isinstance(error, Throttled):
        return {"fate": _WAIT, "wait": wait_bounded(error.retry_after)}
    if not isinstance(error, Unavailable):
        return {"fate": _DOUBT}
    if error.park or error.reason == Reason.NOT_STARTED:
        until = None if error.park_until is None else error.park_until.isoformat()
        return {"fate": _WAIT, "wait": 0.0, "held_until": until}
    return {"fate": _BACK_OFF}


def wait_bounded(wait: float) -> float:
    """Seconds to wait, as a provider asks for them: at most a day; a minute for a wait that is none."""
    return min(wait, LONGEST_WAIT_SECONDS) if math.isfinite(wait) and wait >= 0 else SOME_WAIT_SECONDS
