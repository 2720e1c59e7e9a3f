"""What a ticket sends: its one recontact, and free text while the window is open. The outbox decides; here it is shown."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from customer_service.agent_templates import favourite_toggle, template_used, templates_for
from customer_service.forms import TextForm
from customer_service.panel import panel_for_query, refusals_to_form
from customer_service.views.tickets import Redisplay, TicketBase, back_to_ticket
from providers.models import ProviderAccount
from recontact.outbox import attachment_send, query_recontact, text_send
from recontact.refusals import SendRefused

#: The parts of a sending panel that are drawn anew while somebody fills it in.
PARTS = ("panel", "bubble", "send")


class RecontactView(TicketBase):
    """Send the query's one recontact; refused, the page comes back with the values and the reasons."""

    permission_required = ("recontact.view_query", "recontact.recontact_query")
    http_method_names = ["post"]

    def post(self, request: HttpRequest, query_id: int) -> HttpResponse:
        query = self.query(query_id)
        panel = panel_for_query(query, user=request.user, data=request.POST, bound=True)
        if panel.template is None or panel.form is None:
            shown = Redisplay(panel=panel, problems=[_("Choose a template first.")])
            return self.ticket_page(query, shown, status=400)
        if not panel.form.is_valid():
            shown = Redisplay(panel=panel, problems=[str(error) for error in panel.form.non_field_errors()])
            return self.ticket_page(query, shown, status=400)
        try:
            query_recontact(
                query_id=query.pk,
                template_id=panel.template.pk,
                values=panel.form.values(),
                user=request.user,
                send_key=panel.send_key,
            )
        except SendRefused as refused:
            problems = refusals_to_form(refused.refusals, panel.form)
            shown = Redisplay(panel=panel, problems=problems)
            return self.ticket_page(self.query(query_id), shown, status=_status(refused))
        template_used(user=request.user, template_id=panel.template.pk)
        return back_to_ticket(request, query)


class RecontactPartView(TicketBase):
    """The panel, its bubble or its price, for what is in the form now."""

    permission_required = ("recontact.view_query", "recontact.recontact_query")
    http_method_names = ["post"]

    def post(self, request: HttpRequest, query_id: int, part: str) -> HttpResponse:
        if part not in PARTS:
            raise Http404
        query = self.query(query_id)
        favourite_asked(request, account=query.sender_number.account)
        panel = panel_for_query(query, user=request.user, data=request.POST)
        address = reverse("customer_service:recontact", args=[query.pk])
        context = {"panel": panel, "panel_address": address, "query": query}
        return self.fragment(f"customer_service/parts/send_{part}.html", context)


class TextView(TicketBase):
    """Send free text, or a file with words under it; refused, the text comes back (a browser gives no file back)."""

    permission_required = ("recontact.view_query", "recontact.send_text")
    http_method_names = ["post"]

    def post(self, request: HttpRequest, query_id: int) -> HttpResponse:
        query = self.query(query_id)
        form, send_key = TextForm(request.POST), request.POST.get("send_key", "")[:100]
        text = request.POST.get("text", "")
        upload, key, user = request.FILES.get("file"), send_key or None, request.user
        try:
            if upload is not None:
                attachment_send(query_id=query.pk, upload=upload, caption=text, user=user, send_key=key)
            else:
                text_send(query_id=query.pk, text=text, user=user, send_key=key)
        except SendRefused as refused:
            problems = [refusal.sentence for refusal in refused.refusals]
            shown = Redisplay(text_form=form, problems=problems, send_key=send_key)
            return self.ticket_page(self.query(query_id), shown, status=_status(refused))
        return back_to_ticket(request, query)


def favourite_asked(request: HttpRequest, *, account: ProviderAccount) -> None:
    """Whether the star beside the template was pressed: then it is one of the user's favourites, or no longer."""
    asked = request.GET.get("favourite", "")
    if asked.isascii() and asked.isdecimal() and len(asked) < 18:
        template = next((each for each in templates_for(request.user, account) if each.pk == int(asked)), None)
        if template is not None:
            favourite_toggle(user=request.user, template=template)


def _status(refused: SendRefused) -> int:
    """409 when the state of things is against it, 400 when the form itself is wrong."""
    return max(refusal.http_status for refusal in refused.refusals)
