"""A query's right to its one recontact, for many queries at once: what speaks against it, when a campaign is planned and
again when it is launched, and the ledger's rows for those that are sent. A constant number of database queries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from recontact import ledger
from recontact.models import Incident, Message, Query, QueryEvent, Recontact
from recontact.refusals import Code

#: The customer answered after the campaign was planned, also where his window closed again since.
ANSWERED = "answered"


class Rights:
    """What speaks against recontacting each of these queries. At a launch they are locked, so that it stays true."""

    def __init__(self, queries: Iterable[Query]) -> None:
        self.queries = {query.pk: query for query in queries}
        self._used: dict[int, Recontact] = {}
        self._unclear: set[int] = set()
        if not self.queries:
            return
        standing = Recontact.objects.filter(query__in=self.queries).exclude(state=Recontact.State.RELEASED)
        rows = standing.select_related("reserved_by", "message").defer(
            "message__components", "message__bubble", "message__body"
        )
        self._used = {recontact.query_id: recontact for recontact in rows}
        unclear = Incident.objects.filter(message__recontact__query__in=self.queries, closed_at__isnull=True)
        self._unclear = set(unclear.values_list("message__recontact__query_id", flat=True))

    @classmethod
    def of(cls, query_ids: Collection[int]) -> Rights:
        """Of the queries with these ids, as they are now, without their data."""
        rows = Query.objects.filter(pk__in=query_ids).only("pk", "state", "last_inbound_at") if query_ids else ()
        return cls(rows)

    def against(self, query_id: int, *, planned_at: datetime | None = None) -> tuple[str, dict[str, Any]] | None:
        """Why the query is not recontacted, as a code with what its sentence needs; None = it may be.

        With `planned_at`, an answer that came after that moment speaks against it too.
        """
        query, used = self.queries.get(query_id), self._used.get(query_id)
        if used is not None:
            return Code.ALREADY_RECONTACTED, {"query": query_id, **_story(used)}
        if query_id in self._unclear:
            return Code.RECONTACT_INCIDENT, {}
        if query is None or not query.is_open:
            return Code.QUERY_CLOSED, {"query": query_id}
        answered_at = query.last_inbound_at
        if planned_at is not None and answered_at is not None and answered_at > planned_at:
            return ANSWERED, {"query": query_id}
        return None


def _story(used: Recontact) -> dict[str, Any]:
    at = timezone.localtime(used.reserved_at)
    return {
        "by": str(used.reserved_by) if used.reserved_by is not None else _("the system"),
        "at": formats.date_format(at, "SHORT_DATETIME_FORMAT"),
    }


def queries_lock(query_ids: Collection[int]) -> dict[int, Query]:
    """Those of the queries that nobody else works on, locked (their customers are already), passing over the others."""
    if not query_ids:
        return {}
    rows = Query.objects.filter(pk__in=query_ids).order_by("pk")
    return {query.pk: query for query in rows.select_for_update(skip_locked=True, no_key=True, of=("self",))}


def rights_reserve(messages: Sequence[Message], *, user: Any) -> None:
    """Reserve the recontact of each message's query (locked), in the transaction that stored the messages, and say so in its
    history. Raises IntegrityError where one is taken; then nothing of the batch stands."""
    of_queries = [message for message in messages if message.query_id is not None]
    if not of_queries:
        return
    ledger.reserve_many(of_queries, user=user)
    QueryEvent.objects.bulk_create(
        QueryEvent(
            query_id=message.query_id,
            kind=QueryEvent.Kind.RECONTACTED,
            actor=user,
            detail=message.template_name[:300],
        )
        for message in of_queries
        if message.query_id is not None
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE recontact_query q SET activity_at = greatest(q.activity_at, clock_timestamp()), preview = v.preview,
                                              waiting_since = NULL
               FROM unnest(%s::bigint[], %s::text[]) AS v(id, preview) WHERE q.id = v.id""",
            [[message.query_id for message in of_queries], [message.body[:200] for message in of_queries]],
        )
