"""The providers' part of the Manager, one module per subject."""

from providers.admin import accounts, inbox, numbers, prices

__all__ = ["accounts", "inbox", "numbers", "prices"]
