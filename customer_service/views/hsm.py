"""WhatsApp HSM: write first to a phone; the query is opened for the sender, or the page leads to the one that is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from customer_service.agent_templates import template_used
from customer_service.forms import RecipientForm, sender_numbers
from customer_service.panel import Panel, panel_for_phone, refusals_to_form
from customer_service.views.sending import PARTS, favourite_asked
from customer_service.views.shell import ServiceView
from providers.models import SenderNumber
from recontact.access import query_access
from recontact.eligibility import new_conversation_refusals, number_refusals
from recontact.models import Customer, Message, Query
from recontact.outbox import hsm_send
from recontact.phones import InvalidPhone, phone_display, phone_parse
from recontact.places import place_name
from recontact.refusals import Code, Refusal, SendRefused


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who the form means so far. `refusals` are against writing first; `open_query` is where to go on, if reachable."""

    number: SenderNumber | None
    phone: str = ""
    country: str = ""
    customer: Customer | None = None
    refusals: Sequence[Refusal] = ()
    open_query: Query | None = None

    @property
    def words(self) -> str:
        """The phone as understood, with its country: seen before it is paid for."""
        return " · ".join(filter(None, [phone_display(self.phone), place_name(self.country)])) if self.phone else ""


class HsmBase(ServiceView):
    """What the page and its live parts share."""

    permission_required = "recontact.open_query_with_hsm"

    def recipient(self, data: Any) -> Recipient:
        """The recipient for what is in the form; an unreadable phone is simply not there yet."""
        number = self.number(str(data.get("number", "")))
        try:
            phone = phone_parse(str(data.get("phone", ""))[:40], default_country=settings.DEFAULT_COUNTRY)
        except InvalidPhone:
            return Recipient(number, refusals=number_refusals(number) if number else ())
        customer = Customer.objects.filter(phone=phone.e164).first()
        if number is None:
            return Recipient(None, phone.e164, phone.country, customer)
        refusals = number_refusals(number)
        if customer is not None:
            refusals = [*refusals, *new_conversation_refusals(customer, number)]
        return Recipient(number, phone.e164, phone.country, customer, refusals, self.open_query(refusals))

    def number(self, asked: str) -> SenderNumber | None:
        """The sender number asked for, else the first one that is switched on."""
        numbers: Any = sender_numbers()
        found: SenderNumber | None = None
        if asked.isdecimal() and len(asked) < 18:
            found = numbers.filter(pk=int(asked)).first()
        return found or numbers.first()

    def open_query(self, refusals: Sequence[Refusal]) -> Query | None:
        """The open query that a refusal names, if the user reaches it."""
        for refusal in refusals:
            if refusal.code == Code.OPEN_QUERY_EXISTS:
                return query_access(self.request.user, refusal.params["query"])
        return None

    def context(self, data: Any, *, bound: bool = False) -> dict[str, Any]:
        """What the page and each of its parts draw from."""
        recipient = self.recipient(data)
        panel = panel_for_phone(
            recipient.number,
            customer=recipient.customer,
            phone=recipient.phone,
            name=str(data.get("name", "")),
            user=self.request.user,
            data=data or None,
            bound=bound,
        )
        return {
            "panel": panel,
            "panel_address": reverse("customer_service:hsm"),
            "recipient": recipient,
            "conflicts": [refusal.sentence for refusal in recipient.refusals],
            "is_hsm_page": True,
        }


class HsmView(HsmBase):
    """The page, and its Send."""

    def get(self, request: HttpRequest) -> HttpResponse:
        context = self.context({})
        initial = {"number": context["recipient"].number}
        return self.drawn({**context, "form": RecipientForm(initial=initial)})

    def post(self, request: HttpRequest) -> HttpResponse:
        context = self.context(request.POST, bound=True)
        panel: Panel = context["panel"]
        form = RecipientForm(request.POST)
        context["form"] = form
        if panel.template is None or panel.form is None:
            return self.drawn({**context, "problems": [_("Choose a template first.")]}, status=400)
        if not (form.is_valid() & panel.form.is_valid()):
            problems = [str(error) for error in panel.form.non_field_errors()]
            return self.drawn({**context, "problems": problems}, status=400)
        try:
            message = hsm_send(
                phone=form.cleaned_data["phone"],
                sender_number_id=form.cleaned_data["number"].pk,
                template_id=panel.template.pk,
                values=panel.form.values(),
                user=request.user,
                send_key=panel.send_key,
                origin=Message.Origin.SERVICE,
                open_query=True,
                name=form.cleaned_data["name"],
            )
        except SendRefused as refused:
            return self.refused(refused, context, panel, form)
        template_used(user=request.user, template_id=panel.template.pk)
        return redirect("customer_service:ticket", message.query_id)

    def refused(self, refused: SendRefused, context: dict[str, Any], panel: Panel, form: RecipientForm) -> HttpResponse:
        """The page again, each reason where it belongs, and the way to the open query where there is one."""
        status = max(refusal.http_status for refusal in refused.refusals)
        in_form = [refusal for refusal in refused.refusals if refusal.field_name == "phone"]
        for refusal in in_form:
            form.add_error("phone", refusal.sentence)
        others = [refusal for refusal in refused.refusals if refusal not in in_form]
        context["problems"] = refusals_to_form(others, panel.form)
        context["conflicts"] = []
        context["problem_query"] = self.open_query(others) or self.sent_query(others)
        return self.drawn(context, status=status)

    def sent_query(self, refusals: Sequence[Refusal]) -> Query | None:
        """Where the message of a form sent twice went, if the user reaches it."""
        for refusal in refusals:
            if refusal.code == Code.SAME_FORM:
                message = Message.objects.filter(pk=refusal.params["message"]).first()
                if message is not None and message.query_id is not None:
                    return query_access(self.request.user, message.query_id)
        return None

    def drawn(self, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """The whole page."""
        title = {"title": _("WhatsApp HSM")}
        return self.page("customer_service/hsm.html", {**title, **context}, status=status)


class HsmPartView(HsmBase):
    """The panel, its bubble or its price, for what is in the form now."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, part: str) -> HttpResponse:
        if part not in PARTS:
            raise Http404
        number = self.number(request.POST.get("number", ""))
        if number is not None:
            favourite_asked(request, account=number.account)
        return self.fragment(f"customer_service/parts/send_{part}.html", self.context(request.POST))
