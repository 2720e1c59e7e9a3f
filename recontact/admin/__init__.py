"""recontact's part of the Manager, one module per subject."""

from recontact.admin import (
    attempts,
    budgets,
    campaigns,
    costs,
    customers,
    ledger,
    messages,
    panels,
    queries,
    statements,
    subscriptions,
    switch,
)

__all__ = [
    "attempts",
    "budgets",
    "campaigns",
    "costs",
    "customers",
    "ledger",
    "messages",
    "panels",
    "queries",
    "statements",
    "subscriptions",
    "switch",
]
