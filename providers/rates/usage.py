"""Whether a rate card was priced with: then it is history, and is never changed again."""

from __future__ import annotations

from providers.rates.models import Rate


def card_in_use(card_id: int) -> bool:
    """Whether any row of any app refers to one of the card's rates."""
    relations = [
        field
        for field in Rate._meta.get_fields(include_hidden=True)
        if field.auto_created and not field.concrete and (field.one_to_many or field.one_to_one)
    ]
    return any(
        relation.related_model._default_manager.filter(**{f"{relation.field.name}__card": card_id}).exists()  # type: ignore[union-attr]  # a relation, by the filter above
        for relation in relations
    )
