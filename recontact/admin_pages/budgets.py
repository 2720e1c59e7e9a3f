"""All budgets on one page: reserved, spent and left as a bar each, and the periods before."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from recontact.admin_pages.page import ManagerPage
from recontact.budgets.standing import standings
from recontact.models import Budget


class BudgetsPage(ManagerPage):
    """The page in place of the list."""

    permission_required = "recontact.view_budget"

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = Budget.objects.select_related("account", "team")
        return self.page("budgets.html", {"title": _("Budgets"), "standings": standings(rows, history=True)})
