"""Why something is not sent: one catalogue of codes, each with its sentence and its HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from providers.parts import PART_NAMES
from recontact.costs.money import SUM_DECIMALS, money_text


class Code(StrEnum):
    """The codes of the API's errors and of the screens' refusals. They never change their meaning."""

    INVALID_PHONE = "invalid_phone"
    INVALID_VARIABLES = "invalid_variables"
    EMPTY_TEXT = "empty_text"
    TEXT_TOO_LONG = "text_too_long"
    TEMPLATE_NOT_SENDABLE = "template_not_sendable"
    TEMPLATE_OTHER_ACCOUNT = "template_other_account"
    TEMPLATE_NEEDS_PHONE = "template_needs_phone"
    QUERY_CLOSED = "query_closed"
    QUERY_FOREIGN = "query_foreign"
    ALREADY_RECONTACTED = "already_recontacted"
    RECONTACT_INCIDENT = "recontact_incident"
    OPEN_QUERY_EXISTS = "open_query_exists"
    WINDOW_OPEN = "window_open"
    WINDOW_CLOSED = "window_closed"
    OPTED_OUT = "opted_out"
    OPTED_OUT_MARKETING = "opted_out_marketing"
    CUSTOMER_ERASED = "customer_erased"
    NUMBER_PARKED = "number_parked"
    NUMBER_INACTIVE = "number_inactive"
    ACCOUNT_PARKED = "account_parked"
    PRICE_UNKNOWN = "price_unknown"
    BUDGET_EXHAUSTED = "budget_exhausted"
    BUDGET_CURRENCY = "budget_currency"
    SAME_FORM = "same_form"
    RECENTLY_MESSAGED = "recently_messaged"
    PARTS_NOT_CARRIED = "parts_not_carried"
    TEXT_NOT_CARRIED = "text_not_carried"
    FILE_TYPE = "file_type"
    FILE_EMPTY = "file_empty"
    FILE_TOO_LARGE = "file_too_large"
    FILE_GONE = "file_gone"
    FILE_NOT_CARRIED = "file_not_carried"
    CAPTION_NOT_CARRIED = "caption_not_carried"
    TEMPLATE_OTHER_TEAM = "template_other_team"
    REFERENCE_USED = "reference_used"


#: Codes that mean "the request itself is wrong"; every other refusal is a conflict with the present state (409).
BAD_REQUEST_CODES = frozenset(
    {
        Code.INVALID_PHONE,
        Code.INVALID_VARIABLES,
        Code.EMPTY_TEXT,
        Code.TEXT_TOO_LONG,
        Code.TEMPLATE_OTHER_ACCOUNT,
        Code.FILE_TYPE,
        Code.FILE_EMPTY,
        Code.FILE_TOO_LARGE,
    }
)


#: What the portal itself writes down as the source of an opt-out.
_OWN_SOURCES = frozenset(
    {
        gettext_noop("customer's word"),
        gettext_noop("WhatsApp preference"),
        gettext_noop("blocked at the provider"),
        gettext_noop("the provider's list of people who want no messages"),
        gettext_noop("before erasure"),
    }
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason: a code, the values its sentence needs (JSON-able), and the field at fault where there is one."""

    code: Code
    params: Mapping[str, Any] = field(default_factory=dict)
    field_name: str = ""

    @property
    def sentence(self) -> str:
        """The reason in the reader's language: what is so, and what to do instead."""
        return refusal_sentence(self.code, self.params)

    @property
    def http_status(self) -> int:
        return 400 if self.code in BAD_REQUEST_CODES else 409


class SendRefused(Exception):
    """Nothing was sent, charged or stored, for these reasons. At least one."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(", ".join(refusal.code for refusal in refusals))
        self.refusals = refusals


def source_words(source: str) -> str:
    """Where an opt-out comes from: the portal's own sources in the reader's language, a person's words as he wrote them."""
    return _(source) if source in _OWN_SOURCES else source


def refusal_sentence(code: str, params: Mapping[str, Any]) -> str:
    """The sentence of a stored refusal. An unknown code is shown as it is rather than hidden."""
    sentences: dict[str, str] = {
        Code.INVALID_PHONE: _("This is not a phone number WhatsApp can reach: write it with its country code."),
        Code.INVALID_VARIABLES: _("The values of the template need attention: %(problems)s"),
        Code.EMPTY_TEXT: _("Write a message first."),
        Code.TEXT_TOO_LONG: _("The text is longer than WhatsApp's %(limit)s characters."),
        Code.TEMPLATE_NOT_SENDABLE: _("The template cannot be sent: %(why)s"),
        Code.TEMPLATE_OTHER_ACCOUNT: _("The template belongs to another account than the sender number."),
        Code.TEMPLATE_NEEDS_PHONE: _("Authentication templates need the customer's phone, and it is not known."),
        Code.QUERY_CLOSED: _("The query is resolved: it can no longer be recontacted."),
        Code.QUERY_FOREIGN: _("The query belongs to another agent."),
        Code.ALREADY_RECONTACTED: _("Already recontacted by %(by)s, %(at)s: %(outcome)s. A query is recontacted once."),
        Code.RECONTACT_INCIDENT: _(
            "The provider reports that an earlier recontact arrived although it counted as not sent. "
            "A coordinator has to look at it first."
        ),
        Code.OPEN_QUERY_EXISTS: _("This phone already has the open query %(query)s with this number: continue there."),
        Code.WINDOW_OPEN: _("The customer wrote less than 24 hours ago: answer with free text, no HSM is needed."),
        Code.WINDOW_CLOSED: _("More than 24 hours passed since the customer's last message: only an HSM can be sent."),
        Code.OPTED_OUT: _("The customer asked for no messages (%(source)s)."),
        Code.OPTED_OUT_MARKETING: _("The customer asked for no marketing (%(source)s)."),
        Code.CUSTOMER_ERASED: _("The customer's data were erased: nobody can be reached."),
        Code.NUMBER_PARKED: _("The sender number is stopped: %(why)s"),
        Code.NUMBER_INACTIVE: _("The sender number or its account is switched off."),
        Code.ACCOUNT_PARKED: _("The provider account is stopped: %(why)s"),
        Code.PRICE_UNKNOWN: _("The price is not known: the account has no rate for %(market)s, %(category)s."),
        Code.BUDGET_EXHAUSTED: _(
            "Budget %(budget)s does not allow it: %(left)s are left. Whoever keeps the budgets (Ops, Admin) can raise it."
        ),
        Code.BUDGET_CURRENCY: _(
            "The price is in %(currency)s and budget %(budget)s in %(budget_currency)s, without an exchange rate between "
            "them. Whoever keeps the budgets (Ops, Admin) can enter one."
        ),
        Code.SAME_FORM: _("This form was sent already: message %(message)s. Nothing was sent again."),
        Code.RECENTLY_MESSAGED: _("An HSM to this phone with this number is already on its way (message %(message)s)."),
        Code.PARTS_NOT_CARRIED: _("%(provider)s cannot send these parts of the template: %(parts)s."),
        Code.TEXT_NOT_CARRIED: _("%(provider)s sends no free text, only templates."),
        Code.FILE_TYPE: _(
            "WhatsApp takes no file of this type: send a JPEG or PNG picture, MP3, OGG or AAC sound, MP4 film, PDF, text or "
            "an Office document."
        ),
        Code.FILE_EMPTY: _("The file is empty."),
        Code.FILE_TOO_LARGE: _("WhatsApp takes files of this kind up to %(limit)s MB."),
        Code.FILE_GONE: _("The file is no longer there."),
        Code.FILE_NOT_CARRIED: _("%(provider)s sends no files of this kind."),
        Code.CAPTION_NOT_CARRIED: _("%(provider)s sends this file without words: send the text by itself."),
        Code.TEMPLATE_OTHER_TEAM: _("The template is kept for other teams."),
        Code.REFERENCE_USED: _("Query %(query)s was opened with this reference already."),
    }
    told = dict(params)
    if "source" in params:
        told["source"] = source_words(str(params["source"]))
    if "parts" in params:
        told["parts"] = ", ".join(str(PART_NAMES.get(part, part)) for part in params["parts"])
    if code == Code.BUDGET_EXHAUSTED and {"left", "currency"} <= set(params):
        told["left"] = money_text(Decimal(str(params["left"])), str(params["currency"]), decimals=SUM_DECIMALS)
    sentence = sentences.get(code)
    return sentence % _Defaults(told) if sentence is not None else code


class _Defaults(dict[str, Any]):
    """A stored refusal may lack a value that its sentence learned to name later."""

    def __missing__(self, key: str) -> str:
        return "?"
