"""The conversation of a query: what the customer wrote and what we sent, newest first; and free text or a file into it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from customer_service.api.base import query_reached
from customer_service.api.conversation_page import (
    IN,
    OUT,
    ConversationEntrySerializer,
    Place,
    cursor_of,
    entries_of,
    place_of,
)
from customer_service.api.inputs import FileInput, TextInput
from recontact.api.answers import message_answer
from recontact.api.idempotency import Answer, fingerprint_of, idempotent
from recontact.api.schema import KEY_REQUIRED, SEND_PROBLEMS
from recontact.api.serializers import MessageDetailSerializer
from recontact.media.files import files_discard
from recontact.media.outgoing import upload_store
from recontact.models import MediaFile, Message
from recontact.outbox import attachment_queue, text_send
from templates_app.api.base import ApiView, require_permission, validated
from templates_app.api.parsing import BoundedFormParser, BoundedJSONParser
from templates_app.api.schema import PROBLEMS, paged

#: Each side of a conversation has a permission of its own.
_READ = {IN: "customer_service.view_inboundmessage", OUT: "recontact.view_message"}


class PageInput(serializers.Serializer[Any]):
    """Which page."""

    page_size = serializers.IntegerField(required=False, min_value=1, max_value=100, default=50)
    cursor = serializers.CharField(required=False, max_length=200)


class ConversationView(ApiView):
    """The messages of a query within reach."""

    permissions_required = {"GET": "recontact.view_query", "POST": "recontact.send_text"}
    parser_classes = [BoundedJSONParser, BoundedFormParser]

    @extend_schema(
        operation_id="queries_messages_list",
        tags=["queries"],
        parameters=[*paged.parameters],
        responses={200: paged(ConversationEntrySerializer), **PROBLEMS},
    )
    def get(self, request: Request, query_id: int) -> Response:
        """List what the customer wrote (`conversations:read`) and what was sent (`messages:read`) in this query, newest first.

        With one of the two scopes that side alone is listed.
        """
        shown = sides_shown(request.user)
        query = query_reached(request, query_id)
        asked = validated(PageInput, request.query_params)
        found = list(entries_of(query, place_of(asked.get("cursor", "")), asked["page_size"] + 1, shown=shown))
        rows = found[: asked["page_size"]]
        next_page = None
        if len(found) > len(rows):
            last = rows[-1]
            cursor = cursor_of(Place(last["at"], last["direction"], last["id"]))
            next_page = replace_query_param(request.build_absolute_uri(), "cursor", cursor)
        results = ConversationEntrySerializer(rows, many=True).data
        return Response({"next": next_page, "previous": None, "results": results})

    @extend_schema(
        operation_id="queries_messages_send",
        tags=["queries"],
        parameters=[KEY_REQUIRED],
        request={"application/json": TextInput, "multipart/form-data": FileInput},
        responses={202: MessageDetailSerializer, **PROBLEMS, **SEND_PROBLEMS},
    )
    def post(self, request: Request, query_id: int) -> Response:
        """Send free text inside the open window, or a file (`multipart/form-data`) with `text` under it.

        Answers once the message is safely queued; nobody takes the query by it. Types and sizes of files are WhatsApp's, as
        the first bytes show them, and the provider's.
        """
        if request.FILES:
            return self._send_file(request, query_id)
        return idempotent(request, lambda send_key: self._send(request, query_id, send_key))

    def _send(self, request: Request, query_id: int, send_key: str | None) -> Answer:
        query = query_reached(request, query_id)
        text = validated(TextInput, request.data)["text"]
        message = text_send(
            query_id=query.pk, text=text, user=request.user, send_key=send_key, origin=Message.Origin.API
        )
        return Answer(202, message_answer(message.pk, request.user))

    def _send_file(self, request: Request, query_id: int) -> Response:
        """The file is stored before the transaction in which it is sent; what is not sent then is thrown away."""
        query = query_reached(request, query_id)
        fields = validated(FileInput, request.data)
        caption, fingerprint = fields["text"], fingerprint_of(request)
        file = upload_store(query=query, upload=fields["file"], caption=caption.strip())

        def sent(send_key: str | None) -> Answer:
            message = attachment_queue(
                file=file, caption=caption, user=request.user, send_key=send_key, origin=Message.Origin.API
            )
            return Answer(202, message_answer(message.pk, request.user))

        try:
            return idempotent(request, sent, fingerprint=fingerprint)
        finally:
            # Kept by now, unless it was refused, or sent already with this key.
            files_discard(MediaFile.objects.filter(pk=file.pk, state=MediaFile.State.ARRIVING))


def sides_shown(user: Any) -> frozenset[str]:
    """The sides of conversations that the user may read. Raises ApiProblem when it is neither."""
    shown = frozenset(side for side, permission in _READ.items() if user.has_perm(permission))
    if not shown:
        require_permission(user, _READ[IN])
    return shown
