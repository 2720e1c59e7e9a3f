"""The page of recontacts that nobody answered."""

from __future__ import annotations

from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminTextInputWidget

from customer_service.follow_up import AT_ONCE, DAYS, USUAL_DAYS, unanswered, unanswered_resolve
from customer_service.selectors import customer_title
from customer_service.views.shell import ServiceView


class FollowUpForm(forms.Form):
    """How those that are marked are resolved."""

    resolution = forms.CharField(
        label=gettext_lazy("Resolution"), max_length=100, widget=UnfoldAdminTextInputWidget(attrs={"maxlength": 100})
    )


class FollowUpView(ServiceView):
    """Whom nobody heard of since the recontact; by POST those that are marked are resolved together."""

    permission_required = ("recontact.view_query", "recontact.change_query", "recontact.refer_query")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        return self._shown(request, FollowUpForm(initial={"resolution": _("No answer to the recontact")}))

    def post(self, request: HttpRequest) -> HttpResponseBase:
        form = FollowUpForm(request.POST)
        if not form.is_valid():
            return self._shown(request, form, status=400)
        days = _days(request.POST.get("days", ""))
        chosen = _chosen(request)
        if not chosen:
            form.add_error("resolution", _("Mark at least one query."))
            return self._shown(request, form, status=400)
        resolution = form.cleaned_data["resolution"]
        done = unanswered_resolve(user=request.user, days=days, resolution=resolution, chosen=chosen)
        words = ngettext("%(count)s query was resolved.", "%(count)s queries were resolved.", done.count)
        messages.success(request, words % {"count": done.count})
        if done.refused:
            passed = ngettext(
                "%(count)s was passed over: it changed meanwhile.",
                "%(count)s were passed over: they changed meanwhile.",
                done.refused,
            )
            messages.warning(request, passed % {"count": done.refused})
        return redirect(f"{reverse('customer_service:follow_up')}?{urlencode({'days': days})}")

    def _shown(self, request: HttpRequest, form: FollowUpForm, *, status: int = 200) -> HttpResponseBase:
        days = _days(request.POST.get("days") or request.GET.get("days", ""))
        rows = unanswered(request.user, days=days)
        count = rows.order_by()[: AT_ONCE + 1].count()
        whole = request.user.has_perm("recontact.see_phones")
        shown = rows.select_related("customer", "assigned_to")[:AT_ONCE]
        # All are marked at first; a form that comes back keeps its marks.
        chosen = _chosen(request) if request.method == "POST" else None
        context = {
            "title": _("Recontacts without an answer"),
            "is_fullwidth": "1",
            "form": form,
            "days": days,
            "choices": DAYS,
            "count": min(count, AT_ONCE),
            "more": count > AT_ONCE,
            "rows": [
                (query, customer_title(query.customer, whole=whole), chosen is None or query.pk in chosen)
                for query in shown
            ],
        }
        return self.page("customer_service/follow_up.html", context, status=status)


def _chosen(request: HttpRequest) -> set[int]:
    """The ids of the queries that are marked."""
    said = request.POST.getlist("query")[:AT_ONCE]
    return {int(text) for text in said if text.isascii() and text.isdecimal() and len(text) < 18}


def _days(text: str) -> int:
    return int(text) if text.isdecimal() and int(text) in DAYS else USUAL_DAYS
