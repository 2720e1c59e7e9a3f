"""Why a message stands as it does, in words: the provider's reasons, and our own for what was skipped at its turn."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from providers.errors import reason_sentence
from recontact.refusals import Code

#: What the second check (recontact.dispatch.recheck) found. Nothing was sent or charged for any of these.
SKIPPED: dict[str, StrOrPromise] = {
    Code.TEMPLATE_NOT_SENDABLE: _("When its turn came the template could no longer be sent; nothing was sent."),
    "template_changed": _("The template's text or category changed after the message was queued; nothing was sent."),
    Code.CUSTOMER_ERASED: _("The customer's data were erased before the message left; nothing was sent."),
    Code.OPTED_OUT: _("The customer asked for no messages before this one left; nothing was sent."),
    Code.OPTED_OUT_MARKETING: _("The customer asked for no marketing before this message left; nothing was sent."),
    Code.QUERY_CLOSED: _("The query was resolved before the message left; nothing was sent."),
    Code.WINDOW_OPEN: _("The customer wrote before the HSM left: none was needed, and nothing was sent."),
    Code.WINDOW_CLOSED: _("The 24-hour window closed before the text left; nothing was sent."),
}


def reason_words(reason: str) -> str:
    """The sentence for a message's stored reason; empty for none, the word itself when nobody knows it."""
    if not reason:
        return ""
    return str(SKIPPED[reason]) if reason in SKIPPED else reason_sentence(reason)
