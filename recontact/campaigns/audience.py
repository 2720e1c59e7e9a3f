"""One row of an audience as it is read: the phone it means, the id, the name, and its texts by column. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from recontact.campaigns.cells import FORMULA, RoundedPhone, phone_text
from recontact.campaigns.sheets import Row, SheetFacts
from recontact.phones import InvalidPhone, phone_parse
from recontact.refusals import Code

PHONE_MISSING = "phone_missing"
PHONE_ROUNDED = "phone_rounded"
FORMULA_EMPTY = "formula_empty"

_TYPED_LENGTH = 64
_NAME_LENGTH = 200
_BSUID = re.compile(r"[A-Za-z]{2}\.[\w.\-]{1,136}", re.ASCII)


@dataclass(slots=True)
class Candidate:
    """Who a row is for. `problem` is why nobody can be written to by it; then phone and bsuid are empty.

    `texts` by what a variable may be filled with: a file's columns, or of a query the sources of campaigns.columns.
    """

    number: int
    typed: str
    phone: str = ""
    bsuid: str = ""
    name: str = ""
    problem: str = ""
    customer_id: int | None = None
    query_id: int | None = None
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_rewritten(self) -> bool:
        """Whether the phone has other digits than were written: spaces, dashes and the + are no correction."""
        return bool(self.typed and self.phone) and re.sub(r"\D", "", self.typed) != self.phone.lstrip("+")


def candidate_read(row: Row, facts: SheetFacts, default_country: str) -> Candidate:
    """The person a row means. A phone without a country is one of `default_country`."""
    typed = row.texts.get(facts.phone, "")
    candidate = Candidate(
        number=row.number,
        typed=typed[:_TYPED_LENGTH],
        name=" ".join(row.texts.get(facts.name, "").split())[:_NAME_LENGTH],
        texts=row.texts,
    )
    bsuid = row.texts.get(facts.bsuid, "") if facts.bsuid else ""
    if FORMULA in (typed, candidate.name, bsuid):
        candidate.typed, candidate.name, candidate.problem = "", "", FORMULA_EMPTY
        return candidate
    if _BSUID.fullmatch(bsuid):
        candidate.bsuid = bsuid
    if typed:
        _read_phone(candidate, typed, default_country)
    elif not candidate.bsuid:
        candidate.problem = PHONE_MISSING
    return candidate


def _read_phone(candidate: Candidate, typed: str, default_country: str) -> None:
    try:
        candidate.phone = phone_parse(phone_text(typed), default_country=default_country).e164
    except RoundedPhone:
        candidate.problem, candidate.bsuid = PHONE_ROUNDED, ""
    except InvalidPhone:
        candidate.problem, candidate.bsuid = Code.INVALID_PHONE, ""
