"""`POST /api/v1/hsm`: the body that clients of the older HSM API send, mapped onto an ordinary send."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from providers.models import SenderNumber
from recontact.api.answers import message_answer, refusal_for_body
from recontact.api.idempotency import Answer, idempotent
from recontact.api.inputs import SenderNumberField
from recontact.api.resolve import sender_number_of_account, sender_number_resolve, template_version, values_resolve
from recontact.api.schema import KEY_OPTIONAL, SEND_PROBLEMS
from recontact.api.serializers import MessageDetailSerializer
from recontact.consent import consent_record
from recontact.models import Message
from recontact.outbox import hsm_send
from recontact.refusals import SendRefused
from templates_app.api.base import ApiView, require_permission, validated
from templates_app.api.errors import ApiProblem
from templates_app.api.schema import PROBLEMS
from templates_app.definitions import LONE_BODY_LIMIT, MEDIA_KINDS
from templates_app.models import Template
from templates_app.selectors import template_parsed

#: Our fields as the older body calls them.
FIELD_NAMES = {
    "phone": "id",
    "template": "hsm.elementName",
    "body": "hsm.parameters",
    "parameters": "hsm.parameters",
    "header": "hsm.media",
    "button": "buttonParameter",
}
CONSENT_SOURCE = "API: agreeHSMConsent"


class MediaInput(serializers.Serializer[Any]):
    """An image, video or document by public https address."""

    type = serializers.ChoiceField(choices=list(MEDIA_KINDS))
    url = serializers.CharField(max_length=2000)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python, so it cannot be declared like the others."""
        return {"from": serializers.ChoiceField(choices=["URL"], required=False), **super().get_fields()}


class HsmPartInput(serializers.Serializer[Any]):
    """Which template, and what fills it. `namespace` is compared only where the provider still has one."""

    namespace = serializers.CharField(max_length=64, required=False, allow_blank=True)
    elementName = serializers.CharField(max_length=512)
    parameters = serializers.ListField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=LONE_BODY_LIMIT),
        required=False,
        max_length=200,
    )
    media = MediaInput(required=False, allow_null=True)
    buttonParameter = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    language = serializers.CharField(max_length=15, required=False, allow_blank=True)


class OlderHsmInput(serializers.Serializer[Any]):
    """The older body. `id` is the phone, complete with its country code, with or without +."""

    id = serializers.CharField(max_length=40)
    hsm = HsmPartInput()
    buttonParameter = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    language = serializers.CharField(max_length=15, required=False, allow_blank=True)
    flag = serializers.CharField(
        max_length=2000,
        required=False,
        allow_blank=True,
        help_text="Opens a query for the answer, with this text in its data (needs the scope queries:write).",
    )
    agreeHSMConsent = serializers.BooleanField(
        required=False, help_text="true is recorded as the customer's opt-in; false sends nothing."
    )
    accountId = serializers.CharField(max_length=64, required=False)
    sender = SenderNumberField(required=False)

    def validate_agreeHSMConsent(self, agreed: bool) -> bool:
        if not agreed:
            message = gettext_lazy("Without the customer's consent no HSM is sent.")
            raise serializers.ValidationError(message, "consent_required")
        return agreed


class OlderHsmView(ApiView):
    """The older HSM call."""

    permissions_required = {"POST": "recontact.send_hsm"}

    @extend_schema(
        operation_id="hsm_send",
        tags=["hsm"],
        parameters=[KEY_OPTIONAL],
        request=OlderHsmInput,
        responses={202: MessageDetailSerializer, **PROBLEMS, **SEND_PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """Send an HSM with the older body. A repeated body is refused while the first message is on its way."""
        return idempotent(request, lambda send_key: self._send(request, send_key), required=False)

    def _send(self, request: Request, send_key: str | None) -> Answer:
        body = validated(OlderHsmInput, request.data)
        flag = body.get("flag", "")
        if flag:
            require_permission(request.user, "recontact.open_query_with_hsm")
        number = _number(body)
        template = _template(body, number)
        try:
            message = hsm_send(
                phone=_phone(body["id"]),
                sender_number_id=number.pk,
                template_id=template.pk,
                values=_values(body, template),
                user=request.user,
                send_key=send_key,
                origin=Message.Origin.API,
                open_query=bool(flag),
                data={"flag": flag} if flag else None,
            )
        except SendRefused as refused:
            raise refusal_for_body(refused, FIELD_NAMES) from refused
        if body.get("agreeHSMConsent"):
            consent_record(customer_id=message.customer_id, source=CONSENT_SOURCE)
        return Answer(202, message_answer(message.pk, request.user))


def _phone(text: str) -> str:
    """The older body's phone is complete with its country code, + or not: never of the portal's own country."""
    text = text.strip()
    return f"+{text}" if text[:1].isdigit() and not text.startswith("00") else text


def _number(body: dict[str, Any]) -> SenderNumber:
    if "sender" not in body and "accountId" in body:
        return sender_number_of_account(body["accountId"], field="accountId")
    return sender_number_resolve(body.get("sender"), field="sender")


def _template(body: dict[str, Any], number: SenderNumber) -> Template:
    hsm = body["hsm"]
    versions = Template.objects.filter(account_id=number.account_id, name=hsm["elementName"]).order_by("language")
    if hsm.get("namespace"):
        versions = versions.filter(Q(namespace=hsm["namespace"]) | Q(namespace=""))
    language = body.get("language") or hsm.get("language", "")
    return template_version(versions, language=language, field="hsm.elementName")


def _values(body: dict[str, Any], template: Template) -> dict[str, str]:
    hsm = body["hsm"]
    values = values_resolve(template, values=None, parameters=hsm.get("parameters"))
    if hsm.get("media"):
        values[f"header.{hsm['media']['type']}"] = hsm["media"]["url"]
    button = body.get("buttonParameter") or hsm.get("buttonParameter", "")
    if button:
        variables = template_parsed(template).variables
        key = next((v.key for v in variables if v.kind == "url_suffix" and v.key.startswith("button.")), None)
        if key is None:
            detail = _("The template has no button whose address takes a value: leave it out.")
            raise ApiProblem(400, "invalid_variables", detail, field="buttonParameter")
        values[key] = button
    return values
