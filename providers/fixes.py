"""What a person does about something that is stopped, by the reason for which it stopped."""

from __future__ import annotations

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from providers.errors import Reason

_BY_ITSELF = _("Nothing: it goes on by itself at the time that is named.")

FIXES: dict[Reason, StrPromise] = {
    Reason.CREDENTIALS: _("Make new credentials at the provider, enter them on the account's page, then resume."),
    Reason.PERMISSION: _("Grant the missing permission at the provider, renew the token here, then resume."),
    Reason.ACCOUNT_BLOCKED: _("See at the provider why the account is restricted; appeal there, then resume."),
    Reason.BILLING: _("Put the payment method right at the provider, then resume."),
    Reason.CONFIGURATION: _(
        "Compare the account's id and its numbers' ids with those at the provider (the connection check helps), then resume."
    ),
    Reason.NETWORK: _("Put the provider's address in the settings right, then resume."),
    Reason.ACCOUNT_LIMIT: _BY_ITSELF,
    Reason.RECIPIENT_LIMIT: _(
        "Nothing: it goes on by itself at the time that is named. A higher limit is asked for at the provider."
    ),
    Reason.NUMBER_BLOCKED: _(
        "See the number's quality at the provider, write less or better, and resume when it is well."
    ),
    Reason.NUMBER_NOT_REGISTERED: _(
        "Register the number at the provider (the connection check says more), then resume."
    ),
    Reason.TEMPLATE_MISSING: _("Sync the templates. If it is gone at the provider, send another one."),
    Reason.TEMPLATE_PAUSED: _(
        "Nothing: WhatsApp lets it go on after a pause. Better content keeps it from pausing again."
    ),
    Reason.TEMPLATE_DISABLED: _("It will not come back: make a new template, and send with that."),
    Reason.TEMPLATE_POLICY: _("Change the template's content at the provider and have it approved again."),
    Reason.TEMPLATE_FLOW: _("Put the flow right at the provider; it is tried again by itself."),
    Reason.CIRCUIT: _(
        "Nothing: it is tried again with a few messages at the time that is named. See what the provider says; "
        "resume tries at once."
    ),
    Reason.MARKETING_ROUTE: _("Allow marketing for the account at the provider, then resume."),
}


def fix_sentence(reason: str) -> str:
    """What to do about a stored reason."""
    try:
        return str(FIXES[Reason(reason)])
    except (ValueError, KeyError):
        return translate("See what the provider says, put it right there, then resume.")
