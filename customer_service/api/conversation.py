"""The conversation of a query: what the customer wrote and what we sent, newest first; and free text into it."""

from __future__ import annotations

import base64
import heapq
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from customer_service.api.base import query_reached
from customer_service.api.inputs import TextInput
from customer_service.models import InboundMessage
from recontact.api.answers import message_answer
from recontact.api.idempotency import Answer, idempotent
from recontact.api.inputs import MAX_ID
from recontact.api.schema import KEY_REQUIRED, SEND_PROBLEMS
from recontact.api.serializers import MessageDetailSerializer, NamedSerializer
from recontact.models import Message, Query
from recontact.outbox import text_send
from recontact.reasons import reason_words
from templates_app.api.base import ApiView, validated
from templates_app.api.errors import ApiProblem
from templates_app.api.schema import PROBLEMS, paged

IN, OUT = "in", "out"


class PageInput(serializers.Serializer[Any]):
    """Which page."""

    page_size = serializers.IntegerField(required=False, min_value=1, max_value=100, default=50)
    cursor = serializers.CharField(required=False, max_length=200)


class ConversationEntrySerializer(serializers.Serializer[Any]):
    """One message of the conversation. What is only known of ours is null or empty of the customer's."""

    id = serializers.IntegerField(help_text="Of the message, within its direction.")
    direction = serializers.ChoiceField(choices=[(IN, "the customer's"), (OUT, "ours")])
    at = serializers.DateTimeField()
    kind = serializers.CharField(help_text="text, image, button, ... of the customer's; template or text of ours.")
    text = serializers.CharField()
    button = serializers.CharField(help_text="What the tapped button carries.")
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


class ConversationView(ApiView):
    """The messages of a query within reach."""

    permissions_required = {"GET": "customer_service.view_inboundmessage", "POST": "recontact.send_text"}

    @extend_schema(
        operation_id="queries_messages_list",
        tags=["queries"],
        parameters=[*paged.parameters],
        responses={200: paged(ConversationEntrySerializer), **PROBLEMS},
    )
    def get(self, request: Request, query_id: int) -> Response:
        """List what the customer wrote and what was sent in this query, newest first."""
        query = query_reached(request, query_id)
        asked = validated(PageInput, request.query_params)
        found = list(_entries(query, _place(asked.get("cursor", "")), asked["page_size"] + 1))
        shown = found[: asked["page_size"]]
        next_page = None
        if len(found) > len(shown):
            last = shown[-1]
            cursor = _cursor(Place(last["at"], last["direction"], last["id"]))
            next_page = replace_query_param(request.build_absolute_uri(), "cursor", cursor)
        rows = ConversationEntrySerializer(shown, many=True).data
        return Response({"next": next_page, "previous": None, "results": rows})

    @extend_schema(
        operation_id="queries_messages_send",
        tags=["queries"],
        parameters=[KEY_REQUIRED],
        request=TextInput,
        responses={202: MessageDetailSerializer, **PROBLEMS, **SEND_PROBLEMS},
    )
    def post(self, request: Request, query_id: int) -> Response:
        """Send free text inside the open window. Answers once the message is safely queued; nobody takes the query by it."""
        return idempotent(request, lambda send_key: self._send(request, query_id, send_key))

    def _send(self, request: Request, query_id: int, send_key: str | None) -> Answer:
        query = query_reached(request, query_id)
        text = validated(TextInput, request.data)["text"]
        message = text_send(
            query_id=query.pk, text=text, user=request.user, send_key=send_key, origin=Message.Origin.API
        )
        return Answer(202, message_answer(message.pk, request.user))


# --- a page ----------------------------------------------------------------------------------------------------------


def _entries(query: Query, after: Place | None, limit: int) -> Iterable[dict[str, Any]]:
    """At most `limit` entries after the place, newest first: two queries, whatever the conversation's length."""
    inbound = _after(InboundMessage.objects.filter(query=query), "occurred_at", IN, after)[:limit]
    sent = Message.objects.filter(query=query).select_related("created_by").defer("components", "bubble")
    ours = _after(sent, "created_at", OUT, after)[:limit]
    both = heapq.merge(
        (_written(row) for row in inbound),
        (_sent(row) for row in ours),
        key=lambda entry: (entry["at"], entry["direction"], entry["id"]),
        reverse=True,
    )
    return islice(both, limit)


def _after(rows: QuerySet[Any], column: str, direction: str, place: Place | None) -> QuerySet[Any]:
    rows = rows.order_by(f"-{column}", "-id")
    if place is None:
        return rows
    # At the same moment: the rest of the same direction, and all of the one that comes after it.
    below = place.id if direction == place.direction else (MAX_ID if direction < place.direction else 0)
    return rows.filter(Q(**{f"{column}__lt": place.at}) | Q(**{column: place.at, "id__lt": below}))


def _written(message: InboundMessage) -> dict[str, Any]:
    return {
        "id": message.pk,
        "direction": IN,
        "at": message.occurred_at,
        "kind": message.kind,
        "text": message.text,
        "button": message.button_payload,
        "url": None,
        "by": None,
        "template": "",
        "state": "",
        "reason": "",
        "reason_sentence": "",
    }


def _sent(message: Message) -> dict[str, Any]:
    return {
        "id": message.pk,
        "direction": OUT,
        "at": message.created_at,
        "kind": message.kind,
        "text": message.body,
        "button": "",
        "url": reverse("api-message", args=[message.pk]),
        "by": message.created_by,
        "template": message.template_name,
        "state": message.state,
        "reason": message.reason,
        "reason_sentence": reason_words(message.reason),
    }


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(f"{place.at.isoformat()} {place.direction} {place.id}".encode()).decode()


def _place(cursor: str) -> Place | None:
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
