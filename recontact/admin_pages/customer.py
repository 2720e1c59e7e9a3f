"""The page of one customer: who it is, his wishes, his queries; renaming, consent, opt-outs, erasing."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from recontact.admin_pages.page import ManagerPage
from recontact.consent import consent_record
from recontact.costs.spent import spent_on
from recontact.customers import customer_rename, customer_tag, opt_out_add, opt_out_revoke
from recontact.erasure import CannotErase, customer_erase
from recontact.models import Customer, Message, OptOut, Query

SHOWN = 50


class CustomerPage(ManagerPage):
    """The customer. A merged one leads to the customer that took it in."""

    permission_required = "recontact.view_customer"

    def get(self, request: HttpRequest, customer_id: int) -> HttpResponse:
        customer = get_object_or_404(Customer, pk=customer_id)
        if customer.merged_into_id is not None:
            return redirect("admin:recontact_customer_change", customer.merged_into_id)
        queries = Query.objects.filter(customer=customer).select_related("assigned_to")
        sent = Message.objects.filter(customer=customer).defer("components", "bubble").order_by("-pk")
        context = {
            "title": str(customer) if customer.name else _("Customer %(number)s") % {"number": customer.pk},
            "customer": customer,
            "opt_outs": list(OptOut.objects.filter(customer=customer).select_related("created_by").order_by("-pk")),
            "queries": list(queries[:SHOWN]),
            "sent_messages": list(sent[:SHOWN]),
            "spent": spent_on(Message.objects.filter(customer=customer))
            if request.user.has_perm("recontact.see_costs")
            else None,
            "scopes": OptOut.Scope.choices,
        }
        return self.page("customer.html", context)


class CustomerActionPage(ManagerPage):
    """What a person changes about a customer; each action has a permission of its own."""

    permission_required = "recontact.view_customer"

    def post(self, request: HttpRequest, customer_id: int, action: str) -> HttpResponse:
        customer = get_object_or_404(Customer, pk=customer_id)
        actions = {
            "rename": ("recontact.change_customer", self._rename),
            "tag": ("recontact.change_customer", self._tag),
            "consent": ("recontact.add_optout", self._consent),
            "opt-out": ("recontact.add_optout", self._opt_out),
            "opt-in": ("recontact.change_optout", self._opt_in),
            "erase": ("recontact.delete_customer", self._erase),
        }
        if action not in actions:
            raise Http404
        permission, run = actions[action]
        if not request.user.has_perm(permission):
            return self.handle_no_permission()
        run(customer)
        return redirect("admin:recontact_customer_change", customer_id)

    def _rename(self, customer: Customer) -> None:
        customer_rename(customer=customer, name=self.request.POST.get("name", ""))
        messages.success(self.request, _("The name was changed."))

    def _tag(self, customer: Customer) -> None:
        customer_tag(customer=customer, tags=self.request.POST.get("tags", "").replace("\x00", "").split(","))
        messages.success(self.request, _("The tags were changed."))

    def _consent(self, customer: Customer) -> None:
        source = " ".join(self.request.POST.get("source", "").replace("\x00", "").split())
        if not source:
            messages.error(self.request, _("Say how the customer agreed: a consent needs its source."))
        elif consent_record(customer_id=customer.pk, source=source):
            messages.success(self.request, _("The consent was noted."))

    def _opt_out(self, customer: Customer) -> None:
        scope, source = self.request.POST.get("scope", ""), self.request.POST.get("source", "").strip()
        if scope not in OptOut.Scope.values or not source:
            messages.error(self.request, _("Say what the customer wants no more, and how he said so."))
            return
        opt_out_add(customer=customer, scope=scope, source=source, user=self.request.user)
        messages.success(self.request, _("Noted. From now on such messages are refused."))

    def _opt_in(self, customer: Customer) -> None:
        scope, source = self.request.POST.get("scope", ""), self.request.POST.get("source", "").strip()
        if not source:
            messages.error(
                self.request, _("Say how the customer asked for messages again: an opt-in needs its source.")
            )
        elif opt_out_revoke(customer=customer, scope=scope, source=source):
            messages.success(self.request, _("Noted. Such messages may be sent again."))

    def _erase(self, customer: Customer) -> None:
        if self.request.POST.get("sure") != "yes":
            messages.error(self.request, _("Confirm that it cannot be undone. Nothing was erased."))
            return
        try:
            customer_erase(customer_id=customer.pk, user=self.request.user)
        except CannotErase as error:
            messages.error(self.request, str(error))
        else:
            messages.success(self.request, _("The customer was erased. Ledger, prices and opt-outs keep working."))
