"""The notes of a query."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from customer_service.api.base import query_reached
from customer_service.api.inputs import NoteInput
from customer_service.models import Note
from customer_service.notes import note_add
from recontact.api.idempotency import Answer, idempotent
from recontact.api.schema import KEY_OPTIONAL, SEND_PROBLEMS
from recontact.api.serializers import NamedSerializer
from templates_app.api.base import ApiView, validated
from templates_app.api.schema import PROBLEMS, paged


class NoteSerializer(serializers.Serializer[Any]):
    """What somebody noted for the other agents."""

    id = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    author = NamedSerializer()
    text = serializers.CharField()
    created_at = serializers.DateTimeField()

    def get_url(self, note: Note) -> str:
        """The address of the query's notes."""
        return reverse("api-query-notes", args=[note.query_id])


class NotesView(ApiView):
    """The notes of a query within reach."""

    permissions_required = {"GET": "customer_service.view_note", "POST": "customer_service.add_note"}

    @extend_schema(
        operation_id="queries_notes_list",
        tags=["queries"],
        parameters=[*paged.parameters],
        responses={200: paged(NoteSerializer), **PROBLEMS},
    )
    def get(self, request: Request, query_id: int) -> Response:
        """List the query's notes, newest first."""
        query = query_reached(request, query_id)
        return self.page(request, Note.objects.filter(query=query).select_related("author"), NoteSerializer)

    @extend_schema(
        operation_id="queries_notes_add",
        tags=["queries"],
        parameters=[KEY_OPTIONAL],
        request=NoteInput,
        responses={201: NoteSerializer, **PROBLEMS, **SEND_PROBLEMS},
    )
    def post(self, request: Request, query_id: int) -> Response:
        """Leave a note for the agents; the customer never sees it."""
        return idempotent(request, lambda _send_key: self._added(request, query_id), required=False)

    def _added(self, request: Request, query_id: int) -> Answer:
        query = query_reached(request, query_id)
        text = validated(NoteInput, request.data)["text"]
        note = note_add(query=query, user=request.user, text=text)
        if note is None:
            # The body's check refuses an empty text, and the parser what the database could not keep.
            raise AssertionError("a note without text passed the checks")
        return Answer(201, NoteSerializer(note).data)
