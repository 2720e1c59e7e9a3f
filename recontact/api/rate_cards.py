"""Rate cards: list, read, write as a draft, publish."""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from providers.models import Category, ProviderAccount, RateCard, RateFee
from providers.rates.contents import Contents, FeeRow, RateRow
from providers.rates.currencies import CURRENCIES
from providers.rates.files import MAX_ROWS
from providers.rates.importing import ImportRefused, NewCard, card_make
from providers.rates.markets import MARKET_NAMES
from providers.rates.publishing import CannotPublish, card_publish
from recontact.api.idempotency import Answer, idempotent
from recontact.api.inputs import MAX_ID
from recontact.api.schema import KEY_REQUIRED
from templates_app.api.base import ApiView, validated
from templates_app.api.errors import ApiProblem
from templates_app.api.schema import PROBLEMS, paged, problem

_CONFLICT: dict[Any, Any] = {
    (409, "application/problem+json"): problem("The card overlaps a published one, or cannot be published."),
    (422, "application/problem+json"): problem("The Idempotency-Key was used for another request."),
}


def _amount(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=12, decimal_places=6, min_value=Decimal(0), **options)


class RateSerializer(serializers.Serializer[Any]):
    """Meta's price of one delivered message, of the messages of a month beyond `tier_from` up to `tier_to`."""

    id = serializers.IntegerField(read_only=True)
    market = serializers.ChoiceField(choices=sorted(MARKET_NAMES))
    category = serializers.ChoiceField(choices=Category.choices)
    tier_from = serializers.IntegerField(min_value=0, max_value=MAX_ID, default=0)
    tier_to = serializers.IntegerField(min_value=1, max_value=MAX_ID, allow_null=True, default=None)
    price = _amount()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["tier_to"] is not None and attrs["tier_to"] <= attrs["tier_from"]:
            raise serializers.ValidationError({"tier_to": _("The tier ends before it begins.")}, "invalid")
        return attrs


class FeeSerializer(serializers.Serializer[Any]):
    """A fee of the provider's own: an amount in the card's currency, or percent of Meta's price."""

    id = serializers.IntegerField(read_only=True)
    kind = serializers.ChoiceField(choices=RateFee.Kind.choices)
    category = serializers.ChoiceField(choices=Category.choices, allow_blank=True, default="")
    value = _amount()
    exempt_codes = serializers.ListField(child=serializers.CharField(max_length=40), default=list, max_length=200)


class RateCardSerializer(serializers.Serializer[Any]):
    """A rate card; only a published one prices messages, and it is never edited."""

    id = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    account = serializers.IntegerField(source="account_id")
    name = serializers.CharField()
    currency = serializers.CharField()
    status = serializers.CharField(help_text="draft or published")
    valid_from = serializers.DateTimeField()
    valid_to = serializers.DateTimeField(allow_null=True)
    report_covers = serializers.CharField(help_text="What an amount reported by the provider covers: all, or its fee.")
    source = serializers.CharField()  # type: ignore[assignment]  # the name is the API's
    is_sample = serializers.BooleanField()
    published_at = serializers.DateTimeField(allow_null=True)

    def get_url(self, card: RateCard) -> str:
        return reverse("api-rate-card", args=[card.pk])


class RateCardDetailSerializer(RateCardSerializer):
    """A card with its prices and fees."""

    rates = RateSerializer(many=True)
    fees = FeeSerializer(many=True)


class RateCardInput(serializers.Serializer[Any]):
    """A draft. Its days begin at 00:00 of the account's time zone."""

    account = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    name = serializers.CharField(max_length=100)
    currency = serializers.ChoiceField(choices=sorted(CURRENCIES))
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(
        required=False, allow_null=True, help_text="The first day it is not valid any more."
    )
    report_covers = serializers.ChoiceField(choices=RateCard.Covers.choices, required=False)
    source = serializers.CharField(max_length=200, required=False, allow_blank=True)  # type: ignore[assignment]  # the name is the API's
    rates = RateSerializer(many=True, allow_empty=False, max_length=MAX_ROWS)  # type: ignore[call-arg]  # the list's own
    fees = FeeSerializer(many=True, required=False, max_length=MAX_ROWS)  # type: ignore[call-arg]  # the list's own


class RateCardFilter(serializers.Serializer[Any]):
    """The filters of the cards; both may be combined."""

    account = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)
    status = serializers.ChoiceField(required=False, choices=RateCard.Status.choices)


class RateCardListView(ApiView):
    """All rate cards."""

    permissions_required = {"GET": "providers.view_ratecard", "POST": "providers.add_ratecard"}

    @extend_schema(
        operation_id="rate_cards_list",
        tags=["costs"],
        parameters=[RateCardFilter, *paged.parameters],
        responses={200: paged(RateCardSerializer), **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List rate cards, newest first."""
        filters = validated(RateCardFilter, request.query_params)
        return self.page(request, RateCard.objects.filter(**filters), RateCardSerializer)

    @extend_schema(
        operation_id="rate_cards_add",
        tags=["costs"],
        parameters=[KEY_REQUIRED],
        request=RateCardInput,
        responses={201: RateCardDetailSerializer, **PROBLEMS, **_CONFLICT},
    )
    def post(self, request: Request) -> Response:
        """Write a card as a draft: all of it, or nothing. It prices nothing until it is published."""
        return idempotent(request, lambda _key: Answer(201, _answer(_make(validated(RateCardInput, request.data)))))


class RateCardDetailView(ApiView):
    """One rate card."""

    permissions_required = {"GET": "providers.view_ratecard"}

    @extend_schema(
        operation_id="rate_cards_read", tags=["costs"], responses={200: RateCardDetailSerializer, **PROBLEMS}
    )
    def get(self, request: Request, card_id: int) -> Response:
        """Read a card with its prices and fees."""
        return Response(_answer(_card(card_id)))


class RateCardPublishView(ApiView):
    """Publishing a draft."""

    permissions_required = {"POST": "providers.publish_ratecard"}

    @extend_schema(
        operation_id="rate_cards_publish",
        tags=["costs"],
        parameters=[KEY_REQUIRED],
        request=None,
        responses={200: RateCardDetailSerializer, **PROBLEMS, **_CONFLICT},
    )
    def post(self, request: Request, card_id: int) -> Response:
        """Publish a draft: it ends the open card before it, and is never edited again."""
        return idempotent(request, lambda _key: Answer(200, _answer(_publish(card_id))))


def _card(card_id: int) -> RateCard:
    card = RateCard.objects.prefetch_related("rates", "fees").filter(pk=card_id).first() if card_id <= MAX_ID else None
    if card is None:
        raise Http404
    return card


def _answer(card: RateCard) -> dict[str, Any]:
    return dict(RateCardDetailSerializer(card).data)


def _publish(card_id: int) -> RateCard:
    try:
        card_publish(_card(card_id).pk)
    except CannotPublish as error:
        raise ApiProblem(
            409, "rate_card_not_published", str(error), params={"problems": list(error.problems)}
        ) from error
    return _card(card_id)


def _make(body: dict[str, Any]) -> RateCard:
    account = ProviderAccount.objects.filter(pk=body["account"]).first()
    if account is None:
        raise ApiProblem(400, "account_unknown", _("There is no such account."), field="account")
    new = NewCard(
        account=account,
        name=body["name"],
        valid_from=_midnight(body["valid_from"], account),
        valid_to=_midnight(body["valid_to"], account) if body.get("valid_to") else None,
        source=body.get("source", ""),
        report_covers=body.get("report_covers", ""),
    )
    contents = Contents(
        currency=body["currency"],
        rates=[
            RateRow(row["market"], row["category"], row["price"], row["tier_from"], row["tier_to"])
            for row in body["rates"]
        ],
        fees=[
            FeeRow(row["kind"], row["category"], row["value"], tuple(row["exempt_codes"]))
            for row in body.get("fees", [])
        ],
    )
    try:
        return card_make(new, contents)
    except ImportRefused as refused:
        first = refused.problems[0]
        told = [{"field": problem.column, "detail": problem.reason} for problem in refused.problems]
        status = 409 if first.column == "valid_from" else 400
        raise ApiProblem(
            status, "rate_card_refused", first.reason, field=first.column, params={"problems": told}
        ) from refused


def _midnight(day: Any, account: ProviderAccount) -> datetime:
    return datetime.combine(day, time.min, tzinfo=account.zone)
