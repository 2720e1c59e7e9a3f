"""The sample's budgets: one of the month for everything, one of the week for campaigns. What was sent already counts."""

from __future__ import annotations

from decimal import Decimal

from recontact.budgets.keeping import budget_keep
from recontact.models import Budget, Campaign

BUDGETS = (
    {"name": "HSM del mes", "amount": Decimal("60.00"), "agents_share": 20},
    {
        "name": "Campañas de archivo, por semana",
        "amount": Decimal("30.00"),
        "period": Budget.Period.WEEK,
        "scope": Budget.Scope.SOURCE,
        "source": Campaign.Source.FILE,
        "stops": False,
    },
)


def budgets_make() -> None:
    """Make them and count the sample's messages of their present periods."""
    for fields in BUDGETS:
        budget_keep(Budget.objects.create(currency="USD", **fields), opened=True)
