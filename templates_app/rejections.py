"""Why WhatsApp rejects a template, in words, with what to do. Source: Meta's page of message_template_status_update, 2025-11."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Rejection:
    """`why` and `advice` are sentences; `advice` is empty for words that the portal does not know."""

    why: StrOrPromise
    advice: StrOrPromise = ""


REJECTIONS: dict[str, Rejection] = {
    "ABUSIVE_CONTENT": Rejection(
        _("WhatsApp finds the content abusive: threatening, offensive or discriminating."),
        _("Write it anew in other words. If you think it is a mistake, appeal at the provider."),
    ),
    "INCORRECT_CATEGORY": Rejection(
        _("The content does not belong to the category that was chosen."),
        _("Choose the other category, or leave out what sells, and submit it again."),
    ),
    "TAG_CONTENT_MISMATCH": Rejection(
        _("The content or the language does not fit the category or the language that was chosen."),
        _("Compare category, language and text. A utility template offers nothing; what sells is marketing."),
    ),
    "CATEGORY_NOT_AVAILABLE": Rejection(
        _("The category is not available for this account."),
        _("Choose another category, or see at the provider why the account may not use it."),
    ),
    "INVALID_FORMAT": Rejection(
        _("The form is not right: variables, samples, addresses or line breaks."),
        _("Look at the variables: words between them, a real sample for each, and none in the middle of an address."),
    ),
    "PROMOTIONAL": Rejection(
        _("The content sells something in a category where that is not allowed."),
        _("Submit it as marketing, or leave out what sells."),
    ),
    "SCAM": Rejection(
        _("WhatsApp takes the content for a fraud."),
        _("Say who you are and why you write, use your own address in links, and ask for no personal data."),
    ),
}
NO_WORD = Rejection(
    _("WhatsApp gave no reason."),
    _("Check category, variables and samples, change what is doubtful, and submit it again."),
)


def rejection_of(word: str) -> Rejection:
    """The sentence for the provider's word; a word that is not in the table is shown as it is."""
    return REJECTIONS.get(word.strip().upper()) or (Rejection(word) if word else NO_WORD)
