"""Costs over HTTP: the sums of a period by any two groupings, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from recontact.costs.asked import GROUPINGS, NARROWINGS, BadQuestion, Question, question_read
from recontact.costs.figures import Figures, Group
from recontact.costs.grouped import costs_grouped
from recontact.costs.invoiced import Invoiced, invoiced_grouped
from recontact.costs.labels import labels_of
from templates_app.api.base import ApiView
from templates_app.api.errors import ApiProblem
from templates_app.api.schema import PROBLEMS

_PAGE, _MOST = 50, 500


def _amount(help_text: str = "", **options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=20, decimal_places=6, help_text=help_text, **options)


class KeySerializer(serializers.Serializer[Any]):
    """What a group is told apart by: an id, a code or a day, and its name in the reader's language."""

    value = serializers.CharField()
    name = serializers.CharField()


class FiguresSerializer(serializers.Serializer[Any]):
    """Counts of messages, and amounts in the answer's currency. `spent` is the provider's price, and our estimate where none
    was reported."""

    messages = serializers.IntegerField()
    sent = serializers.IntegerField()
    delivered = serializers.IntegerField()
    read = serializers.IntegerField()
    answered = serializers.IntegerField()
    failed = serializers.IntegerField()
    priced = serializers.IntegerField(help_text="How many the provider reported a price of.")
    estimated = _amount()
    awaiting = _amount(help_text="Of `estimated`: sent, and not decided yet.")
    uncharged = _amount(help_text="Of `estimated`: failed, or told to be free.")
    reported = _amount()
    monthly = _amount(help_text="The providers' monthly fees: part of no message, and in no estimate.")
    spent = _amount(help_text="What was charged for the messages, and the monthly fees.")
    before = _amount(help_text="Spent in the period before.")
    per_delivered = _amount(help_text="What was charged for the messages, by those delivered.", allow_null=True)
    per_read = _amount(help_text="The same by those read.", allow_null=True)
    per_answered = _amount(help_text="The same by those answered.", allow_null=True)


class InvoicedFiguresSerializer(FiguresSerializer):
    """Figures with what the providers invoiced: null where nothing was, or where invoices do not tell it (`invoiced_by_this`)."""

    invoiced = serializers.DecimalField(max_digits=20, decimal_places=6, allow_null=True)


class GroupSerializer(InvoicedFiguresSerializer):
    """One group: its keys by grouping, and its figures."""

    by = serializers.DictField(child=KeySerializer())


class CostsSerializer(serializers.Serializer[Any]):
    """A page of groups, the dearest first (in the order of time, where that is the first grouping), and the whole."""

    currency = serializers.CharField(allow_blank=True)
    currencies = serializers.ListField(child=serializers.CharField(), help_text="All that the period has figures in.")
    invoiced_by_this = serializers.BooleanField(
        help_text="Whether invoices tell these groups apart: by provider, account, category, market and time alone."
    )
    total = InvoicedFiguresSerializer()
    count = serializers.IntegerField(help_text="How many groups there are.")
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = GroupSerializer(many=True)


def _parameter(name: str, what: str, kind: Any = OpenApiTypes.STR) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=what)


_PARAMETERS = [
    _parameter(
        "from", "The first day, of the portal's time zone; the first of this month without it.", OpenApiTypes.DATE
    ),
    _parameter("until", "The last day, counted too.", OpenApiTypes.DATE),
    _parameter("by", f"At most two of {', '.join(GROUPINGS)}, separated by a comma; none: the whole alone."),
    _parameter("currency", "Three letters; the period's most used one without it. Currencies are never mixed."),
    *(_parameter(name, "Only this one; 0 = those without.") for name in NARROWINGS),
    _parameter("page", "From 1 on.", OpenApiTypes.INT),
    _parameter("page_size", f"Groups per page, {_PAGE} by default and {_MOST} at most.", OpenApiTypes.INT),
]


class CostsView(ApiView):
    """The sums of costs; they never lag behind the messages."""

    permissions_required = {"GET": "recontact.view_costcell"}

    @extend_schema(
        operation_id="costs_read",
        tags=["costs"],
        parameters=_PARAMETERS,
        responses={200: CostsSerializer, **PROBLEMS},
    )
    def get(self, request: Request) -> Response:
        """Read what messages cost in a period, grouped."""
        words = request.query_params.dict()
        question = _question(words)
        page, size = _number(words, "page", 1, 100_000), _number(words, "page_size", _PAGE, _MOST)
        answer = costs_grouped(question, page=page, size=size)
        invoiced = invoiced_grouped(replace(question, currency=answer.currency))
        more = page * size < answer.count
        return Response(
            {
                "currency": answer.currency,
                "currencies": answer.currencies,
                "invoiced_by_this": invoiced.is_by_this,
                "total": _figures(answer.total, invoiced.total),
                "count": answer.count,
                "next": _address(request, words, page + 1) if more else None,
                "previous": _address(request, words, page - 1) if page > 1 else None,
                "results": _results(question, answer.groups, invoiced),
            }
        )


def _question(words: dict[str, str]) -> Question:
    try:
        return question_read(words, today=timezone.localdate(timezone=timezone.get_default_timezone()))
    except BadQuestion as bad:
        raise ApiProblem(
            400, "invalid", _("%(field)s is not what it may be.") % {"field": bad.name}, field=bad.name
        ) from bad


def _number(words: dict[str, str], name: str, default: int, most: int) -> int:
    text = words.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= most and len(text) < 9):
        raise ApiProblem(400, "invalid", _("%(field)s is not what it may be.") % {"field": name}, field=name)
    return int(text)


def _address(request: Request, words: dict[str, str], page: int) -> str:
    return request.build_absolute_uri(f"{request.path}?{urlencode({**words, 'page': page})}")


def _results(question: Question, groups: Sequence[Group], invoiced: Invoiced) -> list[dict[str, Any]]:
    named = [labels_of(name, {group.keys[place] for group in groups}) for place, name in enumerate(question.by)]
    return [
        {
            "by": {
                name: {"value": _value(group.keys[place]), "name": named[place][group.keys[place]]}
                for place, name in enumerate(question.by)
            },
            **_figures(group.figures, invoiced.of(group.keys)),
        }
        for group in groups
    ]


def _value(key: Any) -> str:
    return key.isoformat() if isinstance(key, date) else str(key)


def _figures(figures: Figures, invoiced: Decimal | None) -> dict[str, Any]:
    text = None if invoiced is None else f"{invoiced:.6f}"
    return {**FiguresSerializer(figures).data, "invoiced": text}
