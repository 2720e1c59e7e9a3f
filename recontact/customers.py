"""Customers: found by phone or business-scoped id, merged when both turn out to be one person, opted out and in."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from itertools import filterfalse
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from recontact.campaigns.merging import recipients_merge
from recontact.hashes import keyed_hash
from recontact.models import CampaignRecipient, Customer, OptOut, Query, QueryEvent, Recontact, ServiceWindow
from recontact.phones import phone_country, phone_search_forms, phone_variants

TAG_LENGTH = 50
TAGS_AT_MOST = 30


def fold(text: str) -> str:
    """Lower case without accents, for sorting and prefix search."""
    if text.isascii():
        return text.lower().strip()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(filterfalse(unicodedata.combining, decomposed)).strip()


def customer_index(customer: Customer) -> None:
    """Set the columns that searching and sorting use, from the name and the phone. The caller saves."""
    customer.sort_name, customer.search = customer_indexed(customer.name, customer.phone or "")


def customer_indexed(name: str, phone: str) -> tuple[str, str]:
    """The columns `sort_name` and `search` of a customer with this name and phone."""
    sort_name = fold(name)[:200]
    return sort_name, " ".join([sort_name, *phone_search_forms(phone)]).strip()


def customer_lock(customer_id: int) -> Customer:
    """The customer's row, locked for this transaction; a merged one leads to the customer that took it in.

    Not against the checks of foreign keys, which come at each COMMIT, in an order of their own: they would deadlock.
    """
    customer = Customer.objects.select_for_update(no_key=True).get(pk=customer_id)
    while customer.merged_into_id is not None:
        customer = Customer.objects.select_for_update(no_key=True).get(pk=customer.merged_into_id)
    return customer


@transaction.atomic
def customer_identify(*, phone: str = "", bsuid: str = "", name: str = "", wa_id: str = "") -> Customer:
    """The one customer with this phone (E.164) and/or BSUID, created, completed or merged as needed; row locked.

    A name already known is kept. Raises ValueError when neither identity is given.
    """
    if not phone and not bsuid:
        raise ValueError("a customer needs a phone or a business-scoped id")
    by_phone = _locked_by_phone(phone) if phone else None
    by_bsuid = _locked(bsuid=bsuid) if bsuid else None
    if by_phone is not None and by_bsuid is not None and by_phone.pk != by_bsuid.pk:
        customer = customer_merge(keep=by_phone, gone=by_bsuid)
    else:
        customer = by_phone or by_bsuid or _create(phone=phone, bsuid=bsuid)
    _complete(customer, phone=phone, bsuid=bsuid, name=name, wa_id=wa_id)
    return customer


def _locked_by_phone(phone: str) -> Customer | None:
    """By the exact phone, else by the other form of the same Argentine number: one person, one customer."""
    forms = phone_variants(phone)
    found = {
        customer.phone: customer for customer in Customer.objects.select_for_update(no_key=True).filter(phone__in=forms)
    }
    return next((found[form] for form in forms if form in found), None)


def _locked(**identity: str) -> Customer | None:
    return Customer.objects.select_for_update(no_key=True).filter(**identity).first()


def _create(*, phone: str, bsuid: str) -> Customer:
    identity: dict[str, Any] = {"phone": phone} if phone else {"bsuid": bsuid}
    customer, created = Customer.objects.get_or_create(**identity)
    if created:
        _inherit_opt_outs(customer, phone=phone, bsuid=bsuid)
    return customer_lock(customer.pk)


def _inherit_opt_outs(customer: Customer, *, phone: str, bsuid: str) -> None:
    """Somebody erased who had opted out is still opted out when the same phone or id comes back."""
    erased = Customer.objects.none()
    if phone:
        erased = erased | Customer.objects.filter(phone_hash__in=[keyed_hash(form) for form in phone_variants(phone)])
    if bsuid:
        erased = erased | Customer.objects.filter(bsuid_hash=keyed_hash(bsuid))
    scopes = OptOut.objects.filter(customer__in=erased, revoked_at__isnull=True).values_list("scope", flat=True)
    for scope in set(scopes):
        opt_out_add(customer=customer, scope=scope, source="before erasure")


def _complete(customer: Customer, *, phone: str, bsuid: str, name: str, wa_id: str) -> None:
    before = (customer.phone, customer.bsuid, customer.name, customer.wa_id, customer.country)
    customer.phone = customer.phone or phone or None
    customer.bsuid = bsuid or customer.bsuid
    customer.name = customer.name or name[:200]
    customer.wa_id = wa_id or customer.wa_id
    customer.country = customer.country or phone_country(customer.phone or "") or (customer.bsuid or "")[:2].upper()
    if (
        before != (customer.phone, customer.bsuid, customer.name, customer.wa_id, customer.country)
        or not customer.search
    ):
        customer_index(customer)
        customer.save()


def customer_rename(*, customer: Customer, name: str) -> None:
    """Give the customer a name, as a person writes it."""
    customer.name = name.strip()[:200]
    customer_index(customer)
    customer.save(update_fields=["name", "sort_name", "search"])


def customer_tag(*, customer: Customer, tags: Iterable[str]) -> None:
    """Give the customer exactly these tags, each once, in their order; empty ones are none."""
    kept = dict.fromkeys(" ".join(tag.split())[:TAG_LENGTH] for tag in tags)
    customer.tags = [tag for tag in kept if tag][:TAGS_AT_MOST]
    customer.save(update_fields=["tags"])


@transaction.atomic
def customer_change_phone(*, old_phone: str, new_phone: str, new_bsuid: str = "") -> Customer | None:
    """The person of `old_phone` now has `new_phone`; merged with whoever already had it. None: nobody had the old one."""
    customer = _locked(phone=old_phone)
    if customer is None:
        return None
    other = _locked(phone=new_phone)
    if other is not None and other.pk != customer.pk:
        customer = customer_merge(keep=other, gone=customer)
    customer.phone, customer.wa_id = new_phone, ""
    if new_bsuid:
        customer.bsuid = new_bsuid
    customer.country = phone_country(new_phone) or customer.country
    customer_index(customer)
    customer.save()
    return customer


@transaction.atomic
def customer_merge(*, keep: Customer, gone: Customer) -> Customer:
    """Make two customers one: `keep` takes over history, windows, opt-outs and queries; `gone` stays as a pointer.

    Of two open queries with one number, the one that stands is the recontacted one, else the older; the other is resolved
    as merged, so that the person cannot be recontacted a second time by the way of the merge.
    """
    for number_id in _numbers_with_open_queries(keep, gone):
        _one_open_query(keep, gone, number_id)
    _merge_windows(keep, gone)
    _merge_opt_outs(keep, gone)
    recipients_merge(keep=keep, gone=gone)
    for relation in Customer._meta.related_objects:
        if relation.related_model in (ServiceWindow, OptOut, CampaignRecipient) or relation.name == "merged":
            continue
        relation.related_model._default_manager.filter(**{relation.field.name: gone}).update(
            **{relation.field.name: keep}
        )
    bsuid, name, phone = gone.bsuid, gone.name, gone.phone
    gone.phone = gone.bsuid = None
    gone.merged_into, gone.search, gone.sort_name = keep, "", ""
    gone.save()
    keep.bsuid, keep.name, keep.phone = keep.bsuid or bsuid, keep.name or name, keep.phone or phone
    customer_index(keep)
    keep.save()
    return keep


def _numbers_with_open_queries(keep: Customer, gone: Customer) -> list[int]:
    rows = Query.objects.filter(customer__in=[keep, gone]).exclude(state=Query.State.RESOLVED)
    numbers = list(rows.values_list("sender_number_id", flat=True))
    return sorted({number for number in numbers if numbers.count(number) > 1})


def _one_open_query(keep: Customer, gone: Customer, number_id: int) -> None:
    rows = Query.objects.select_for_update(no_key=True).filter(customer__in=[keep, gone], sender_number_id=number_id)
    queries = sorted(rows.exclude(state=Query.State.RESOLVED), key=lambda query: query.pk)
    used = set(
        Recontact.objects.filter(query__in=queries)
        .exclude(state=Recontact.State.RELEASED)
        .values_list("query_id", flat=True)
    )
    stands = next((query for query in queries if query.pk in used), queries[0])
    for query in queries:
        if query.pk != stands.pk:
            query.state, query.resolution = Query.State.RESOLVED, "merged"
            query.resolved_at = Now()
            query.save(update_fields=["state", "resolution", "resolved_at"])
            QueryEvent.objects.create(query=query, kind=QueryEvent.Kind.MERGED, detail=f"#{stands.pk}")


def _merge_windows(keep: Customer, gone: Customer) -> None:
    for window in ServiceWindow.objects.filter(customer=gone):
        mine, created = ServiceWindow.objects.get_or_create(
            customer=keep,
            sender_number_id=window.sender_number_id,
            defaults={
                "last_inbound_at": window.last_inbound_at,
                "expires_at": window.expires_at,
                "entry_point_at": window.entry_point_at,
            },
        )
        if not created:
            mine.last_inbound_at = max(mine.last_inbound_at, window.last_inbound_at)
            mine.expires_at = max(mine.expires_at, window.expires_at)
            came = [each for each in (mine.entry_point_at, window.entry_point_at) if each is not None]
            mine.entry_point_at = max(came, default=None)
            mine.save()
        window.delete()
    # Their copies of the window are made when they are written.
    Query.objects.filter(customer=keep).exclude(state=Query.State.RESOLVED).update(activity_at=F("activity_at"))


def _merge_opt_outs(keep: Customer, gone: Customer) -> None:
    standing = set(OptOut.objects.filter(customer=keep, revoked_at__isnull=True).values_list("scope", flat=True))
    rows = OptOut.objects.filter(customer=gone)
    rows.exclude(revoked_at__isnull=True, scope__in=standing).update(customer=keep)


@transaction.atomic
def opt_out_add(*, customer: Customer, scope: str, source: str, user: Any = None) -> OptOut:
    """Record that the customer wants no marketing, or nothing at all. Saying it twice changes nothing.

    Said of a customer who was merged meanwhile, it holds for the one that took him in.
    """
    customer = customer_lock(customer.pk)
    opt_out, _created = OptOut.objects.get_or_create(
        customer=customer, scope=scope, revoked_at=None, defaults={"source": source[:100], "created_by": user}
    )
    return opt_out


@transaction.atomic
def opt_out_revoke(*, customer: Customer, scope: str, source: str) -> bool:
    """The customer wants messages again, by `source` (required: an opt-in needs one). False: there was no opt-out."""
    if not source:
        raise ValueError("an opt-in needs a source")
    rows = OptOut.objects.filter(customer=customer_lock(customer.pk), scope=scope, revoked_at__isnull=True)
    return bool(rows.update(revoked_at=Now(), revoked_source=source[:200]))


def opt_out_standing(customer_id: int, *, category: str) -> OptOut | None:
    """The opt-out that keeps a message of `category` from this customer: `all`, or `marketing` for marketing."""
    scopes = [OptOut.Scope.ALL] + ([OptOut.Scope.MARKETING] if category == "marketing" else [])
    rows = OptOut.objects.filter(customer_id=customer_id, revoked_at__isnull=True, scope__in=scopes)
    return rows.order_by("scope").first()
