"""The bodies and filters that the API takes. What they name (numbers, templates) is looked up in resolve.py."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from recontact.models import Message, Query
from templates_app.definitions import LONE_BODY_LIMIT

MAX_ID = 2**63 - 1


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string"}], "example": "+5491150001000"})
class SenderNumberField(serializers.Field[Any, Any, Any, Any]):
    """A sender number by id (number) or by phone (text)."""

    def to_internal_value(self, data: Any) -> int | str:
        if isinstance(data, int) and not isinstance(data, bool) and 0 < data <= MAX_ID:
            return data
        if isinstance(data, str) and 0 < len(data.strip()) <= 40:
            return data.strip()
        raise serializers.ValidationError(_("Give the sender number's id, or its phone as text."), "invalid")


class TemplateByNameSerializer(serializers.Serializer[Any]):
    """A template by name; `language` may be left out while it is clear which version is meant."""

    name = serializers.CharField(max_length=512)
    language = serializers.CharField(max_length=15, required=False, allow_blank=True)


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer"},
            {
                "type": "object",
                "properties": {"name": {"type": "string"}, "language": {"type": "string"}},
                "required": ["name"],
            },
        ],
        "example": {"name": "retomar_turno", "language": "es_AR"},
    }
)
class TemplateField(serializers.Field[Any, Any, Any, Any]):
    """A template by id, or by name and language."""

    def to_internal_value(self, data: Any) -> int | dict[str, str]:
        if isinstance(data, int) and not isinstance(data, bool) and 0 < data <= MAX_ID:
            return data
        if isinstance(data, dict):
            named = TemplateByNameSerializer(data=data)
            named.is_valid(raise_exception=True)
            return dict(named.validated_data)
        raise serializers.ValidationError(
            _("Give the template's id, or an object with its name and language."), "invalid"
        )


def _values() -> serializers.DictField:
    return serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=LONE_BODY_LIMIT),
        required=False,
        help_text="By variable key, as GET templates/{id} names them: body.1, header.image, button.0.url...",
    )


def _parameters() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=LONE_BODY_LIMIT),
        required=False,
        max_length=200,
        help_text="The values of the body by position, instead of body.* in `values`.",
    )


class RecontactInput(serializers.Serializer[Any]):
    """The one recontact of a query."""

    template = TemplateField()
    values = _values()
    parameters = _parameters()


class RecipientInput(serializers.Serializer[Any]):
    """A person by phone (any usual form; without country code taken as of the portal's country) or by WhatsApp user id."""

    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    bsuid = serializers.CharField(max_length=140, required=False, allow_blank=True)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("phone") and not attrs.get("bsuid"):
            raise serializers.ValidationError({"phone": _("Give the phone or the WhatsApp user id.")}, "required")
        if attrs.get("phone") and attrs.get("bsuid"):
            # Both would make two customers one, which only the provider's word may do.
            raise serializers.ValidationError(
                {"bsuid": _("Give the phone or the WhatsApp user id, not both.")}, "ambiguous"
            )
        return attrs


class MessageInput(RecipientInput):
    """An HSM to a phone. With `open_query` a query is opened for the answer, with `data` in it."""

    sender_number = SenderNumberField(required=False, help_text="Needed when more than one number is active.")
    template = TemplateField()
    values = _values()
    parameters = _parameters()
    open_query = serializers.BooleanField(required=False, default=False)
    data = serializers.DictField(required=False)  # type: ignore[assignment]  # the name is the API's


class QueryInput(serializers.Serializer[Any]):
    """A new query."""

    customer = RecipientInput()
    sender_number = SenderNumberField(required=False, help_text="Needed when more than one number is active.")
    subject = serializers.CharField(max_length=200, required=False, allow_blank=True)
    data = serializers.DictField(required=False)  # type: ignore[assignment]  # the name is the API's
    reference = serializers.CharField(
        max_length=100, required=False, allow_blank=True, help_text="Your own name for it, once for each user."
    )
    team = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MAX_ID,
        help_text="Id of the team; without one the rules for new queries decide.",
    )


class QueryFilter(serializers.Serializer[Any]):
    """The filters of the queries; all may be combined."""

    state = serializers.ChoiceField(required=False, choices=Query.State.choices)
    origin = serializers.ChoiceField(required=False, choices=Query.Origin.choices)
    sender_number = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    team = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    assigned_to = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    campaign = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    reference = serializers.CharField(required=False, max_length=100)
    topic = serializers.CharField(required=False, max_length=60)
    tag = serializers.CharField(required=False, max_length=30)
    phone = serializers.CharField(required=False, max_length=40, help_text="The customer's whole phone.")


class MessageFilter(serializers.Serializer[Any]):
    """The filters of the messages; all may be combined."""

    state = serializers.ChoiceField(required=False, choices=Message.State.choices)
    kind = serializers.ChoiceField(required=False, choices=Message.Kind.choices)
    query = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    campaign = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    sender_number = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    reference = serializers.UUIDField(required=False)
    phone = serializers.CharField(required=False, max_length=40, help_text="The customer's whole phone.")
