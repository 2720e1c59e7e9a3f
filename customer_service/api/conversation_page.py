"""One page of a query's conversation: both sides in one order, newest first, from a place that a cursor names."""

from __future__ import annotations

import base64
import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import serializers

from customer_service.api.files import FileEntrySerializer, file_entry, inbound_file_entry
from customer_service.models import InboundFile, InboundMessage
from recontact.api.inputs import MAX_ID
from recontact.api.serializers import NamedSerializer
from recontact.media.attachments import attachment_id, attachments_of
from recontact.models import MediaFile, Message, Query
from recontact.reasons import reason_words
from templates_app.api.errors import ApiProblem

IN, OUT = "in", "out"
SIDES = [(IN, "the customer's"), (OUT, "ours")]


class AnsweredSerializer(serializers.Serializer[Any]):
    """The message of this query that another one answers, or reacts to."""

    direction = serializers.ChoiceField(choices=SIDES)
    id = serializers.IntegerField()


class ConversationEntrySerializer(serializers.Serializer[Any]):
    """One message of the conversation. What is only known of ours is null or empty of the customer's."""

    id = serializers.IntegerField(help_text="Of the message, within its direction.")
    direction = serializers.ChoiceField(choices=SIDES)
    at = serializers.DateTimeField()
    kind = serializers.CharField(
        help_text="text, image, button, ... of the customer's; template, text or media (a file) of ours."
    )
    text = serializers.CharField()
    button = serializers.CharField(help_text="What the tapped button carries.")
    answers = AnsweredSerializer(allow_null=True, help_text="A reaction without text was taken back.")
    files = FileEntrySerializer(many=True)
    url = serializers.CharField(allow_null=True)
    by = NamedSerializer(allow_null=True)
    template = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField()
    reason_sentence = serializers.CharField()


class Place(NamedTuple):
    """Where a page begins: after this message. Of the same moment ours come first."""

    at: datetime
    direction: str
    id: int


def entries_of(query: Query, after: Place | None, limit: int, *, shown: Collection[str]) -> Iterable[dict[str, Any]]:
    """At most `limit` entries after the place, of the directions `shown`, newest first.

    As many database queries whatever the conversation's length.
    """
    inbound: Sequence[InboundMessage] = ()
    ours: Sequence[Message] = ()
    if IN in shown:
        files = Prefetch("files", InboundFile.objects.select_related("file"))
        rows = InboundMessage.objects.filter(query=query).prefetch_related(files)
        inbound = list(_after(rows, "occurred_at", IN, after)[:limit])
    if OUT in shown:
        sent = Message.objects.filter(query=query).select_related("created_by").defer("bubble")
        ours = list(_after(sent, "created_at", OUT, after)[:limit])
    attached, answered = attachments_of(ours), _answered(query, inbound)
    both = heapq.merge(
        (_written(row, answered) for row in inbound),
        (_sent(row, attached) for row in ours),
        key=lambda entry: (entry["at"], entry["direction"], entry["id"]),
        reverse=True,
    )
    return islice(both, limit)


def _answered(query: Query, inbound: Iterable[InboundMessage]) -> dict[str, dict[str, Any]]:
    """The messages of this query that these answer, by their ids at the provider; two database queries, or none."""
    ids = {message.context_message_id for message in inbound} - {""}
    if not ids:
        return {}
    own = InboundMessage.objects.filter(query=query, provider_message_id__in=ids)
    ours = Message.objects.filter(query=query, provider_message_id__in=ids)
    sides = ((IN, own), (OUT, ours))
    return {
        known: {"direction": side, "id": pk}
        for side, rows in sides
        for known, pk in rows.values_list("provider_message_id", "pk")
    }


def _after(rows: QuerySet[Any], column: str, direction: str, place: Place | None) -> QuerySet[Any]:
    rows = rows.order_by(f"-{column}", "-id")
    if place is None:
        return rows
    # At the same moment: the rest of the same direction, and all of the one that comes after it.
    below = place.id if direction == place.direction else (MAX_ID if direction < place.direction else 0)
    return rows.filter(Q(**{f"{column}__lt": place.at}) | Q(**{column: place.at, "id__lt": below}))


def _written(message: InboundMessage, answered: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": message.pk,
        "direction": IN,
        "at": message.occurred_at,
        "kind": message.kind,
        "text": message.text,
        "button": message.button_payload,
        "answers": answered.get(message.context_message_id),
        "files": [inbound_file_entry(file, query_id=message.query_id) for file in message.files.all()],
        "url": None,
        "by": None,
        "template": "",
        "state": "",
        "reason": "",
        "reason_sentence": "",
    }


def _sent(message: Message, attached: Mapping[int, MediaFile]) -> dict[str, Any]:
    files = []
    if message.kind == Message.Kind.MEDIA:
        files = [file_entry(attached.get(attachment_id(message)), query_id=message.query_id or 0)]
    return {
        "id": message.pk,
        "direction": OUT,
        "at": message.created_at,
        "kind": message.kind,
        "text": message.body,
        "button": "",
        "answers": None,
        "files": files,
        "url": reverse("api-message", args=[message.pk]),
        "by": message.created_by,
        "template": message.template_name,
        "state": message.state,
        "reason": message.reason,
        "reason_sentence": reason_words(message.reason),
    }


def cursor_of(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place.at.isoformat()} {place.direction} {place.id}".encode()).decode()


def place_of(cursor: str) -> Place | None:
    """The place of a cursor; none for none. Raises ApiProblem for one that this API never gave out."""
    if not cursor:
        return None
    try:
        at, direction, number = base64.urlsafe_b64decode(cursor).decode().split(" ")
        place = Place(datetime.fromisoformat(at), direction, int(number))
        if direction not in (IN, OUT) or place.at.tzinfo is None or not 0 < place.id <= MAX_ID:
            raise ValueError
    except ValueError as error:
        detail = _("The cursor is not valid: take it from the page before.")
        raise ApiProblem(400, "invalid_cursor", detail, field="cursor") from error
    return place
