"""Queries and messages as the API shows them. Phones are masked and costs left out for those who may not see them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from recontact.clock import database_now
from recontact.eligibility import recontact_refusals
from recontact.models import CostEntry, Customer, Message, Query
from recontact.phones import phone_mask
from recontact.queries import UNTIL_ANSWER
from recontact.reasons import reason_words


def viewer_context(user: Any) -> dict[str, Any]:
    """What the serializers need to know of the reader."""
    return {
        "user": user,
        "now": database_now(),
        "see_phones": user.has_perm("recontact.see_phones"),
        "see_costs": user.has_perm("recontact.see_costs"),
    }


class CustomerSerializer(serializers.Serializer[Any]):
    """The person. Without `recontact.see_phones` the phone is masked and the WhatsApp user id left out."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    country = serializers.CharField()
    phone = serializers.SerializerMethodField()
    bsuid = serializers.SerializerMethodField()

    def get_phone(self, customer: Customer) -> str | None:
        if not customer.phone:
            return None
        return customer.phone if self.context["see_phones"] else phone_mask(customer.phone)

    def get_bsuid(self, customer: Customer) -> str | None:
        return customer.bsuid if self.context["see_phones"] else None


class SenderNumberSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    phone = serializers.CharField()
    display_name = serializers.CharField()


class NamedSerializer(serializers.Serializer[Any]):
    """A user or a team."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="__str__")


class WindowSerializer(serializers.Serializer[Any]):
    """The 24-hour service window: while it is open, no HSM is needed."""

    open = serializers.BooleanField()
    expires_at = serializers.DateTimeField(allow_null=True)


class StandingRecontactSerializer(serializers.Serializer[Any]):
    """The recontact that was used: by whom, when, and how its message went."""

    message = serializers.IntegerField(source="message_id")
    ledger_state = serializers.CharField(source="state")
    at = serializers.DateTimeField(source="reserved_at")
    by = NamedSerializer(source="reserved_by", allow_null=True)
    outcome = serializers.CharField(source="message.state")
    outcome_name = serializers.CharField(source="message.get_state_display")


class RefusalSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    detail = serializers.CharField(source="sentence")


class RecontactStateSerializer(serializers.Serializer[Any]):
    """Whether the query's one recontact can be sent now; if not, `refusals` says why, and `used` what became of it."""

    available = serializers.BooleanField()
    refusals = RefusalSerializer(many=True)
    used = StandingRecontactSerializer(allow_null=True)


class QuerySerializer(serializers.Serializer[Any]):
    """A query in a list. `recontact` is null until the one recontact was used."""

    id = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    state = serializers.CharField(help_text="pending, in_progress or resolved")
    state_name = serializers.CharField(source="get_state_display")
    origin = serializers.CharField()
    subject = serializers.CharField()
    reference = serializers.CharField(help_text="What the system that opened it calls it, or empty.")
    topic = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    campaign = serializers.IntegerField(source="campaign_id", allow_null=True)
    customer = CustomerSerializer()
    sender_number = SenderNumberSerializer()
    team = NamedSerializer(allow_null=True)
    assigned_to = NamedSerializer(allow_null=True)
    window = serializers.SerializerMethodField()
    recontact = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    activity_at = serializers.DateTimeField()
    last_inbound_at = serializers.DateTimeField(allow_null=True)
    waiting_since = serializers.DateTimeField(
        allow_null=True, help_text="The customer's first word that nobody answered."
    )
    snoozed_until = serializers.SerializerMethodField()
    resolved_at = serializers.DateTimeField(allow_null=True)

    def get_url(self, query: Query) -> str:
        return reverse("api-query", args=[query.pk])

    @extend_schema_field(WindowSerializer)
    def get_window(self, query: Any) -> dict[str, Any]:
        expires_at = query.window_expires_at
        is_open = expires_at is not None and expires_at > self.context["now"]
        return dict(WindowSerializer({"open": is_open, "expires_at": expires_at}).data)

    def get_snoozed_until(self, query: Query) -> str | None:
        """A moment, `answer` (until the customer writes), or null."""
        if query.snoozed_until is None:
            return None
        return "answer" if query.snoozed_until == UNTIL_ANSWER else timezone.localtime(query.snoozed_until).isoformat()

    @extend_schema_field(StandingRecontactSerializer(allow_null=True))
    def get_recontact(self, query: Any) -> dict[str, Any] | None:
        standing = query.standing_recontacts
        return dict(StandingRecontactSerializer(standing[0]).data) if standing else None


class QueryDetailSerializer(QuerySerializer):
    """A query with its data, and whether it may be recontacted now."""

    resolution = serializers.CharField()

    def get_fields(self) -> dict[str, Any]:
        """`data` is also the serializer's own attribute, so it is not declared like the others."""
        return {**super().get_fields(), "data": serializers.DictField()}

    @extend_schema_field(RecontactStateSerializer)
    def get_recontact(self, query: Any) -> dict[str, Any]:
        refusals = recontact_refusals(query, user=self.context["user"])
        used = query.standing_recontacts[0] if query.standing_recontacts else None
        state = {"available": not refusals, "refusals": refusals, "used": used}
        return dict(RecontactStateSerializer(state).data)


class MoneySerializer(serializers.Serializer[Any]):
    amount = serializers.DecimalField(max_digits=12, decimal_places=6)
    currency = serializers.CharField()


class MessageTemplateSerializer(serializers.Serializer[Any]):
    """The template as it was when the message was queued."""

    id = serializers.IntegerField(source="template_id")
    name = serializers.CharField(source="template_name")
    language = serializers.CharField(source="template_language")


class MessageSerializer(serializers.Serializer[Any]):
    """A message. `estimate` is the price frozen before the send, `cost` what the provider reported; both may be hidden."""

    id = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    reference = serializers.UUIDField(help_text="Travels to the provider and comes back in its webhooks.")
    kind = serializers.CharField(help_text="template or text")
    state = serializers.CharField(
        help_text="queued, sending, accepted, sent, delivered, read, failed, rejected, uncertain, skipped, cancelled "
        "or expired"
    )
    state_name = serializers.CharField(source="get_state_display")
    reason = serializers.CharField(help_text="Why it failed or waits: a stable code, or empty.")
    reason_sentence = serializers.SerializerMethodField()
    origin = serializers.CharField()
    query = serializers.IntegerField(source="query_id", allow_null=True)
    campaign = serializers.IntegerField(source="campaign_id", allow_null=True)
    customer = CustomerSerializer()
    sender_number = SenderNumberSerializer()
    sent_by = NamedSerializer(source="created_by", allow_null=True)
    template = serializers.SerializerMethodField()
    category = serializers.CharField()
    text = serializers.CharField(source="body")
    billed = serializers.BooleanField(allow_null=True)
    estimate = serializers.SerializerMethodField()
    cost = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)
    settled_at = serializers.DateTimeField(allow_null=True)

    def get_url(self, message: Message) -> str:
        return reverse("api-message", args=[message.pk])

    def get_reason_sentence(self, message: Message) -> str:
        return reason_words(message.reason)

    @extend_schema_field(MessageTemplateSerializer(allow_null=True))
    def get_template(self, message: Message) -> dict[str, Any] | None:
        return dict(MessageTemplateSerializer(message).data) if message.template_id else None

    @extend_schema_field(MoneySerializer(allow_null=True))
    def get_estimate(self, message: Message) -> dict[str, Any] | None:
        return self._money(message.estimate, message.currency)

    @extend_schema_field(MoneySerializer(allow_null=True))
    def get_cost(self, message: Message) -> dict[str, Any] | None:
        reports = [entry for entry in message.cost_entries.all() if entry.kind == CostEntry.Kind.REPORT]
        return self._money(reports[0].amount, reports[0].currency) if reports else None

    def _money(self, amount: Decimal | None, currency: str) -> dict[str, Any] | None:
        if amount is None or not self.context["see_costs"]:
            return None
        return dict(MoneySerializer({"amount": amount, "currency": currency}).data)


class MessageEventSerializer(serializers.Serializer[Any]):
    """One status fact from the provider."""

    status = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    reason = serializers.CharField()
    provider_code = serializers.CharField()
    detail = serializers.CharField()


class MessageDetailSerializer(MessageSerializer):
    """A message with the bubble the customer sees and what the provider said about it."""

    bubble = serializers.DictField()
    attempts = serializers.IntegerField(source="attempt_number")
    provider_message_id = serializers.CharField()
    provider_code = serializers.CharField()
    provider_detail = serializers.CharField()
    events = MessageEventSerializer(many=True)
