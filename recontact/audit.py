"""What is audited here: who stopped sending, settled, gave a recontact back, opted somebody out, changed a team, a budget,
an exchange rate or who is told of events, brought or withdrew an invoice, closed or reopened a month."""

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
    Subscription,
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
auditlog.register(Subscription, include_fields=["name", "url", "events", "whole_phones", "with_text", "state"])
auditlog.register(Team, m2m_fields={"members"})
