"""recontact's part of the Manager, one module per subject."""

from recontact.admin import campaigns, customers, ledger, messages, queries, switch

__all__ = ["campaigns", "customers", "ledger", "messages", "queries", "switch"]
