"""recontact's part of the Manager, one module per subject."""

from recontact.admin import attempts, budgets, campaigns, customers, ledger, messages, panels, queries, switch

__all__ = ["attempts", "budgets", "campaigns", "customers", "ledger", "messages", "panels", "queries", "switch"]
