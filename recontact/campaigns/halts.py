"""Why a campaign stands still, in words for people."""

from __future__ import annotations

from django.utils.translation import gettext as _

from recontact.budgets.reserve import BUDGET, Share
from recontact.campaigns.hours import HOURS
from recontact.campaigns.pricing import PRICE_CHANGED
from recontact.campaigns.recipients import CANNOT_MAKE
from recontact.costs.money import SUM_DECIMALS, money_text
from recontact.dispatch.recheck import TEMPLATE_CHANGED
from recontact.reasons import reason_words
from recontact.refusals import Code


def halt_words(reason: str) -> str:
    """Why a campaign is parked, waits, or asks once more, and what makes it go on."""
    words = {
        PRICE_CHANGED: _("The price changed since it was planned. Resume goes on with the new one."),
        TEMPLATE_CHANGED: _(
            "The template changed since it was planned. If only its category did, Resume goes on at its new price; "
            "a new text needs a new campaign."
        ),
        BUDGET: _("Its price does not fit the budget. Resume tries again once the budget has room for it."),
        CANNOT_MAKE: _("No message could be made of its next rows. Whoever runs the portal finds why in its log."),
        HOURS: _("It is outside its hours for everybody who is still to get it."),
        Code.TEMPLATE_NOT_SENDABLE: _("The template cannot be sent now. It goes on by itself when it can."),
        Code.NUMBER_INACTIVE: _("The sender number is switched off. It goes on by itself when it is on again."),
        Code.NUMBER_PARKED: _("The sender number is stopped. It goes on by itself when it may send again."),
        Code.ACCOUNT_PARKED: _("The provider account is stopped. It goes on by itself when it may send again."),
    }
    return words.get(reason) or reason_words(reason)


def share_words(share: Share) -> str:
    """Why a campaign does not fit this budget, with the figures; or that it fits now."""
    if share.without_rate:
        return _(
            "There is no exchange rate from %(currencies)s to %(currency)s, the currency of budget %(budget)s."
        ) % {
            "currencies": ", ".join(share.without_rate),
            "currency": share.budget.currency,
            "budget": share.budget.name,
        }
    figures = {
        name: money_text(amount, share.budget.currency, decimals=SUM_DECIMALS)
        for name, amount in (("left", share.left), ("price", share.price), ("missing", share.missing))
    } | {"budget": share.budget.name}
    if share.fits:
        return _("Budget %(budget)s has room for it now: %(left)s are left, it costs %(price)s.") % figures
    return _("Budget %(budget)s: %(left)s are left, it costs %(price)s, %(missing)s are missing.") % figures
