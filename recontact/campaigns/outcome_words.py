"""The reasons that rows of a campaign have, in words: a few for a table's line, a whole sentence for one row.

The codes are given in campaigns.audience, known and verdicts when the campaign is planned, and in campaigns.batch and people
when a row is left out at its launch; of queries in campaigns.rights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from recontact.campaigns.audience import FORMULA_EMPTY, PHONE_MISSING, PHONE_ROUNDED
from recontact.campaigns.known import BLOCKED_CODE, DUPLICATE
from recontact.campaigns.recent import RECENT_CAMPAIGN
from recontact.campaigns.recipients import CANNOT_MAKE, SAME_PERSON
from recontact.campaigns.rights import ANSWERED
from recontact.campaigns.verdicts import CELL_ERROR, PHONE_REWRITTEN
from recontact.models import CampaignRecipient
from recontact.refusals import Code, refusal_sentence


def code_words(code: str, variable: str = "") -> str:
    """The reason of many rows in a few words; empty code: those that are simply ready. One not known is shown as it is.

    `variable` is the label of the variable at fault, where one is.
    """
    words = {
        "": _("Valid and complete"),
        PHONE_REWRITTEN: _("Phone rewritten"),
        DUPLICATE: _("Repeated in the file"),
        SAME_PERSON: _("Same person as another row"),
        CANNOT_MAKE: _("No message could be made of this row"),
        BLOCKED_CODE: _("Blocked the number"),
        Code.OPTED_OUT: _("Asked for no messages"),
        Code.OPTED_OUT_MARKETING: _("Asked for no marketing"),
        Code.CUSTOMER_ERASED: _("Had their data erased"),
        Code.OPEN_QUERY_EXISTS: _("In an open query with this number"),
        Code.ALREADY_RECONTACTED: _("Query already recontacted"),
        Code.WINDOW_OPEN: _("Wrote in the last 24 hours"),
        Code.QUERY_CLOSED: _("Query resolved"),
        Code.RECONTACT_INCIDENT: _("Open incident about an earlier recontact"),
        ANSWERED: _("Answered since it was planned"),
        Code.TEMPLATE_NEEDS_PHONE: _("Phone not known, and the template needs it"),
        RECENT_CAMPAIGN: _("Written to by another campaign lately"),
        PHONE_MISSING: _("Phone missing"),
        PHONE_ROUNDED: _("Phone rounded by the spreadsheet"),
        Code.INVALID_PHONE: _("Invalid phone"),
        Code.PRICE_UNKNOWN: _("Price not known"),
        Code.PARTS_NOT_CARRIED: _("The provider does not carry a part of it"),
    }
    return words[code] if code in words else _value_words(code, variable)


def why_words(recipient: CampaignRecipient, code: str, variable: str = "") -> str:
    """Why this row has no message, in a few words; for one whom another campaign wrote to, which one it was."""
    if code == RECENT_CAMPAIGN:
        return code_sentence(code, recipient.params)
    return code_words(code, variable) if code else ""


def _value_words(code: str, variable: str) -> str:
    words = {
        "missing_variable": _("%(variable)s missing"),
        CELL_ERROR: _("%(variable)s: the cell shows an error"),
        FORMULA_EMPTY: _("%(variable)s: formula without a value") if variable else _("Formula without a value"),
        "too_long": _("%(variable)s too long"),
        "newline_in_variable": _("%(variable)s with a line break, a tab or many spaces"),
        "media_url_not_https": _("%(variable)s does not begin with https"),
        "header_too_long": _("Header too long"),
        "body_too_long": _("Text too long"),
    }
    if code in words:
        return words[code] % {"variable": variable}
    return _("%(variable)s cannot be used") % {"variable": variable} if variable else code


def recipient_sentence(recipient: CampaignRecipient, labels: Mapping[str, str], *, whole_phones: bool = True) -> str:
    """Why this row has its outcome, in a whole sentence; empty for one that is simply ready.

    `labels` call the variables by name in the reader's language (outcomes.variable_labels). Without `whole_phones` no phone
    is in it.
    """
    if recipient.code == PHONE_REWRITTEN and not whole_phones:
        return code_words(recipient.code)
    key = str(recipient.params.get("variable", ""))
    told = {**recipient.params, "variable": labels.get(key, key), "typed": recipient.typed, "phone": recipient.phone}
    return code_sentence(recipient.code, told)


def code_sentence(code: str, params: Mapping[str, Any]) -> str:
    """The sentence of a reason with what is known of the row; empty for no reason."""
    told = {"row": "?", "campaign": "?", "days": "?", "query": "?", "typed": "?", "phone": "?", **params}
    if code == Code.ALREADY_RECONTACTED and "by" in params:
        return _("Query %(query)s was recontacted already by %(by)s, %(at)s.") % {"at": "?", **told}
    own = {
        "": "",
        PHONE_REWRITTEN: _("“%(typed)s” was read as %(phone)s.") % told,
        DUPLICATE: _("The same person is in row %(row)s: it is written to once.") % told,
        SAME_PERSON: _("The same person is in another row: it is written to once."),
        BLOCKED_CODE: _("The customer blocked the number."),
        RECENT_CAMPAIGN: _("“%(campaign)s” wrote to the customer in the last %(days)s days.") % told,
        PHONE_MISSING: _("The row has no phone."),
        PHONE_ROUNDED: _("The spreadsheet cut the phone's digits: give the column the format Text, and save again."),
        FORMULA_EMPTY: _formula_sentence(told),
        Code.ALREADY_RECONTACTED: _("The customer's open query %(query)s was recontacted already.") % told,
        Code.QUERY_CLOSED: _("Query %(query)s is resolved.") % told,
        ANSWERED: _("The customer answered in query %(query)s since the campaign was planned.") % told,
        Code.OPEN_QUERY_EXISTS: _("The customer has the open query %(query)s with this number.") % told,
    }
    return own[code] if code in own else _value_sentence(code, params)


def _formula_sentence(params: Mapping[str, Any]) -> str:
    where = {"column": params.get("column") or ""}
    what = _("A cell holds a formula without a value.")
    if where["column"]:
        what = _("The cell of the column “%(column)s” holds a formula without a value.") % where
    return " ".join([what, _("Open the file in a spreadsheet program and save it, or paste the values in.")])


def _value_sentence(code: str, params: Mapping[str, Any]) -> str:
    told = {"variable": "?", "column": "", "value": "", **params}
    if code == CELL_ERROR:
        return _("%(variable)s: the column “%(column)s” shows %(value)s in this row.") % told
    if code == "missing_variable" and told["column"]:
        return _("%(variable)s is empty: the column “%(column)s” has nothing in this row.") % told
    if code == "missing_variable":
        return _("%(variable)s is empty: nothing is chosen for it, or the customer has none.") % told
    return str(params.get("problem") or "") or refusal_sentence(code, params)
