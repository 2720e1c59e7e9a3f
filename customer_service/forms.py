"""The small forms of a ticket and of the WhatsApp HSM page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from providers.models import SenderNumber
from recontact.models import Team
from recontact.outbox import TEXT_LIMIT
from recontact.phones import phone_display


class TextForm(forms.Form):
    """Free text inside the window. What is wrong with it the outbox says."""

    text = forms.CharField(
        label=_("Message"),
        required=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 3, "maxlength": TEXT_LIMIT, "required": True, "data-draft": "text"}
        ),
    )


class ResolveForm(forms.Form):
    """How the query was resolved."""

    resolution = forms.CharField(
        label=_("Resolution"), max_length=100, widget=UnfoldAdminTextInputWidget(attrs={"maxlength": 100})
    )


class NoteForm(forms.Form):
    """A note for other agents."""

    note = forms.CharField(
        label=_("Internal note"),
        max_length=4000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "data-draft": "note"}),
    )


class ReferForm(forms.Form):
    """To whom the query goes: an agent, or a team."""

    agent = forms.ModelChoiceField(
        label=_("Agent"),
        queryset=get_user_model()._default_manager.none(),
        required=False,
        empty_label=_("Nobody in particular"),
        widget=UnfoldAdminSelectWidget,
    )
    team = forms.ModelChoiceField(
        label=_("Team"),
        queryset=Team.objects.none(),
        required=False,
        empty_label=_("As it is"),
        widget=UnfoldAdminSelectWidget,
    )
    comment = forms.CharField(
        label=_("Comment"), max_length=150, required=False, widget=UnfoldAdminTextInputWidget(attrs={"maxlength": 150})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["agent"].queryset = agents()  # type: ignore[attr-defined]  # a ModelChoiceField
        self.fields["team"].queryset = Team.objects.all()  # type: ignore[attr-defined]


class SenderNumberField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic when Django runs
    """Sender numbers as people read phones, with the account they belong to."""

    def label_from_instance(self, obj: Any) -> str:
        return " · ".join(filter(None, [phone_display(obj.phone), obj.display_name, obj.account.name]))


class RecipientForm(forms.Form):
    """To whom an HSM goes, and from which number."""

    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget(
            attrs={"inputmode": "tel", "autocomplete": "off", "placeholder": "+54 9 11 5555-0142"}
        ),
    )
    name = forms.CharField(
        label=_("Name, if it is known"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"maxlength": 200, "autocomplete": "off"}),
    )
    number = SenderNumberField(
        label=_("Sender number"), queryset=SenderNumber.objects.none(), empty_label=None, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].queryset = sender_numbers()  # type: ignore[attr-defined]


def sender_numbers() -> Any:
    """The numbers that are switched on, with their accounts."""
    rows = SenderNumber.objects.filter(is_active=True, account__is_active=True)
    return rows.select_related("account").order_by("account__name", "phone")


def agents() -> Any:
    """Everybody active who can see queries, by name."""
    people: Any = get_user_model()._default_manager
    rows = people.with_perm("recontact.view_query", backend="django.contrib.auth.backends.ModelBackend")
    return rows.order_by("first_name", "last_name", "pk")
