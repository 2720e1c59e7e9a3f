"""From the rows of a campaign to customers, many at once: found by phone in either of its forms, or made.

Before anything of the campaign is locked, each step by itself: whoever is identified here and not written to in the end is a
customer like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection
from django.db.models import QuerySet

from recontact.arrays import array_literal
from recontact.campaigns.recipients import SAME_PERSON, Turn
from recontact.campaigns.storing import NewCustomer, customers_insert
from recontact.customers import customer_identify, customer_indexed
from recontact.hashes import keyed_hash
from recontact.models import Customer
from recontact.phones import phone_country, phone_variants
from recontact.prepared import Prepared
from recontact.refusals import Code


def recipients_identify(recipients: Sequence[Turn]) -> None:
    """Give each row without a customer its customer, here: the batch that makes its message writes that down.

    A row of a person whom another row of the campaign is for is left out with SAME_PERSON, in the database and here.
    """
    unknown = [recipient for recipient in recipients if recipient.customer_id is None]
    if not unknown:
        return
    found = _by_phone({each.phone: each.name for each in unknown if each.phone and not each.bsuid})
    for recipient in unknown:
        customer_id = found.get(recipient.phone) if not recipient.bsuid else None
        if customer_id is None and (recipient.phone or recipient.bsuid):
            # With both identities two customers may turn out to be one.
            identified = customer_identify(phone=recipient.phone, bsuid=recipient.bsuid, name=recipient.name)
            customer_id = identified.pk
        recipient.customer_id = customer_id
    _leave_out(unknown)


def _by_phone(names: Mapping[str, str]) -> dict[str, int]:
    """Phone as written -> customer; new ones get the name. Not those whose earlier wishes are to be found first."""
    forms = {phone: phone_variants(phone) for phone in names}
    known = _known(forms)
    missing = sorted(set(forms) - set(known))
    wished = _wished(missing, forms)
    made = customers_insert([_new(phone, names[phone]) for phone in missing if phone not in wished])
    # Whom somebody else made meanwhile.
    others = {phone: forms[phone] for phone in missing if phone not in wished and phone not in made}
    return known | made | (_known(others) if others else {})


def _wished(missing: Sequence[str], forms: Mapping[str, list[str]]) -> set[str]:
    """Those of the phones whose customer had himself erased with a wish that still stands."""
    if not missing or not _ERASED_FIRST():
        return set()
    hashes = {keyed_hash(form): phone for phone in missing for form in forms[phone]}
    return {hashes[value] for value in _erased().filter(phone_hash__among=hashes).values_list("phone_hash", flat=True)}


def _erased() -> QuerySet[Customer]:
    # Said besides the hashes, so that the index of those that have one can be used however many are looked for.
    return Customer.objects.filter(phone_hash__gt="", opt_outs__revoked_at__isnull=True)


# In the order of that index: while the planner knows nothing of customers made just now, it would read all to find nobody.
_ERASED_FIRST = Prepared(lambda: _erased().order_by("phone_hash").values_list("pk")[:1], kept=False)


def _known(forms: dict[str, list[str]]) -> dict[str, int]:
    wanted = {form for each in forms.values() for form in each}
    by_form = dict(Customer.objects.filter(phone__among=wanted).values_list("phone", "pk"))
    first = {phone: next((by_form[form] for form in each if form in by_form), None) for phone, each in forms.items()}
    return {phone: customer_id for phone, customer_id in first.items() if customer_id is not None}


def _new(phone: str, name: str) -> NewCustomer:
    name = name[:200]
    sort_name, search = customer_indexed(name, phone)
    return NewCustomer(phone, name, phone_country(phone), search, sort_name)


# Person by person, along the index of theirs: while the planner knows nothing of a campaign that was planned just now, it would
# read all of its rows for each batch.
_HAVE_ROWS = """
    SELECT c.id FROM unnest(%s::bigint[]) AS c(id)
    CROSS JOIN LATERAL (SELECT 1 FROM recontact_campaignrecipient r
                        WHERE r.customer_id = c.id AND r.campaign_id = %s AND r.outcome IN ('ready', 'corrected') LIMIT 1) AS r
"""


def _have_rows(campaign_id: int, customers: Iterable[int]) -> set[int]:
    """Those of the customers for whom a sendable row of the campaign is."""
    with connection.cursor() as cursor:
        cursor.execute(_HAVE_ROWS, [array_literal(customers), campaign_id])
        return {row[0] for row in cursor.fetchall()}


def _leave_out(recipients: Sequence[Turn]) -> None:
    """Those of whom nobody can be made, and the later of two rows of one person."""
    campaign_id = recipients[0].campaign_id
    customers = {recipient.customer_id for recipient in recipients if recipient.customer_id is not None}
    taken = _have_rows(campaign_id, customers)
    dropped = []
    for recipient in recipients:
        if recipient.customer_id is None:
            recipient.dropped = Code.INVALID_PHONE
        elif recipient.customer_id in taken:
            recipient.dropped, recipient.customer_id = SAME_PERSON, None
        else:
            taken.add(recipient.customer_id)
            continue
        dropped.append(recipient)
    if not dropped:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE recontact_campaignrecipient r SET dropped = v.dropped
               FROM unnest(%s::bigint[], %s::text[]) AS v(id, dropped)
               WHERE r.id = v.id AND r.message_id IS NULL AND r.dropped = '' AND r.customer_id IS NULL""",
            [
                array_literal(recipient.pk for recipient in dropped),
                array_literal(str(recipient.dropped) for recipient in dropped),
            ],
        )
