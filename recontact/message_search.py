"""Finding messages as people look for them: by number, our reference, the provider's id, or the person written to."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db.models import Q

from providers.delivery_keys import resolves_terms
from providers.models import ProviderAccount
from recontact.models import Message
from recontact.models.message import KNOWN_AT_PROVIDER
from recontact.search import customers_matching

#: A phone or a name that fits more people than these is no search for a message.
MOST_CUSTOMERS = 200
# A bigint has 19 digits; ids of messages stay far below.
_LONGEST_NUMBER = 15


def messages_wanted(term: str, *, by_phone: bool) -> Q:
    """The condition for what was typed, each part answered by an index of its own. Empty text: no condition.

    Without `by_phone` a phone is no search term: who may not see phones could find out by it who has which.
    """
    term = term.replace("\x00", "").strip()
    if not term:
        return Q()
    try:
        return Q(reference=uuid.UUID(term))
    except ValueError:
        pass
    number = term.lstrip("#")
    is_number = number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER
    if is_number and term.startswith("#"):
        return Q(pk=int(number))
    # The index begins with the account; naming all of them lets it be used.
    accounts = list(ProviderAccount.objects.values_list("pk", flat=True))
    wanted = Q(KNOWN_AT_PROVIDER, account__in=accounts, provider_message_id=term)
    if is_number:
        wanted |= Q(pk=int(number))
    # Customers are found by parts of phones too, beside words of the name.
    if by_phone or not any(character.isdigit() for character in term):
        wanted |= Q(customer__in=list(customers_matching(term).values_list("pk", flat=True)[:MOST_CUSTOMERS]))
    return wanted


@resolves_terms
def message_ids_of_term(term: str) -> Iterable[str]:
    """The ids under which webhooks tell about the message #123."""
    number = term.removeprefix("#")
    if number == term or not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
        return []
    message = Message.objects.filter(pk=int(number)).only("reference", "provider_message_id").first()
    return [] if message is None else message_ids(message)


def message_ids(message: Message) -> list[str]:
    """Our reference and, once it is known, the provider's id."""
    return [value for value in (str(message.reference), message.provider_message_id) if value]
