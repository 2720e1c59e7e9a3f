"""Words as they are searched: in small letters and without signs, as the database writes them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Left, Lower

#: Letters with the signs of the languages of our customers, and without: search finds either by either.
_SIGNED, _PLAIN = "áàâãäéèêëíìîïóòôõöúùûüñç", "aaaaaeeeeiiiiooooouuuunc"


def unsigned(column: str) -> models.Func:
    """The column in small letters without accents, as the database writes it."""
    return models.Func(
        Lower(Left(column, 20_000)),
        models.Value(_SIGNED),
        models.Value(_PLAIN),
        function="translate",
        output_field=models.TextField(),
    )
