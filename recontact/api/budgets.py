"""Budgets: list and read them with how they stand, make and change them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from providers.models import ProviderAccount
from providers.rates.currencies import CURRENCIES
from recontact.api.idempotency import Answer, idempotent
from recontact.api.inputs import MAX_ID
from recontact.api.schema import KEY_REQUIRED
from recontact.budgets.keeping import budget_keep, budget_parts_empty, budget_problems
from recontact.budgets.standing import Standing, standings
from recontact.models import Budget, Campaign, Team
from recontact.models.budget import default_shares
from templates_app.api.base import ApiView, validated
from templates_app.api.schema import PROBLEMS, paged, problem

_REUSED: dict[Any, Any] = {
    (422, "application/problem+json"): problem("The Idempotency-Key was used for another request.")
}


class PeriodSerializer(serializers.Serializer[Any]):
    """The present period in the budget's currency. What is reserved may still be charged, or come back."""

    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    amount = serializers.DecimalField(max_digits=14, decimal_places=2)
    reserved = serializers.DecimalField(max_digits=32, decimal_places=16)
    spent = serializers.DecimalField(max_digits=32, decimal_places=16)


class _Standings(serializers.ListSerializer[Any]):
    """A page of budgets, each with how it stands: as many queries for any of them."""

    def to_representation(self, data: Any) -> list[Any]:
        return super().to_representation(standings(data))


class BudgetSerializer(serializers.Serializer[Standing]):
    """A budget, and its present period; null outside its days."""

    id = serializers.IntegerField(source="budget.pk")
    url = serializers.SerializerMethodField()
    name = serializers.CharField(source="budget.name")
    amount = serializers.DecimalField(source="budget.amount", max_digits=14, decimal_places=2)
    currency = serializers.CharField(source="budget.currency")
    period = serializers.ChoiceField(source="budget.period", choices=Budget.Period.choices)
    starts_on = serializers.DateField(source="budget.starts_on", allow_null=True)
    ends_on = serializers.DateField(source="budget.ends_on", allow_null=True)
    scope = serializers.ChoiceField(source="budget.scope", choices=Budget.Scope.choices)
    account = serializers.IntegerField(source="budget.account_id", allow_null=True)
    team = serializers.IntegerField(source="budget.team_id", allow_null=True)
    source = serializers.CharField(source="budget.source", help_text="The kind of campaign, or empty.")  # type: ignore[assignment]  # the name is the API's
    stops = serializers.BooleanField(source="budget.stops")
    agents_share = serializers.IntegerField(source="budget.agents_share")
    alert_shares = serializers.ListField(source="budget.alert_shares", child=serializers.IntegerField())
    is_active = serializers.BooleanField(source="budget.is_active")
    present = PeriodSerializer(source="period", allow_null=True)
    left = serializers.DecimalField(max_digits=32, decimal_places=16, help_text="Of the present period.")

    class Meta:
        list_serializer_class = _Standings

    def get_url(self, standing: Standing) -> str:
        return reverse("api-budget", args=[standing.budget.pk])


class BudgetMadeSerializer(BudgetSerializer):
    """A budget that was made or changed."""

    not_counted = serializers.ListField(
        child=serializers.CharField(),
        help_text="Currencies of the present period's messages that no exchange rate converts: they are not counted.",
    )


class BudgetChange(serializers.Serializer[Any]):
    """What may change in a budget. The amount counts for the present period too; those that are over keep theirs."""

    name = serializers.CharField(max_length=100, required=False)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=Decimal("0.01"), required=False)
    stops = serializers.BooleanField(required=False, help_text="False: it only alerts.")
    agents_share = serializers.IntegerField(min_value=0, max_value=100, required=False)
    alert_shares = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=200), max_length=20, required=False
    )
    is_active = serializers.BooleanField(required=False)

    def validate_alert_shares(self, shares: list[int]) -> list[int]:
        return sorted(set(shares))

    def to_internal_value(self, data: Any) -> Any:
        """What is for ever, or not there at all, is refused rather than passed over."""
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            raise serializers.ValidationError({unknown[0]: [_("It cannot be set.")]}, "invalid")
        return super().to_internal_value(data)


class BudgetInput(BudgetChange):
    """A new budget. It counts what was sent in its present period already."""

    name = serializers.CharField(max_length=100)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2, min_value=Decimal("0.01"))
    currency = serializers.ChoiceField(choices=sorted(CURRENCIES))
    period = serializers.ChoiceField(choices=Budget.Period.choices, default=Budget.Period.MONTH)
    starts_on = serializers.DateField(required=False, allow_null=True)
    ends_on = serializers.DateField(required=False, allow_null=True, help_text="The last day, counted too.")
    scope = serializers.ChoiceField(choices=Budget.Scope.choices, default=Budget.Scope.EVERYTHING)
    account = serializers.PrimaryKeyRelatedField(
        queryset=ProviderAccount.objects.all(), required=False, allow_null=True
    )
    team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all(), required=False, allow_null=True)
    source = serializers.ChoiceField(choices=Campaign.Source.choices, required=False, allow_blank=True)  # type: ignore[assignment]  # the name is the API's

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in budget_parts_empty(attrs):
            if attrs.get(name):
                raise serializers.ValidationError({name: _("It belongs to another scope or period.")}, "invalid")
        for name, why in budget_problems(attrs).items():
            raise serializers.ValidationError({name: why}, "invalid")
        return attrs


class BudgetFilter(serializers.Serializer[Any]):
    """The filter of the budgets."""

    is_active = serializers.BooleanField(required=False, allow_null=True, default=None)


class BudgetListView(ApiView):
    """All budgets."""

    permissions_required = {"GET": "recontact.view_budget", "POST": "recontact.add_budget"}

    @extend_schema(
        operation_id="budgets_list",
        tags=["costs"],
        parameters=[BudgetFilter, *paged.parameters],
        responses={200: paged(BudgetSerializer), **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """List budgets, newest first, each with how it stands."""
        wanted = validated(BudgetFilter, request.query_params)["is_active"]
        rows = Budget.objects.all()
        return self.page(request, rows if wanted is None else rows.filter(is_active=wanted), BudgetSerializer)

    @extend_schema(
        operation_id="budgets_add",
        tags=["costs"],
        parameters=[KEY_REQUIRED],
        request=BudgetInput,
        responses={201: BudgetMadeSerializer, **PROBLEMS, **_REUSED},
    )
    def post(self, request: Request) -> Response:
        """Make a budget. From then on it reserves, alerts and, unless it only alerts, stops at its limit."""
        return idempotent(request, lambda _key: Answer(201, _make(validated(BudgetInput, request.data))))


class BudgetDetailView(ApiView):
    """One budget."""

    permissions_required = {"GET": "recontact.view_budget", "PATCH": "recontact.change_budget"}

    @extend_schema(operation_id="budgets_read", tags=["costs"], responses={200: BudgetSerializer, **PROBLEMS})
    def get(self, request: Request, budget_id: int) -> Response:
        """Read a budget and how it stands."""
        return Response(_answer(_budget(budget_id)))

    @extend_schema(
        operation_id="budgets_change",
        tags=["costs"],
        request=BudgetChange,
        responses={200: BudgetMadeSerializer, **PROBLEMS},
    )
    @transaction.atomic
    def patch(self, request: Request, budget_id: int) -> Response:
        """Change a budget. Doing so twice changes nothing more."""
        changes = validated(BudgetChange, request.data)
        if budget_id > MAX_ID:
            raise Http404
        budget = Budget.objects.select_for_update(no_key=True).filter(pk=budget_id).first()
        if budget is None:
            raise Http404
        was_active = budget.is_active
        for name, value in changes.items():
            setattr(budget, name, value)
        budget.save()
        return Response(_kept(budget, opened=budget.is_active and not was_active))


def _budget(budget_id: int) -> Budget:
    budget = Budget.objects.filter(pk=budget_id).first() if budget_id <= MAX_ID else None
    if budget is None:
        raise Http404
    return budget


def _make(body: dict[str, Any]) -> dict[str, Any]:
    parts = {"alert_shares": default_shares(), **body, **budget_parts_empty(body)}
    return _kept(Budget.objects.create(**parts), opened=True)


def _kept(budget: Budget, *, opened: bool) -> dict[str, Any]:
    not_counted = budget_keep(budget, opened=opened)
    return {**_answer(budget), "not_counted": sorted(not_counted)}


def _answer(budget: Budget) -> dict[str, Any]:
    [standing] = standings([budget])
    return dict(BudgetSerializer(standing).data)
