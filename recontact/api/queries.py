"""Queries: list, create, detail, and the one recontact."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from recontact.access import query_access
from recontact.api.answers import message_answer, query_answer, refusal_for_body
from recontact.api.idempotency import Answer, idempotent
from recontact.api.inputs import QueryFilter, QueryInput, RecontactInput
from recontact.api.resolve import (
    phone_filter,
    sender_number_resolve,
    team_resolve,
    template_resolve,
    values_resolve,
)
from recontact.api.schema import KEY_OPTIONAL, KEY_REQUIRED, SEND_PROBLEMS
from recontact.api.selectors import queries_shown
from recontact.api.serializers import (
    MessageDetailSerializer,
    QueryDetailSerializer,
    QuerySerializer,
    viewer_context,
)
from recontact.models import Message, Query
from recontact.outbox import query_recontact
from recontact.query_open import query_open
from recontact.refusals import SendRefused
from templates_app.api.base import ApiView, validated
from templates_app.api.schema import PROBLEMS, paged


class QueryListView(ApiView):
    """The queries that the user reaches."""

    permissions_required = {"GET": "recontact.view_query", "POST": "recontact.add_query"}

    @extend_schema(
        operation_id="queries_list",
        tags=["queries"],
        parameters=[QueryFilter, *paged.parameters],
        responses={200: paged(QuerySerializer), **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List queries, newest first."""
        filters = validated(QueryFilter, request.query_params)
        if "phone" in filters:
            filters["customer__phone"] = phone_filter(filters.pop("phone"))
        if "tag" in filters:
            filters["tags__contains"] = [filters.pop("tag")]
        rows = queries_shown(request.user).filter(**filters)
        return self.page(request, rows, QuerySerializer, viewer_context(request.user))

    @extend_schema(
        operation_id="queries_create",
        tags=["queries"],
        parameters=[KEY_OPTIONAL],
        request=QueryInput,
        responses={201: QueryDetailSerializer, **PROBLEMS, **SEND_PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Open a query. Sends nothing; refused while the customer has an open one with this number."""
        return idempotent(request, lambda _send_key: self._open(request), required=False)

    def _open(self, request: Request) -> Answer:
        body = validated(QueryInput, request.data)
        number = sender_number_resolve(body.get("sender_number"))
        team = team_resolve(body.get("team"), user=request.user)
        try:
            query = query_open(
                **body["customer"],
                sender_number_id=number.pk,
                user=request.user,
                subject=body.get("subject", ""),
                data=body.get("data"),
                reference=body.get("reference", ""),
                team=team,
                origin=Query.Origin.API,
            )
        except SendRefused as refused:
            raise refusal_for_body(refused, {"phone": "customer.phone"}) from refused
        return Answer(201, query_answer(query.pk, request.user))


class QueryDetailView(ApiView):
    """One query that the user reaches."""

    permissions_required = {"GET": "recontact.view_query"}

    @extend_schema(operation_id="queries_read", tags=["queries"], responses={200: QueryDetailSerializer, **PROBLEMS})
    def get(self, request: Request, query_id: int) -> Response:
        """Read a query: its window, and whether its one recontact is available or was used, by whom and how it went."""
        query = queries_shown(request.user).filter(pk=query_id).first()
        if query is None:
            raise Http404
        return Response(QueryDetailSerializer(query, context=viewer_context(request.user)).data)


class RecontactView(ApiView):
    """The one recontact of a query."""

    permissions_required = {"POST": "recontact.recontact_query"}

    @extend_schema(
        operation_id="queries_recontact",
        tags=["queries"],
        parameters=[KEY_REQUIRED],
        request=RecontactInput,
        responses={202: MessageDetailSerializer, **PROBLEMS, **SEND_PROBLEMS},
    )
    def post(self, request: Request, query_id: int) -> Response:
        """Send the query's one recontact. Answers once the message is safely queued."""
        query = query_access(request.user, query_id)
        if query is None:
            raise Http404
        return idempotent(request, lambda send_key: self._recontact(request, query, send_key))

    def _recontact(self, request: Request, query: Query, send_key: str | None) -> Answer:
        body = validated(RecontactInput, request.data)
        template = template_resolve(body["template"], account_id=query.sender_number.account_id)
        values = values_resolve(template, values=body.get("values"), parameters=body.get("parameters"))
        try:
            message = query_recontact(
                query_id=query.pk,
                template_id=template.pk,
                values=values,
                user=request.user,
                send_key=send_key,
                origin=Message.Origin.API,
            )
        except SendRefused as refused:
            raise refusal_for_body(refused, {}) from refused
        return Answer(202, message_answer(message.pk, request.user))
