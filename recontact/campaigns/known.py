"""What the portal knows of a batch of candidates: their customers and every reason against writing to them, set by set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from recontact.campaigns.audience import Candidate
from recontact.campaigns.recent import RECENT_CAMPAIGN, recently_written
from recontact.campaigns.rights import Rights
from recontact.hashes import keyed_hash
from recontact.models import (
    Campaign,
    Customer,
    OptOut,
    Query,
    Recontact,
    ServiceWindow,
)
from recontact.phones import phone_variants
from recontact.refusals import Code
from recontact.wishes import BLOCKED
from templates_app.models import Template

DUPLICATE = "duplicate"
BLOCKED_CODE = "blocked"

# One step on a unique index for each key. An IN of thousands would be planned by statistics that know nothing yet of a
# campaign being planned: as a scan of all its rows, for every batch.
_TAKEN = """
    SELECT k.key, r.row_number FROM unnest(%s::{kind}[]) AS k(key) CROSS JOIN LATERAL (
        SELECT t.row_number FROM recontact_campaignrecipient t
        WHERE t.campaign_id = %s AND t.{column} = k.key AND t.outcome IN ('ready', 'corrected') AND {indexed} LIMIT 1) r
"""
_BY_PHONE = _TAKEN.format(kind="text", column="phone", indexed="NOT t.phone = ''")
_BY_BSUID = _TAKEN.format(kind="text", column="bsuid", indexed="NOT t.bsuid = ''")
_BY_CUSTOMER = _TAKEN.format(kind="bigint", column="customer_id", indexed="t.customer_id IS NOT NULL")

#: A reason: its code, and what its sentence needs.
Reason = tuple[str, dict[str, Any]]


class Known:
    """Loads once for the batch; `identify` and `against` then read memory only.

    `linked` is what earlier batches learned of identities that are one person's: identity -> the row that is for him. A
    constant number of queries, whatever the batch's size.
    """

    def __init__(
        self,
        campaign: Campaign,
        category: str,
        candidates: Sequence[Candidate],
        now: datetime,
        linked: dict[str | int, int],
    ) -> None:
        self.campaign = campaign
        self.linked = linked
        self.category = category
        usable = [candidate for candidate in candidates if not candidate.problem]
        unknown = [candidate for candidate in usable if candidate.customer_id is None]
        self._load_customers(unknown)
        for candidate in unknown:
            self._identify(candidate)
        ids = {candidate.customer_id for candidate in usable if candidate.customer_id is not None}
        self._load_taken(usable, ids)
        self._load_wishes(ids)
        self._rights = Rights.of({candidate.query_id for candidate in usable if candidate.query_id is not None})
        self._load_queries(ids, now)
        self._load_recent(ids, now)
        self._erased = _erased(candidate for candidate in usable if candidate.customer_id is None)

    # --- who ---------------------------------------------------------------------------------------------------------

    def _load_customers(self, candidates: Sequence[Candidate]) -> None:
        phones = {form for candidate in candidates if candidate.phone for form in phone_variants(candidate.phone)}
        bsuids = {candidate.bsuid for candidate in candidates if candidate.bsuid}
        rows = list(Customer.objects.filter(phone__in=phones).only("pk", "phone", "bsuid", "name"))
        if bsuids:
            rows += Customer.objects.filter(bsuid__in=bsuids).only("pk", "phone", "bsuid", "name")
        self._by_phone = {row.phone: row for row in rows if row.phone}
        self._by_bsuid = {row.bsuid: row for row in rows if row.bsuid}

    def _identify(self, candidate: Candidate) -> None:
        """Complete the candidate with what is known of his customer, whose own phone is the one that is written to."""
        forms = phone_variants(candidate.phone) if candidate.phone else []
        customer = next((self._by_phone[form] for form in forms if form in self._by_phone), None)
        customer = customer or self._by_bsuid.get(candidate.bsuid)
        if customer is None:
            return
        candidate.customer_id = customer.pk
        candidate.phone = customer.phone or candidate.phone
        candidate.bsuid = candidate.bsuid or customer.bsuid or ""
        candidate.name = candidate.name or customer.name

    # --- what speaks against it --------------------------------------------------------------------------------------

    def against(self, candidate: Candidate) -> Reason | None:
        """Why nothing is sent to him by this row; None when nothing speaks against it."""
        rows = self._rows(candidate)
        if rows:
            return DUPLICATE, {"row": min(rows)}
        if candidate.customer_id is None:
            known_hashes = candidate.phone in self._erased or candidate.bsuid in self._erased
            return (Code.CUSTOMER_ERASED, {}) if known_hashes else self._needs_phone(candidate)
        return (
            (self._rights.against(candidate.query_id) if candidate.query_id is not None else None)
            or self._wishes.get(candidate.customer_id)
            or self._needs_phone(candidate)
            or self._queries.get(candidate.customer_id)
            or self._recent.get(candidate.customer_id)
        )

    def take(self, candidate: Candidate) -> None:
        """The row is sent to: another one for the same person is a duplicate."""
        for key in _identities(candidate):
            self._taken[key] = candidate.number

    def link(self, candidate: Candidate) -> dict[int, int]:
        """Learn from a duplicate: whoever is known by any of its identities is one person, also in rows that name him by one
        only. Returns the rows taken before that turn out to be his as well, each with the first one."""
        rows = self._rows(candidate)
        first = min(rows)
        for key in _identities(candidate):
            if self._taken.get(key) != first:
                self._taken[key] = self.linked[key] = first
        return dict.fromkeys(rows - {first}, first)

    def _rows(self, candidate: Candidate) -> set[int]:
        """The rows before it that are for the same person."""
        return {self._taken[key] for key in _identities(candidate) if key in self._taken}

    def _needs_phone(self, candidate: Candidate) -> Reason | None:
        needed = self.category == Template.Category.AUTHENTICATION and not candidate.phone
        return (Code.TEMPLATE_NEEDS_PHONE, {}) if needed else None

    def _load_taken(self, candidates: Sequence[Candidate], customers: set[int]) -> None:
        phones = {form for candidate in candidates if candidate.phone for form in phone_variants(candidate.phone)}
        bsuids = {candidate.bsuid for candidate in candidates if candidate.bsuid}
        self._taken: dict[str | int, int] = {}
        with connection.cursor() as cursor:
            for sql, keys in ((_BY_PHONE, phones), (_BY_BSUID, bsuids), (_BY_CUSTOMER, customers)):
                if keys:
                    cursor.execute(sql, [list(keys), self.campaign.pk])
                    self._taken.update(cursor.fetchall())
        self._taken.update(self.linked)

    def _load_wishes(self, customers: set[int]) -> None:
        scopes = [OptOut.Scope.ALL] + ([OptOut.Scope.MARKETING] if self.category == "marketing" else [])
        rows = OptOut.objects.filter(customer__in=customers, revoked_at__isnull=True, scope__in=scopes)
        self._wishes: dict[int, Reason] = {}
        # "all" comes before "marketing", so it is the one that is told.
        for customer_id, scope, source in rows.order_by("-scope").values_list("customer_id", "scope", "source"):
            code = Code.OPTED_OUT if scope == OptOut.Scope.ALL else Code.OPTED_OUT_MARKETING
            self._wishes[customer_id] = (BLOCKED_CODE, {}) if source == BLOCKED else (code, {"source": source})

    def _load_queries(self, customers: set[int], now: datetime) -> None:
        number = self.campaign.sender_number_id
        queries = Query.objects.filter(customer__in=customers, sender_number=number)
        # A campaign of queries is for the open ones.
        of_queries = self.campaign.source == Campaign.Source.FILTERED
        others = Query.objects.none() if of_queries else queries.exclude(state=Query.State.RESOLVED)
        still_open = dict(others.values_list("customer_id", "pk"))
        standing = Recontact.objects.filter(query__in=still_open.values()).exclude(state=Recontact.State.RELEASED)
        used = set(standing.values_list("query_id", flat=True))
        windows = ServiceWindow.objects.filter(customer__in=customers, sender_number=number, expires_at__gt=now)
        self._queries: dict[int, Reason] = {
            customer_id: (Code.WINDOW_OPEN, {}) for customer_id in windows.values_list("customer_id", flat=True)
        }
        for customer_id, query_id in still_open.items():
            if query_id in used:
                self._queries[customer_id] = (Code.ALREADY_RECONTACTED, {"query": query_id})
            elif not self.campaign.include_open_queries:
                self._queries[customer_id] = (Code.OPEN_QUERY_EXISTS, {"query": query_id})

    def _load_recent(self, customers: set[int], now: datetime) -> None:
        recent = recently_written(campaign=self.campaign, customers=customers, now=now)
        self._recent: dict[int, Reason] = {customer_id: (RECENT_CAMPAIGN, told) for customer_id, told in recent.items()}


def _identities(candidate: Candidate) -> list[str | int]:
    found: list[str | int] = [*phone_variants(candidate.phone)] if candidate.phone else []
    if candidate.bsuid:
        found.append(candidate.bsuid)
    if candidate.customer_id is not None:
        found.append(candidate.customer_id)
    return found


def _erased(candidates: Iterable[Candidate]) -> set[str]:
    """The phones and ids of these whose customer had himself erased and did not come back."""
    somebody = Customer.objects.filter(Q(phone_hash__gt="") | Q(bsuid_hash__gt="")).exists()
    hashes: dict[str, str] = {}
    for candidate in candidates if somebody else ():
        for form in phone_variants(candidate.phone) if candidate.phone else ():
            hashes[keyed_hash(form)] = candidate.phone
        if candidate.bsuid:
            hashes[keyed_hash(candidate.bsuid)] = candidate.bsuid
    wanted = list(hashes)
    rows = Customer.objects.filter(
        Q(phone_hash__in=wanted, phone_hash__gt="") | Q(bsuid_hash__in=wanted, bsuid_hash__gt=""),
        erased_at__isnull=False,
    )
    found = {value for pair in rows.values_list("phone_hash", "bsuid_hash") for value in pair}
    return {hashes[value] for value in found & set(wanted)}
