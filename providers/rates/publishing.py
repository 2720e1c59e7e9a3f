"""Publishing a rate card: it prices from its first moment on, ends the card before it, and is never edited again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from providers.clock import ClockTimestamp
from providers.models import ProviderAccount
from providers.rates.models import Rate, RateCard, RateFee


@dataclass(frozen=True, slots=True)
class Published:
    """A published card, and the one that ends where it begins."""

    card: RateCard
    ended: RateCard | None


class CannotPublish(Exception):
    """The card is not published. `problems` says why, in sentences."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@transaction.atomic
def card_publish(card_id: int) -> Published:
    """Publish a draft. An open-ended card in force at its beginning ends there. Raises CannotPublish; then nothing changed."""
    account_id = RateCard.objects.values_list("account_id", flat=True).get(pk=card_id)
    # One after the other for each account. Not against foreign keys: sending goes on.
    ProviderAccount.objects.select_for_update(no_key=True).get(pk=account_id)
    card = RateCard.objects.select_for_update().get(pk=card_id)
    problems = card_problems(card)
    if problems:
        raise CannotPublish(*problems)
    ended = predecessor(card)
    if ended is not None:
        ended.valid_to = card.valid_from
        ended.save(update_fields=["valid_to"])
    RateCard.objects.filter(pk=card.pk).update(status=RateCard.Status.PUBLISHED, published_at=ClockTimestamp())
    card.refresh_from_db()
    return Published(card, ended)


def predecessor(card: RateCard) -> RateCard | None:
    """The account's open-ended published card that the card would end; None: there is none that began before it."""
    rows = RateCard.objects.filter(account=card.account_id, status=RateCard.Status.PUBLISHED, valid_to=None)
    return rows.filter(valid_from__lt=card.valid_from).exclude(pk=card.pk).first()


def card_problems(card: RateCard) -> list[str]:
    """Why the draft cannot be published, in sentences; empty = it can."""
    if card.is_published:
        return [_("The card is published already.")]
    problems = _overlaps(card)
    rates = list(Rate.objects.filter(card=card).order_by("market", "category", "tier_from"))
    if not rates:
        problems.append(_("The card has no prices."))
    return [*problems, *tier_problems(rates), *_fee_problems(card)]


def _overlaps(card: RateCard) -> list[str]:
    rows = RateCard.objects.filter(account=card.account_id, status=RateCard.Status.PUBLISHED).exclude(pk=card.pk)
    rows = rows.exclude(valid_to__lte=card.valid_from)
    if card.valid_to is not None:
        rows = rows.filter(valid_from__lt=card.valid_to)
    ended = predecessor(card)
    if ended is not None:
        rows = rows.exclude(pk=ended.pk)
    words = _("Its dates overlap those of the published card “%(name)s”, in force from %(date)s.")
    return [
        words % {"name": other.name, "date": date_format(localtime(other.valid_from), "SHORT_DATETIME_FORMAT")}
        for other in rows.order_by("valid_from")
    ]


def tier_problems(rates: list[Rate]) -> list[str]:
    """What is wrong with volume tiers: each market and category begins at 0 and goes on without gap or overlap."""
    by_place: dict[tuple[str, str], list[Rate]] = {}
    for rate in rates:
        by_place.setdefault((rate.market, rate.category), []).append(rate)
    words = _("The volume tiers of %(market)s, %(category)s do not begin at 0 or do not follow one another.")
    wrong = [place for place, tiers in by_place.items() if not _follow(sorted(tiers, key=lambda rate: rate.tier_from))]
    return [words % {"market": market, "category": category} for market, category in wrong]


def _follow(tiers: list[Rate]) -> bool:
    joined = all(before.tier_to == after.tier_from for before, after in pairwise(tiers))
    return joined and tiers[0].tier_from == 0 and tiers[-1].tier_to is None


def _fee_problems(card: RateCard) -> list[str]:
    fees = RateFee.objects.filter(card=card, kind=RateFee.Kind.PERCENT, value__gt=100)
    return [_("A fee of more than 100 percent of Meta's price is a mistake.")] if fees.exists() else []
