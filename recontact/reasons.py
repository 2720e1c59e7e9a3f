"""Why a message stands as it does, in words: the provider's reasons, and our own for what was not sent in the end."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from providers.errors import reason_sentence
from recontact.campaigns.hours import HOURS
from recontact.refusals import Code
from recontact.retries import ARRIVED_AFTER_ALL, RENEWED

#: The reason of a message that the provider, asked long enough after the call, does not have.
ABSENT = "absent"

#: The portal's own reasons, most from the second check (recontact.dispatch.recheck). Nothing was sent or charged for any.
OWN: dict[str, StrOrPromise] = {
    Code.TEMPLATE_NOT_SENDABLE: _("When its turn came the template could no longer be sent; nothing was sent."),
    "template_changed": _("The template's text or category changed after the message was queued; nothing was sent."),
    Code.CUSTOMER_ERASED: _("The customer's data were erased before the message left; nothing was sent."),
    Code.OPTED_OUT: _("The customer asked for no messages before this one left; nothing was sent."),
    Code.OPTED_OUT_MARKETING: _("The customer asked for no marketing before this message left; nothing was sent."),
    Code.QUERY_CLOSED: _("The query was resolved before the message left; nothing was sent."),
    Code.WINDOW_OPEN: _("The customer wrote before the HSM left: none was needed, and nothing was sent."),
    Code.WINDOW_CLOSED: _("The 24-hour window closed before the text left; nothing was sent."),
    ABSENT: _("The provider was asked and does not have the message; nothing was sent."),
    RENEWED: _("The template's category changed and a person agreed: the next try took this one's place."),
    Code.PRICE_UNKNOWN: _("When its turn came the price was not known; nothing was sent."),
    HOURS: _("It was outside the campaign's hours in the customer's day: it waits for their next beginning."),
    ARRIVED_AFTER_ALL: _("An earlier try arrived after all; this one was taken back."),
}


def reason_words(reason: str) -> str:
    """The sentence for a message's stored reason; empty for none, the word itself when nobody knows it."""
    if not reason:
        return ""
    return str(OWN[reason]) if reason in OWN else reason_sentence(reason)
