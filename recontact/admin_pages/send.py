"""*Send an HSM* to one phone: number, template, values, the bubble as the customer will see it, and the price on the button."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from providers.models import SenderNumber
from recontact.admin_pages.page import ManagerPage
from recontact.budgets.scope import facts_of_user
from recontact.costs.breakdown import price_parts
from recontact.costs.estimate import Estimate, NoRate, estimate_for
from recontact.eligibility import budget_refusals, number_refusals, template_refusals
from recontact.entry_points import entry_point_of
from recontact.models import Customer, Message
from recontact.outbox import hsm_send
from recontact.phones import InvalidPhone, Phone, phone_display, phone_parse
from recontact.refusals import Refusal, SendRefused
from templates_app.forms import VariablesForm, variables_form
from templates_app.models import Template
from templates_app.rendering import preview
from templates_app.selectors import template_parsed, templates_sendable


class SendForm(forms.Form):
    """To whom, from which number, with which template. The template's values are a form of their own."""

    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        max_length=40,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("With its country code, or as it is dialled at home."),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Kept if none is known yet."),
    )
    sender_number = forms.ModelChoiceField(
        SenderNumber.objects.none(), label=gettext_lazy("Sender number"), widget=UnfoldAdminSelectWidget
    )
    template = forms.ModelChoiceField(
        Template.objects.none(), label=gettext_lazy("Template"), widget=UnfoldAdminSelectWidget
    )
    send_key = forms.CharField(widget=forms.HiddenInput, max_length=100)

    def __init__(self, *args: Any, number: SenderNumber | None, numbers: list[SenderNumber], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sender_number, template = self.fields["sender_number"], self.fields["template"]
        assert isinstance(sender_number, forms.ModelChoiceField)  # noqa: S101 -- narrows for mypy
        assert isinstance(template, forms.ModelChoiceField)  # noqa: S101 -- narrows for mypy
        sender_number.queryset = SenderNumber.objects.filter(pk__in=[row.pk for row in numbers])
        sender_number.empty_label = None
        template.queryset = (
            templates_sendable(account=number.account) if number is not None else Template.objects.none()
        )
        template.empty_label = _("Choose a template")


@dataclass(slots=True)
class Draft:
    """The page as filled in so far."""

    form: SendForm
    number: SenderNumber | None
    template: Template | None
    variables: VariablesForm | None
    phone: Phone | None
    price: Estimate | NoRate | None
    blockers: list[Refusal] = field(default_factory=list)

    def context(self) -> dict[str, Any]:
        values = self.variables.filled() if self.variables is not None else {}
        bubble = preview(template_parsed(self.template), values) if self.template is not None else None
        return {
            "form": self.form,
            "chosen": self.template,
            "variables": self.variables,
            "bubble": bubble,
            "phone_shown": phone_display(self.phone.e164) if self.phone is not None else "",
            "price_known": self.price if isinstance(self.price, Estimate) else None,
            "price_parts": price_parts(self.price) if isinstance(self.price, Estimate) else (),
            "no_rate": self.price if isinstance(self.price, NoRate) else None,
            "blockers": self.blockers,
        }


class SendPage(ManagerPage):
    """The form, and the send."""

    permission_required = "recontact.send_hsm"

    def get(self, request: HttpRequest) -> HttpResponse:
        draft = draft_from(request.GET, request.user, bound=False, send_key=secrets.token_urlsafe(24))
        return self._show(draft)

    def post(self, request: HttpRequest) -> HttpResponse:
        draft = draft_from(request.POST, request.user, bound=True)
        variables = draft.variables
        valid = draft.form.is_valid() and variables is not None and variables.is_valid()
        if not valid or variables is None:
            return self._show(draft, status=400)
        filled = draft.form.cleaned_data
        try:
            message = hsm_send(
                phone=filled["phone"],
                name=filled["name"],
                sender_number_id=filled["sender_number"].pk,
                template_id=filled["template"].pk,
                values=variables.values(),
                user=request.user,
                send_key=filled["send_key"],
                origin=Message.Origin.MANAGER,
                open_query=False,
            )
        except SendRefused as refused:
            return self._show(draft, refusals=refused.refusals, status=refused.refusals[0].http_status)
        messages.success(request, _("The message is queued. Its state below updates by itself."))
        return redirect("admin:recontact_message_change", message.pk)

    def _show(self, draft: Draft, *, refusals: tuple[Refusal, ...] = (), status: int = 200) -> HttpResponse:
        context = {"title": _("Send an HSM"), "refusals": refusals, **draft.context()}
        return self.page("send.html", context, status=status)


class SendPreview(ManagerPage):
    """The live parts: fields of another template, or the bubble and the price while somebody types. By POST, for a phone
    in an address would end in logs."""

    permission_required = "recontact.send_hsm"

    def post(self, request: HttpRequest) -> HttpResponse:
        draft = draft_from(request.POST, request.user, bound=False, send_key=request.POST.get("send_key", ""))
        part = "send_fields.html" if request.POST.get("part") == "fields" else "send_preview.html"
        return self.fragment(part, {**draft.context(), "with_preview": part == "send_fields.html"})


def draft_from(data: QueryDict, user: Any, *, bound: bool, send_key: str = "") -> Draft:
    """The page from what was sent so far; unbound it complains about nothing."""
    numbers = list(SenderNumber.objects.filter(is_active=True, account__is_active=True).select_related("account"))
    number = _chosen_number(numbers, data.get("sender_number", ""))
    template = _chosen_template(number, data.get("template", ""))
    names = ("phone", "name", "sender_number", "template", "send_key")
    initial = {name: data[name] for name in names if name in data} | {"send_key": data.get("send_key") or send_key}
    if number is not None:
        initial["sender_number"] = str(number.pk)
    if template is None:
        initial.pop("template", None)
    form = SendForm(data if bound else None, initial=initial, number=number, numbers=numbers)
    variables = None
    if template is not None:
        values = {key.removeprefix("var-"): str(data[key]) for key in data if key.startswith("var-")}
        variables = variables_form(template_parsed(template), data if bound else None, initial=values)
    phone = _phone(data.get("phone", ""))
    draft = Draft(form, number, template, variables, phone, None)
    if number is not None:
        draft.blockers = number_refusals(number)
    if number is not None and template is not None:
        draft.blockers += template_refusals(template, number)
        if phone is not None:
            draft.price = estimate_for(
                account_id=number.account_id,
                phone=phone.e164,
                bsuid="",
                category=template.category,
                number_id=number.pk,
                entry_point_at=_entry_point(phone, number),
            )
    if number is not None and isinstance(draft.price, Estimate):
        draft.blockers += budget_refusals(facts_of_user(account_id=number.account_id, user=user), draft.price)
    return draft


def _chosen_number(numbers: list[SenderNumber], chosen: str) -> SenderNumber | None:
    """The number chosen, else the first one that may send."""
    found = [number for number in numbers if str(number.pk) == chosen]
    free = [number for number in numbers if not number_refusals(number)]
    return next(iter(found or free or numbers), None)


def _chosen_template(number: SenderNumber | None, chosen: str) -> Template | None:
    if number is None or not chosen.isdecimal():
        return None
    return templates_sendable(account=number.account).filter(pk=int(chosen[:18])).first()


def _phone(text: str) -> Phone | None:
    try:
        return phone_parse(text, default_country=settings.DEFAULT_COUNTRY)
    except InvalidPhone:
        return None


def _entry_point(phone: Phone, number: SenderNumber) -> datetime | None:
    """Since when a free entry point is open between them, if the customer is known."""
    customer_id = Customer.objects.filter(phone=phone.e164).values_list("pk", flat=True).first()
    return entry_point_of(customer_id=customer_id, sender_number_id=number.pk) if customer_id is not None else None
