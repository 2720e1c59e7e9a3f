"""Messages: list, send to a phone, detail."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from recontact.api.answers import message_answer, refusal_for_body
from recontact.api.idempotency import Answer, idempotent
from recontact.api.inputs import MessageFilter, MessageInput
from recontact.api.resolve import phone_filter, sender_number_resolve, template_resolve, values_resolve
from recontact.api.schema import KEY_REQUIRED, SEND_PROBLEMS
from recontact.api.selectors import messages_shown
from recontact.api.serializers import MessageDetailSerializer, MessageSerializer, viewer_context
from recontact.models import Message
from recontact.outbox import hsm_send
from recontact.refusals import SendRefused
from templates_app.api.base import ApiView, require_permission, validated
from templates_app.api.schema import PROBLEMS, paged


class MessageListView(ApiView):
    """Messages of the queries that the user reaches, and his own."""

    permissions_required = {"GET": "recontact.view_message", "POST": "recontact.send_hsm"}

    @extend_schema(
        operation_id="messages_list",
        tags=["messages"],
        parameters=[MessageFilter, *paged.parameters],
        responses={200: paged(MessageSerializer), **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List messages, newest first."""
        filters = validated(MessageFilter, request.query_params)
        if "phone" in filters:
            filters["customer__phone"] = phone_filter(filters.pop("phone"))
        rows = messages_shown(request.user).filter(**filters)
        return self.page(request, rows, MessageSerializer, viewer_context(request.user))

    @extend_schema(
        operation_id="messages_send",
        tags=["messages"],
        parameters=[KEY_REQUIRED],
        request=MessageInput,
        responses={202: MessageDetailSerializer, **PROBLEMS, **SEND_PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Send an HSM to a phone. Answers once the message is safely queued."""
        return idempotent(request, lambda send_key: self._send(request, send_key))

    def _send(self, request: Request, send_key: str | None) -> Answer:
        body = validated(MessageInput, request.data)
        if body["open_query"]:
            require_permission(request.user, "recontact.open_query_with_hsm")
        number = sender_number_resolve(body.get("sender_number"))
        template = template_resolve(body["template"], account_id=number.account_id)
        values = values_resolve(template, values=body.get("values"), parameters=body.get("parameters"))
        try:
            message = hsm_send(
                phone=body.get("phone", ""),
                bsuid=body.get("bsuid", ""),
                name=body.get("name", ""),
                sender_number_id=number.pk,
                template_id=template.pk,
                values=values,
                user=request.user,
                send_key=send_key,
                origin=Message.Origin.API,
                open_query=body["open_query"],
                data=body.get("data"),
            )
        except SendRefused as refused:
            raise refusal_for_body(refused, {}) from refused
        return Answer(202, message_answer(message.pk, request.user))


class MessageDetailView(ApiView):
    """One message that the user may see."""

    permissions_required = {"GET": "recontact.view_message"}

    @extend_schema(
        operation_id="messages_read", tags=["messages"], responses={200: MessageDetailSerializer, **PROBLEMS}
    )
    def get(self, request: Request, message_id: int) -> Response:
        """Read a message: state, reason, estimate, cost, and the provider's events."""
        message = messages_shown(request.user).prefetch_related("events").filter(pk=message_id).first()
        if message is None:
            raise Http404
        return Response(MessageDetailSerializer(message, context=viewer_context(request.user)).data)
