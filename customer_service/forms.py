"""The small forms of a ticket and of the WhatsApp HSM page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from customer_service.models import Desk, Tag, Topic
from providers.models import SenderNumber
from recontact.consent import SOURCE_LENGTH, Wish
from recontact.models import Query, Team
from recontact.outbox import TEXT_LIMIT
from recontact.phones import phone_display
from recontact.prepared import Prepared


class TextForm(forms.Form):
    """Free text inside the window. What is wrong with it the outbox says."""

    text = forms.CharField(
        label=_("Message"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "maxlength": TEXT_LIMIT, "data-draft": "text"}),
    )


class ResolveForm(forms.Form):
    """How the query was resolved: one of the team's resolutions, or in words where coordinators keep none."""

    resolution: forms.Field = forms.CharField(
        label=_("Resolution"), max_length=100, widget=UnfoldAdminTextInputWidget(attrs={"maxlength": 100})
    )

    def __init__(self, *args: Any, offered: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if offered:
            choices = [("", _("Choose one")), *((name, name) for name in offered)]
            self.fields["resolution"] = forms.ChoiceField(
                label=_("Resolution"), choices=choices, widget=UnfoldAdminSelectWidget
            )


class SnoozeForm(forms.Form):
    """Until when a query is put off."""

    HOUR, HOURS, TOMORROW, ANSWER, AT = "hour", "hours", "tomorrow", "answer", "at"

    until = forms.ChoiceField(
        label=_("Until"),
        choices=[
            (HOUR, _("In an hour")),
            (HOURS, _("In four hours")),
            (TOMORROW, _("Tomorrow at 9")),
            (ANSWER, _("The customer answers")),
            (AT, _("The moment below")),
        ],
        widget=UnfoldAdminSelectWidget,
    )
    at = forms.DateTimeField(
        label=_("Moment"),
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("until") == self.AT and not values.get("at"):
            self.add_error("at", _("Say when."))
        return values

    def moment(self) -> datetime | None:
        """The moment in the user's time zone; None = until the customer answers."""
        chosen, now = self.cleaned_data["until"], timezone.localtime()
        nine = now.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
        moments = {self.HOUR: now + timedelta(hours=1), self.HOURS: now + timedelta(hours=4), self.TOMORROW: nine}
        return self.cleaned_data["at"] if chosen == self.AT else moments.get(chosen)


class DescribeForm(forms.Form):
    """What a query is about: of the coordinators' lists, and what it carries already."""

    topic = forms.ChoiceField(label=_("Topic"), required=False, widget=UnfoldAdminSelectWidget)
    tags = forms.MultipleChoiceField(label=_("Tags"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, query: Query, **kwargs: Any) -> None:
        kwargs["initial"] = {"topic": query.topic, "tags": query.tags}
        super().__init__(*args, **kwargs)
        topics = names_offered(Topic, [query.topic])
        self.fields["topic"].choices = [("", _("None")), *((name, name) for name in topics)]  # type: ignore[attr-defined]
        self.fields["tags"].choices = [(name, name) for name in names_offered(Tag, query.tags)]  # type: ignore[attr-defined]


class ConsentForm(forms.Form):
    """What the customer said about being written to, and how he said it. `wishes`: what can be noted now."""

    wish = forms.ChoiceField(label=_("The customer"), widget=UnfoldAdminSelectWidget)
    source = forms.CharField(
        label=_("How did the customer say so?"),
        max_length=SOURCE_LENGTH,
        widget=UnfoldAdminTextInputWidget(
            attrs={"maxlength": SOURCE_LENGTH, "placeholder": _("By phone, at the counter ...")}
        ),
    )

    WORDS: ClassVar[dict[Wish, Promise]] = {
        Wish.AGREES: _("agrees to get messages"),
        Wish.NO_MARKETING: _("wants no marketing"),
        Wish.NO_MESSAGES: _("wants no messages at all"),
    }

    def __init__(self, *args: Any, wishes: Sequence[Wish], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["wish"].choices = [(wish.value, self.WORDS[wish]) for wish in wishes]  # type: ignore[attr-defined]


class DeskForm(forms.Form):
    """Whether the agent is at work."""

    state = forms.ChoiceField(choices=Desk.State.choices)
    pause = forms.ChoiceField(choices=Desk.Pause.choices, required=False)


def names_offered(model: type[Topic] | type[Tag], kept: Sequence[str] = ()) -> list[str]:
    """The names of a coordinators' list, with those that a query carries although they are no longer offered."""
    names = (_TOPICS if model is Topic else _TAGS)()
    return sorted({*names, *filter(None, kept)})


_TOPICS = Prepared(lambda: Topic.objects.filter(is_active=True).order_by().values_list("name", flat=True))
_TAGS = Prepared(lambda: Tag.objects.filter(is_active=True).order_by().values_list("name", flat=True))


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
