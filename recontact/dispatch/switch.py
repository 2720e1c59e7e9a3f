"""The switch that stops all sending (I9), and the halt by itself when the database is not the one the books were kept in."""

from __future__ import annotations

from typing import Any

import structlog
from django.db import connection, transaction

from recontact.clock import ClockTimestamp
from recontact.dispatch.wake import wake_on_commit
from recontact.models import DispatchSwitch
from recontact.prepared import fetched

log = structlog.get_logger(__name__)


_IDENTITY = """
    SELECT concat_ws(':', system_identifier, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
                     (SELECT oid FROM pg_database WHERE datname = current_database()))
    FROM pg_control_system()
"""
#: Whether nothing may be claimed. Shares the switch's row with other claims for the transaction, so that a halt waits for them
#: and none begins after it. A connection that was lost comes back by itself, maybe to a database that was restored: then
#: nothing is claimed either.
SHARED = f"""
    SELECT halted OR (identity <> '' AND identity <> ({_IDENTITY})) AS halted
    FROM recontact_dispatchswitch WHERE id = 1 FOR SHARE
"""  # noqa: S608 -- ours
_RUNS = f"SELECT id FROM recontact_dispatchswitch WHERE id = 1 AND NOT halted AND identity = ({_IDENTITY})"  # noqa: S608 -- ours


def identity_current() -> str:
    """Which server, timeline and database this is: it changes with a restore and with a failover that may lose commits."""
    with connection.cursor() as cursor:
        cursor.execute(_IDENTITY)
        return str(cursor.fetchone()[0])


def dispatch_state() -> DispatchSwitch:
    """The switch as it stands."""
    switch, _created = DispatchSwitch.objects.get_or_create(pk=1)
    return switch


def dispatch_may_run() -> bool:
    """False while halted. A database that is not the one last seen halts here, until a person has looked (the runbook)."""
    # Asked four times a second, and nearly always so.
    if fetched(_RUNS, []):
        return True
    switch = dispatch_state()
    if switch.halted:
        return False
    identity = identity_current()
    if switch.identity == identity:
        return True
    rows = DispatchSwitch.objects.filter(pk=1, halted=False, identity=switch.identity)
    if not switch.identity:
        return bool(rows.update(identity=identity)) or dispatch_may_run()
    log.error("dispatch_halted_after_restore", was=switch.identity, found=identity)
    rows.update(halted=True, reason=DispatchSwitch.Reason.RESTORED, changed_at=ClockTimestamp(), changed_by=None)
    return False


@transaction.atomic
def dispatch_halt(*, user: Any, note: str) -> DispatchSwitch:
    """Stop all sending at once. Waits for the claims under way to commit; after it, none begins."""
    dispatch_state()
    switch = DispatchSwitch.objects.select_for_update().get(pk=1)
    if not switch.halted:
        _change(switch, halted=True, reason=DispatchSwitch.Reason.PERSON, user=user, note=note)
    return switch


@transaction.atomic
def dispatch_resume(*, user: Any, note: str) -> DispatchSwitch:
    """Let sending go on. After a restore this also accepts the present database as the books' own."""
    dispatch_state()
    switch = DispatchSwitch.objects.select_for_update().get(pk=1)
    switch.identity = identity_current()
    _change(switch, halted=False, reason="", user=user, note=note)
    wake_on_commit()
    return switch


def _change(switch: DispatchSwitch, *, halted: bool, reason: str, user: Any, note: str) -> None:
    switch.halted, switch.reason, switch.note, switch.changed_by = halted, reason, note.strip()[:300], user
    switch.changed_at = ClockTimestamp()
    switch.save()
    switch.refresh_from_db()
