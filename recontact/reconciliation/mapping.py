"""Which column of a provider's file says what, and what its words mean: guessed by name, decided by a person, kept by account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from providers.models import Category, ProviderAccount
from providers.rates.markets import market_read
from recontact.customers import fold
from recontact.models import StatementMapping

#: What a column may say -> its title. Only the amount is needed.
FIELDS: dict[str, Promise | str] = {
    "day": _("Day"),
    "market": _("Country or region"),
    "category": _("Category"),
    "count": _("Messages"),
    "amount": _("Amount"),
    "currency": _("Currency"),
}
#: The provider's own fee; other charges that are of no message; and a sum of other rows, which is no line.
FEE, OTHER, TOTAL = "fee", "other_charge", "total"
#: What a word in the column of categories may mean.
CATEGORY_WORDS: dict[str, Promise | str] = {
    **dict(Category.choices),
    "marketing_lite": _("Marketing lite"),
    FEE: _("Provider's own fee"),
    OTHER: _("Another charge (tax, monthly fee)"),
    TOTAL: _("A sum: not a line"),
}

_NAMES: dict[str, tuple[str, ...]] = {
    "day": ("day", "date", "dia", "fecha", "start date", "usage date", "date of usage", "data"),
    "market": ("market", "country", "country or region", "pais", "destination", "destino", "region", "mercado"),
    "category": ("category", "categoria", "pricing category", "traffic type", "type", "tipo", "concept", "concepto"),
    "count": ("count", "messages", "volume", "quantity", "cantidad", "mensajes", "usage", "qty", "units", "unidades"),
    "amount": ("amount", "cost", "total", "price", "importe", "monto", "costo", "total amount", "total price", "valor"),
    "currency": ("currency", "moneda", "price unit", "divisa", "moeda"),
}
_CATEGORIES: dict[str, str] = {
    "autenticacion": "authentication",
    "utilidad": "utility",
    "servicio": "service",
    "auth": "authentication",
    "authentication international": "authentication_international",
    "marketing lite": "marketing_lite",
    "fee": FEE,
    "platform fee": FEE,
    "tarifa": FEE,
    "tax": OTHER,
    "iva": OTHER,
    "total": TOTAL,
    "subtotal": TOTAL,
    "grand total": TOTAL,
    "suma": TOTAL,
}


@dataclass(frozen=True, slots=True)
class Columns:
    """`columns`: field -> the column's name in the file; `words`: "category" or "market" -> folded word -> our code; `credits`:
    negative amounts are credits, not mistakes."""

    columns: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    credits: bool = False

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        words = {name: dict(words) for name, words in self.words.items()}
        return {"columns": dict(self.columns), "words": words, "credits": self.credits}

    def category(self, text: str) -> str | None:
        """Our category (or FEE, OTHER, TOTAL) for the file's word; None: nobody said what it means."""
        plain = plain_word(text)
        known = self.words.get("category", {}).get(plain) or _CATEGORIES.get(plain)
        code = known or plain.replace(" ", "_")
        return code if code in CATEGORY_WORDS else None

    def market(self, text: str) -> str | None:
        """Our market for the file's word; None: nobody said what it means."""
        return self.words.get("market", {}).get(plain_word(text)) or market_read(text)


def plain_word(text: str) -> str:
    """A word as it is compared: without case, accents, and with single spaces for what joins it."""
    return " ".join(fold(text).replace("-", " ").replace("_", " ").split())


def columns_read(stored: Mapping[str, Any]) -> Columns:
    """From JSON; what makes no sense is left out."""
    columns, words = stored.get("columns") or {}, stored.get("words") or {}
    return Columns(
        {name: str(column) for name, column in columns.items() if name in FIELDS},
        {
            name: {str(word): str(code) for word, code in (words.get(name) or {}).items()}
            for name in ("category", "market")
        },
        credits=stored.get("credits") is True,
    )


def columns_guess(header: Sequence[str], kept: Columns) -> Columns:
    """The mapping of a file by its first row: as it was kept where the file has those columns, else by their names."""
    names = {plain_word(name): name for name in reversed(header) if name}
    found: dict[str, str] = {}
    for each, spellings in _NAMES.items():
        column = kept.columns.get(each, "")
        guess = column if column in header else next((names[name] for name in spellings if name in names), "")
        if guess and guess not in found.values():
            found[each] = guess
    return Columns(found, kept.words, kept.credits)


def columns_kept(account: ProviderAccount) -> Columns:
    """What the account's last file had; else that of another account of the provider."""
    rows = StatementMapping.objects.filter(account__provider=account.provider).order_by("-changed_at")
    own = rows.filter(account=account).first() or rows.first()
    return columns_read(own.mapping) if own is not None else Columns()


def columns_keep(account_id: int, columns: Columns) -> None:
    """Keep them for the account's next file; words that the file did not have stay known."""
    row, _made = StatementMapping.objects.select_for_update().get_or_create(account_id=account_id)
    before = columns_read(row.mapping)
    words = {name: {**before.words.get(name, {}), **columns.words.get(name, {})} for name in ("category", "market")}
    row.mapping = Columns(columns.columns, words, columns.credits).stored()
    row.save(update_fields=["mapping", "changed_at"])
