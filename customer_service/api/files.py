"""The files of a conversation: how they are told of, and their bytes."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from customer_service.api.base import query_reached
from customer_service.models import InboundFile
from recontact.media.response import file_response, name_offered
from recontact.models import MediaFile
from templates_app.api.base import ApiView, require_permission
from templates_app.api.schema import PROBLEMS

_STATES = InboundFile.State


class FileEntrySerializer(serializers.Serializer[Any]):
    """One file of a message. Only a stored one has a type, a size and an address."""

    state = serializers.ChoiceField(
        choices=_STATES.choices,
        help_text="Of a customer's file also why it is not here (yet); of ours stored or erased.",
    )
    kind = serializers.CharField(help_text="image, audio, video, document or sticker.")
    content_type = serializers.CharField(help_text="What its first bytes show.")
    name = serializers.CharField()
    size = serializers.IntegerField(allow_null=True, help_text="In bytes.")
    url = serializers.CharField(allow_null=True)


def inbound_file_entry(file: InboundFile, *, query_id: int) -> dict[str, Any]:
    """A customer's file, with its `file` loaded."""
    if file.state == _STATES.STORED:
        return file_entry(file.file, query_id=query_id, kind=file.kind)
    return _entry(file.state, file.kind)


def file_entry(file: MediaFile | None, *, query_id: int, kind: str = "") -> dict[str, Any]:
    """A file that we keep, or kept; `kind` is what is known of one that is gone."""
    if file is None or not file.is_kept:
        return _entry(_STATES.ERASED, file.kind if file is not None else kind)
    return {
        "state": _STATES.STORED.value,
        "kind": file.kind,
        "content_type": file.content_type,
        "name": name_offered(file),
        "size": file.size,
        "url": reverse("api-query-file", args=[query_id, file.pk]),
    }


def _entry(state: str, kind: str) -> dict[str, Any]:
    return {"state": str(state), "kind": kind, "content_type": "", "name": "", "size": None, "url": None}


class _WhateverIsAccepted(BaseContentNegotiation):
    """A file has its own type; problems are JSON, whatever the client would rather have."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class FileView(ApiView):
    """One file of a query within reach."""

    permissions_required = {"GET": "recontact.view_query"}
    content_negotiation_class = _WhateverIsAccepted

    @extend_schema(
        operation_id="queries_files_retrieve",
        tags=["queries"],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **PROBLEMS},
    )
    def get(self, request: Request, query_id: int, file_id: int) -> HttpResponseBase:
        """The file's bytes: a customer's with `conversations:read`, ours with `messages:read`. Takes a `Range`."""
        query = query_reached(request, query_id)
        file = get_object_or_404(
            MediaFile.objects.select_related("inbound"), pk=file_id, query=query, state=MediaFile.State.KEPT
        )
        inbound = hasattr(file, "inbound")
        require_permission(
            request.user, "customer_service.view_inboundmessage" if inbound else "recontact.view_message"
        )
        try:
            return file_response(request._request, file, for_machine=True)
        except FileNotFoundError as error:
            raise Http404 from error
