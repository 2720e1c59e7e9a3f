"""Who the people of many statuses are: a status that names a phone and a user id tells that they are one person's.

Plain is the person who is known by the phone alone, and whose user id nobody has: he is given it, with all others of the batch.
Everything else (two customers who turn out to be one, somebody nobody knows, a phone told with two ids) goes one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from typing import TypeAlias

from django.db import connection

from providers.contracts import StatusEvent
from recontact.arrays import array_literal
from recontact.phones import phone_from_wire, phone_variants

#: A phone (E.164) and a business-scoped user id.
Person: TypeAlias = tuple[str, str]


class Strangers:
    """The events of a batch that name somebody who was not known by phone and user id, by their positions.

    `positions` are those of events that must go one by one. `joined` are the people, locked, who only need their user id.
    """

    def __init__(self, told: Sequence[tuple[int, StatusEvent]]) -> None:
        people = {position: person for position, (_account, event) in enumerate(told) if (person := person_of(event))}
        unknown = set(people.values()) - _known({bsuid for _phone, bsuid in people.values()})
        self.joined = _without_user_id(_unambiguous(unknown)) if unknown else set()
        names = {name for person in unknown - self.joined for name in _names(person)}
        # And of those that name either of the two beside another: who is whose is told by one after the other.
        self.positions = {position for position, person in people.items() if not names.isdisjoint(_names(person))}


def person_of(event: StatusEvent) -> Person | None:
    """Whom the event names by both; None when it does not."""
    if not event.recipient_phone or not event.recipient_bsuid:
        return None
    return phone_from_wire(event.recipient_phone), event.recipient_bsuid


def people_join(people: Iterable[Person]) -> None:
    """Give these people, whom `Strangers` locked, their user ids. Raises IntegrityError when somebody else has one by now."""
    phones, bsuids = zip(*sorted(people), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE recontact_customer c SET bsuid = v.bsuid
               FROM unnest(%s::text[], %s::text[]) AS v(phone, bsuid) WHERE c.phone = v.phone AND c.bsuid IS NULL""",
            [array_literal(phones), array_literal(bsuids)],
        )


def _names(person: Person) -> set[str]:
    phone, bsuid = person
    return {bsuid, *phone_variants(phone)}


def _unambiguous(people: Set[Person]) -> set[Person]:
    """Those of whom no part is told with another."""
    told = Counter(name for person in people for name in _names(person))
    return {person for person in people if all(told[name] == 1 for name in _names(person))}


def _known(bsuids: Set[str]) -> set[tuple[str | None, str | None]]:
    """The (phone, user id) of the customers with these user ids."""
    if not bsuids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT phone, bsuid FROM recontact_customer WHERE bsuid = ANY(%s::text[])", [array_literal(bsuids)]
        )
        return set(cursor.fetchall())


def _without_user_id(people: Set[Person]) -> set[Person]:
    """Those known by this very phone who have no user id while nobody has theirs; locked, but for whom somebody else holds.

    Whoever is not complete otherwise (his country, what he is searched by) is left out.
    """
    if not people:
        return set()
    phones, bsuids = zip(*sorted(people), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.phone, v.bsuid FROM unnest(%s::text[], %s::text[]) AS v(phone, bsuid)
               JOIN recontact_customer c ON c.phone = v.phone
               WHERE c.bsuid IS NULL AND c.search <> '' AND c.country <> ''
                 AND NOT EXISTS (SELECT 1 FROM recontact_customer o WHERE o.bsuid = v.bsuid)
               ORDER BY c.id FOR NO KEY UPDATE OF c SKIP LOCKED""",
            [array_literal(phones), array_literal(bsuids)],
        )
        return set(cursor.fetchall())
