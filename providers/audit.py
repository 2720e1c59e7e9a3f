"""What is audited here: who changed accounts, numbers and prices. Credentials never enter the audit."""

from __future__ import annotations

from auditlog.registry import auditlog

from providers.models import Portfolio, PricingRule, ProviderAccount, Rate, RateCard, RateFee, SenderNumber

auditlog.register(
    ProviderAccount, exclude_fields=["credentials", "last_webhook_at", "handshake_at", "templates_synced_at"]
)
auditlog.register(SenderNumber)
auditlog.register(Portfolio)
auditlog.register(RateCard)
auditlog.register(Rate)
auditlog.register(RateFee)
auditlog.register(PricingRule)
