"""The forms of a campaign's filter: queries, or customers. They only choose; what matches, campaigns.matching knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from providers.models import SenderNumber
from recontact.campaigns.filters import EITHER, NOBODY, OURS, THEIRS, CustomerFilter, Filter, QueryFilter
from recontact.campaigns.matching import countries_known, tags_known
from recontact.models import Campaign, Query, Team
from recontact.places import place_name

#: Sent with the form: without it what is shown is the usual filter.
CHOSEN = "chosen"

_INPUT = {"class": "portal-input"}
_ALL_TAGS = "all"


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", **_INPUT})
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=widget,
        # Beyond this a day's end in another time zone is no date any more.
        validators=[MinValueValidator(date(1970, 1, 1)), MaxValueValidator(date(2999, 12, 31))],
    )


def _choice(label: Any, choices: Any = ()) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, required=False, choices=choices, widget=forms.Select(attrs=_INPUT))


def _asked(data: Mapping[str, Any], name: str) -> list[str]:
    """What was chosen in a field with many choices, without what no text in the database can be."""
    values = data.getlist(name) if isinstance(data, QueryDict) else list(data.get(name, ()))
    return [value for value in values if "\x00" not in value]


def _text(label: Any, length: int) -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=length, widget=forms.TextInput(attrs=_INPUT))


class FilterForm(forms.Form):
    """What both forms share: tags to choose from, and days in order."""

    use_required_attribute = False

    tags = forms.MultipleChoiceField(
        label=gettext_lazy("Tags of the customer"), required=False, widget=forms.CheckboxSelectMultiple
    )
    all_tags = _choice(
        gettext_lazy("Tags"), [("", gettext_lazy("any of them")), (_ALL_TAGS, gettext_lazy("all of them"))]
    )

    #: Pairs of first and last day.
    periods: tuple[tuple[str, str], ...] = ()

    def __init__(self, data: Mapping[str, Any], **options: Any) -> None:
        super().__init__(data, **options)
        # One that was chosen before stays to be seen, also when nobody has it any more.
        tags = sorted({*tags_known(), *_asked(data, "tags")})
        _offer(self, "tags", [(tag, tag) for tag in tags])

    def clean(self) -> dict[str, Any]:
        for first, last in self.periods:
            begins, ends = self.cleaned_data.get(first), self.cleaned_data.get(last)
            if begins is not None and ends is not None and ends < begins:
                self.add_error(last, _("The last day is before the first one."))
        return self.cleaned_data

    def wanted(self) -> Filter:
        """The filter of a valid form."""
        raise NotImplementedError


class QueryFilterForm(FilterForm):
    """Which open queries of one sender number."""

    periods = (("created_from", "created_until"), ("active_from", "active_until"))

    sender_number = forms.ModelChoiceField(
        label=gettext_lazy("Sender number"),
        queryset=SenderNumber.objects.none(),
        empty_label=None,
        widget=forms.Select(attrs=_INPUT),
    )
    states = forms.MultipleChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[choice for choice in Query.State.choices if choice[0] != Query.State.RESOLVED],
        widget=forms.CheckboxSelectMultiple,
    )
    window_closed = forms.BooleanField(label=gettext_lazy("Window closed"), required=False)
    unused = forms.BooleanField(label=gettext_lazy("Not yet recontacted"), required=False)
    team = forms.ModelChoiceField(
        label=gettext_lazy("Team"),
        queryset=Team.objects.all(),
        required=False,
        empty_label=gettext_lazy("any"),
        widget=forms.Select(attrs=_INPUT),
    )
    agent = _choice(gettext_lazy("Agent"))
    origin = _choice(gettext_lazy("Origin"))
    created_from, created_until = _day(gettext_lazy("Opened from")), _day(gettext_lazy("until"))
    active_from, active_until = _day(gettext_lazy("Last activity from")), _day(gettext_lazy("until"))
    subject = _text(gettext_lazy("Subject with the words"), 200)
    data_key = _text(gettext_lazy("Datum of the query"), 100)
    data_value = _text(gettext_lazy("is"), 200)

    def __init__(self, data: Mapping[str, Any], **options: Any) -> None:
        super().__init__(data, **options)
        numbers = SenderNumber.objects.filter(is_active=True, account__is_active=True).select_related("account")
        field = self.fields["sender_number"]
        if isinstance(field, forms.ModelChoiceField):
            field.queryset = numbers
        agents = get_user_model().objects.filter(is_active=True).order_by("first_name", "last_name", "username")
        people = [(str(agent.pk), str(agent)) for agent in agents]
        _offer(self, "agent", [("", _("any")), (str(NOBODY), _("nobody")), *people])
        _offer(self, "origin", [("", _("any")), *Query.Origin.choices])

    def clean(self) -> dict[str, Any]:
        filled = super().clean()
        if filled.get("data_value") and not filled.get("data_key"):
            self.add_error("data_key", _("Say which datum."))
        return filled

    def wanted(self) -> QueryFilter:
        filled = self.cleaned_data
        return QueryFilter(
            sender_number=filled["sender_number"].pk,
            states=tuple(filled["states"]),
            team=filled["team"].pk if filled["team"] is not None else None,
            agent=int(filled["agent"]) if filled["agent"] else None,
            origin=filled["origin"],
            window_closed=filled["window_closed"],
            unused=filled["unused"],
            tags=tuple(filled["tags"]),
            all_tags=filled["all_tags"] == _ALL_TAGS,
            created_from=filled["created_from"],
            created_until=filled["created_until"],
            active_from=filled["active_from"],
            active_until=filled["active_until"],
            subject=filled["subject"],
            data_key=filled["data_key"],
            data_value=filled["data_value"],
        )


class CustomerFilterForm(FilterForm):
    """Which customers."""

    periods = (("contact_from", "contact_until"),)

    countries = forms.MultipleChoiceField(
        label=gettext_lazy("Country"), required=False, widget=forms.CheckboxSelectMultiple
    )
    contact = _choice(
        gettext_lazy("Contact is"),
        [
            (EITHER, gettext_lazy("a message of either side")),
            (THEIRS, gettext_lazy("a message of theirs")),
            (OURS, gettext_lazy("a message of ours")),
        ],
    )
    contact_from, contact_until = _day(gettext_lazy("In contact from")), _day(gettext_lazy("and not after"))
    opted_in = forms.BooleanField(label=gettext_lazy("Only who opted in"), required=False)

    def __init__(self, data: Mapping[str, Any], **options: Any) -> None:
        super().__init__(data, **options)
        codes = {*countries_known(), *_asked(data, "countries")}
        _offer(self, "countries", sorted(((code, place_name(code)) for code in codes), key=lambda entry: entry[1]))

    def wanted(self) -> CustomerFilter:
        filled = self.cleaned_data
        return CustomerFilter(
            tags=tuple(filled["tags"]),
            all_tags=filled["all_tags"] == _ALL_TAGS,
            countries=tuple(filled["countries"]),
            contact=filled["contact"] or EITHER,
            contact_from=filled["contact_from"],
            contact_until=filled["contact_until"],
            opted_in=filled["opted_in"],
        )


def _offer(form: forms.Form, name: str, choices: list[tuple[Any, Any]]) -> None:
    field = form.fields[name]
    if isinstance(field, forms.ChoiceField):
        field.choices = choices


def filter_form(source: str, data: QueryDict) -> FilterForm:
    """The form of the source as it was sent; for a first look, with the usual filter."""
    kind = QueryFilterForm if source == Campaign.Source.FILTERED else CustomerFilterForm
    if CHOSEN not in data:
        return kind(usual(source))
    if not data.get("sender_number") and source == Campaign.Source.FILTERED:
        data = data.copy()
        data["sender_number"] = _first_number()
    return kind(data)


def _first_number() -> str:
    number = SenderNumber.objects.filter(is_active=True, account__is_active=True).order_by("pk").first()
    return str(number.pk) if number is not None else ""


def usual(source: str) -> dict[str, Any]:
    """What is chosen at first. Of queries: pending, window closed, not yet recontacted, of the first number that may send."""
    if source != Campaign.Source.FILTERED:
        return {"contact": EITHER}
    return {
        "sender_number": _first_number(),
        "states": [Query.State.PENDING.value],
        "window_closed": "on",
        "unused": "on",
    }


def filled_with(wanted: Filter) -> dict[str, Any]:
    """The form's data for a filter that was chosen before."""
    names = {name: getattr(wanted, name) for name in wanted.__dataclass_fields__}
    found = {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in names.items()}
    found["all_tags"] = _ALL_TAGS if wanted.all_tags else ""
    return {name: value for name, value in found.items() if value is not None}
