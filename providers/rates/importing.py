"""From files of prices to a draft card: all of it, or nothing and the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from providers.models import ProviderAccount
from providers.rates.contents import Contents, Problem, repeated_rows
from providers.rates.defaults import report_covers_of
from providers.rates.files import UnreadableFile, table_read
from providers.rates.forms_read import contents_read
from providers.rates.models import Rate, RateCard, RateFee
from providers.rates.publishing import tier_problems


class ImportRefused(Exception):
    """Nothing was stored. `problems` says why, by row and column."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class NewCard:
    """What a card is beside its prices."""

    account: ProviderAccount
    name: str
    valid_from: datetime
    valid_to: datetime | None = None
    source: str = ""
    is_sample: bool = False
    report_covers: str = ""


def card_import(new: NewCard, *files: bytes) -> RateCard:
    """A draft card with the prices of the file, and of a second one with volume tiers, which take the place of the list price
    of their market and category. Raises ImportRefused; then nothing is stored.
    """
    return card_make(new, contents_of(*files))


def contents_of(*files: bytes) -> Contents:
    """What the files say together. Raises ImportRefused."""
    read = []
    for body in files:
        try:
            contents = contents_read(table_read(body))
        except UnreadableFile as error:
            raise ImportRefused([Problem(0, "", str(error))]) from error
        if contents.problems:
            raise ImportRefused(contents.problems)
        read.append(contents)
    first, *others = read
    for contents in others:
        if contents.currency != first.currency:
            words = _("The files are in different currencies: %(one)s and %(other)s.")
            names = {"one": first.currency, "other": contents.currency}
            raise ImportRefused([Problem(0, "currency", words % names)])
        tiered = {(row.market, row.category) for row in contents.rates}
        kept = [row for row in first.rates if (row.market, row.category) not in tiered]
        first.rates, first.fees = kept + contents.rates, first.fees + contents.fees
    return first


@transaction.atomic
def card_make(new: NewCard, contents: Contents) -> RateCard:
    """A draft card with these contents. Raises ImportRefused."""
    problems = [*contents.problems, *_dates(new)]
    rates = [
        Rate(market=row.market, category=row.category, price=row.price, tier_from=row.tier_from, tier_to=row.tier_to)
        for row in contents.rates
    ]
    if repeated_rows(contents):
        problems.append(Problem(0, "", _("Two rows say the price of the same market, category and tier.")))
    problems += [Problem(0, "", words) for words in tier_problems(rates)]
    if problems:
        raise ImportRefused(problems)
    card = RateCard.objects.create(
        account=new.account,
        name=new.name,
        currency=contents.currency,
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        source=new.source,
        is_sample=new.is_sample,
        report_covers=new.report_covers or report_covers_of(new.account.provider),
    )
    for rate in rates:
        rate.card = card
    Rate.objects.bulk_create(rates)
    RateFee.objects.bulk_create(
        RateFee(card=card, kind=row.kind, category=row.category, value=row.value, exempt_codes=list(row.exempt_codes))
        for row in contents.fees
    )
    return card


def _dates(new: NewCard) -> list[Problem]:
    """A card that would overlap another published one is refused at once, not only when it is published."""
    if new.valid_to is not None and new.valid_to <= new.valid_from:
        return [Problem(0, "valid_to", _("The card would end before it begins."))]
    rows = RateCard.objects.filter(account=new.account, status=RateCard.Status.PUBLISHED)
    rows = rows.exclude(valid_to__lte=new.valid_from).exclude(valid_to=None, valid_from__lt=new.valid_from)
    if new.valid_to is not None:
        rows = rows.filter(valid_from__lt=new.valid_to)
    words = _("Its dates overlap those of the published card “%(name)s”.")
    return [Problem(0, "valid_from", words % {"name": card.name}) for card in rows]
