"""What messages would cost: one, or many in their order. Nothing is stored or reserved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from providers.models import Category, SenderNumber
from recontact.api.estimate_people import Person, people_resolve, query_number
from recontact.api.inputs import MAX_ID, SenderNumberField, TemplateField
from recontact.api.resolve import sender_number_resolve, template_resolve
from recontact.costs.estimate import Estimate, Estimator, NoRate
from recontact.phones import InvalidPhone, phone_parse
from recontact.refusals import Code, Refusal
from templates_app.api.base import ApiView, validated
from templates_app.api.schema import PROBLEMS

MOST_RECIPIENTS = 1_000


class EstimateRecipientInput(serializers.Serializer[Any]):
    """Whom the message would go to: a phone (any usual form), a WhatsApp user id, or a customer or query within reach. Of the
    latter two a free entry point counts, so that the price is what the portal's own button says."""

    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    bsuid = serializers.CharField(max_length=140, required=False, allow_blank=True)
    customer = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID, help_text="The customer's id.")
    query = serializers.IntegerField(
        required=False, min_value=1, max_value=MAX_ID, help_text="The query's id: its customer, by its sender number."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(bool(attrs.get(name)) for name in ("phone", "bsuid", "customer", "query")) != 1:
            words = _("Give one of these: the phone, the WhatsApp user id, the customer or the query.")
            raise serializers.ValidationError({"phone": words}, "required")
        if attrs.get("phone"):
            try:
                attrs["phone"] = phone_parse(attrs["phone"], default_country=settings.DEFAULT_COUNTRY).e164
            except InvalidPhone as error:
                raise serializers.ValidationError({"phone": str(error)}, "invalid_phone") from error
        return attrs


class EstimateInput(serializers.Serializer[Any]):
    """What would be sent: a template, or any message of a category. With several recipients the volume tiers are walked
    through in their order."""

    sender_number = SenderNumberField(
        required=False, help_text="Needed when more than one number is active and no recipient is a query."
    )
    template = TemplateField(required=False)
    category = serializers.ChoiceField(required=False, choices=Category.choices)
    recipients = EstimateRecipientInput(many=True, allow_empty=False)
    at = serializers.DateTimeField(required=False, help_text="When it would be sent; now, if it is left out.")

    def validate_recipients(self, recipients: list[Any]) -> list[Any]:
        if len(recipients) > MOST_RECIPIENTS:
            words = _("At most %(limit)s recipients at once.") % {"limit": MOST_RECIPIENTS}
            raise serializers.ValidationError(words, "too_many")
        return recipients

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("template" in attrs) == ("category" in attrs):
            raise serializers.ValidationError({"template": _("Give the template or the category.")}, "required")
        return attrs


class EstimateLineSerializer(serializers.Serializer[Any]):
    """One part of a price. `rate`, `fee` and `rule` are the ids of what it comes from."""

    part = serializers.CharField(help_text="meta (Meta's price) or fee (the provider's own)")
    amount = serializers.DecimalField(max_digits=12, decimal_places=6)
    rate = serializers.IntegerField(source="rate_id", allow_null=True)
    fee = serializers.IntegerField(source="fee_id", allow_null=True)
    rule = serializers.IntegerField(source="rule_id", allow_null=True, help_text="The rule that makes it free.")


class EstimateSerializer(serializers.Serializer[Any]):
    """The price of one message, the sum of its lines; `amount` is null where no rate is known, and then nothing is sent."""

    market = serializers.CharField(help_text="The card's row that counts: a country, a region or other.")
    category = serializers.CharField()
    amount = serializers.DecimalField(max_digits=12, decimal_places=6, allow_null=True)
    currency = serializers.CharField()
    card = serializers.CharField(source="source")
    lines = EstimateLineSerializer(many=True)
    problem = serializers.CharField(help_text="Why there is no price, or empty.")


class EstimateTotalSerializer(serializers.Serializer[Any]):
    """A sum in one currency."""

    amount = serializers.DecimalField(max_digits=20, decimal_places=6)
    currency = serializers.CharField()


class EstimatesSerializer(serializers.Serializer[Any]):
    """The estimates in the order of the recipients, and their sums by currency."""

    estimates = EstimateSerializer(many=True)
    totals = EstimateTotalSerializer(many=True)


class EstimateView(ApiView):
    """Estimates."""

    permissions_required = {"POST": "recontact.see_costs"}

    @extend_schema(
        operation_id="estimates_make",
        tags=["costs"],
        request=EstimateInput,
        responses={200: EstimatesSerializer, **PROBLEMS},
    )
    def post(self, request: Request) -> Response:
        """What each message would cost, by the card in force, with its lines. Nothing is sent, stored or reserved."""
        body = validated(EstimateInput, request.data)
        named = body.get("sender_number") or query_number(body["recipients"], user=request.user)
        number = sender_number_resolve(named)
        category = body.get("category") or template_resolve(body["template"], account_id=number.account_id).category
        people = people_resolve(body["recipients"], number=number, user=request.user)
        rows, totals = _estimates(number, category, people, at=body.get("at"))
        data = {
            "estimates": rows,
            "totals": [{"currency": currency, "amount": amount} for currency, amount in sorted(totals.items())],
        }
        return Response(EstimatesSerializer(data).data)


def _estimates(
    number: SenderNumber, category: str, people: Sequence[Person], *, at: datetime | None
) -> tuple[list[dict[str, Any]], dict[str, Decimal]]:
    prices = Estimator()
    rows: list[dict[str, Any]] = []
    totals: dict[str, Decimal] = {}
    for person in people:
        found = prices.take(
            account_id=number.account_id,
            phone=person.phone,
            bsuid=person.bsuid,
            category=category,
            at=at,
            number_id=number.pk,
            entry_point_at=person.entry_point_at,
        )
        rows.append(_row(found))
        if isinstance(found, Estimate):
            totals[found.currency] = totals.get(found.currency, Decimal(0)) + found.amount
    return rows, totals


def _row(found: Estimate | NoRate) -> dict[str, Any]:
    if isinstance(found, NoRate):
        refusal = Refusal(Code.PRICE_UNKNOWN, {"market": found.market, "category": found.category})
        nothing: dict[str, Any] = {
            "amount": None,
            "currency": "",
            "source": "",
            "lines": [],
            "problem": refusal.sentence,
        }
        return {"market": found.market, "category": found.category, **nothing}
    return {
        "market": found.market,
        "category": found.category,
        "amount": found.amount,
        "currency": found.currency,
        "source": found.source,
        "lines": found.lines,
        "problem": "",
    }
