"""What is audited here: who stopped sending, settled, gave a recontact back, opted somebody out, changed a team, a budget
or an exchange rate, brought or withdrew an invoice, closed or reopened a month."""

from __future__ import annotations

from auditlog.registry import auditlog

from recontact.models import (
    Budget,
    DispatchSwitch,
    ExchangeRate,
    MonthClosing,
    OptOut,
    Recontact,
    Settlement,
    Statement,
    Team,
)

auditlog.register(Budget)
auditlog.register(ExchangeRate)
auditlog.register(DispatchSwitch, exclude_fields=["identity"])
auditlog.register(MonthClosing)
auditlog.register(OptOut)
auditlog.register(Recontact)
auditlog.register(Settlement)
auditlog.register(Statement)
auditlog.register(Team, m2m_fields={"members"})
