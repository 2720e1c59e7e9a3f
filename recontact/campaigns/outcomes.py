"""What became of the rows of a campaign's audience: counted, picked out, and as a file. Nothing is left out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from recontact.campaigns.outcome_words import code_sentence, code_words, recipient_sentence
from recontact.campaigns.plan_figures import plan_figures
from recontact.campaigns.price_lines import PriceLine, price_lines
from recontact.csv_text import MARK, csv_lines
from recontact.models import Campaign, CampaignRecipient
from templates_app.selectors import template_parsed

__all__ = [
    "OutcomeCount",
    "Review",
    "code_sentence",
    "code_words",
    "plan_review",
    "recipient_sentence",
    "recipients_csv",
    "recipients_of",
    "samples",
    "variable_labels",
]

_CHUNK = 2_000
_ORDER = {outcome: place for place, outcome in enumerate(CampaignRecipient.Outcome.values)}


@dataclass(frozen=True, slots=True)
class OutcomeCount:
    """How many rows have one outcome for one reason. `key` and `variable`: the variable at fault and what people call it."""

    outcome: str
    code: str
    variable: str
    count: int
    words: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """The plan in figures. The counts sum to `rows`."""

    rows: int
    counts: list[OutcomeCount]
    prices: list[PriceLine] = field(default_factory=list)

    def count(self, *outcomes: str) -> int:
        return sum(line.count for line in self.counts if line.outcome in outcomes)

    @property
    def sendable(self) -> int:
        return self.count(*CampaignRecipient.SENDABLE)

    @property
    def has_fees(self) -> bool:
        """Whether the provider takes something beside Meta's price."""
        return any(line.fee for line in self.prices)

    @property
    def totals(self) -> dict[str, Decimal]:
        """The price of all by currency."""
        sums: dict[str, Decimal] = {}
        for line in self.prices:
            sums[line.currency] = sums.get(line.currency, Decimal(0)) + line.amount
        return sums


def plan_review(campaign: Campaign) -> Review:
    """The plan of a campaign in figures: outcomes with their reasons, prices by market and tier. As many queries for any plan."""
    labels, figures = variable_labels(campaign), plan_figures(campaign)
    counts = []
    for (outcome, code, key), count in figures.reasons.items():
        label = labels.get(key, key)
        counts.append(OutcomeCount(outcome, code, label, count, code_words(code, label), key))
    counts.sort(key=lambda line: (_ORDER.get(line.outcome, len(_ORDER)), -line.count, line.code, line.key))
    return Review(sum(line.count for line in counts), counts, price_lines(campaign, figures))


def recipients_of(
    campaign: Campaign, *outcomes: str, code: str | None = None, variable: str | None = None
) -> QuerySet[CampaignRecipient]:
    """The rows of a campaign with these outcomes (all when none is named), of one code and one variable's key; by row."""
    rows = CampaignRecipient.objects.filter(campaign=campaign)
    if "\x00" in f"{code}{variable}":
        # The database cannot even be asked for it.
        return rows.none()
    if outcomes:
        rows = rows.filter(outcome__in=outcomes)
    if code is not None:
        rows = rows.filter(code=code)
    if variable:
        rows = rows.filter(params__variable=variable)
    return rows.order_by("row_number")


def variable_labels(campaign: Campaign) -> dict[str, str]:
    """Variable key -> what people call it, in the reader's language."""
    if campaign.template is None:
        return {}
    return {variable.key: str(variable.label) for variable in template_parsed(campaign.template).variables}


def recipients_csv(campaign: Campaign, rows: QuerySet[CampaignRecipient]) -> Iterator[str]:
    """These rows as CSV text in pieces, read from the database as they are written out.

    The first piece begins with the mark by which spreadsheet programs know UTF-8. Phones are whole.
    """
    labels = variable_labels(campaign)
    head = [_("Row"), _("Outcome"), _("Code"), _("Reason"), _("As it was written"), _("Phone"), _("Name")]
    yield MARK + csv_lines([head])
    for row in rows.defer("values").iterator(chunk_size=_CHUNK):
        yield csv_lines(
            [
                [
                    *(row.row_number, str(row.get_outcome_display()), row.code, recipient_sentence(row, labels)),
                    *(row.typed, row.phone, row.name),
                ]
            ]
        )


def samples(campaign: Campaign, *, limit: int = 5) -> list[CampaignRecipient]:
    """Some rows that are sent to, spread over the file, for showing their bubbles; a few steps on an index."""
    sendable = recipients_of(campaign, *CampaignRecipient.SENDABLE)
    first, last = sendable.first(), sendable.last()
    if first is None or last is None:
        return []
    found: dict[int, CampaignRecipient] = {}
    for step in range(limit):
        wanted = first.row_number + (last.row_number - first.row_number) * step // max(limit - 1, 1)
        row = sendable.filter(row_number__gte=wanted).first()
        if row is not None:
            found[row.pk] = row
    return list(found.values())
