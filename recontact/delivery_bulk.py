"""Many statuses at once: what `recontact.delivery.status_apply` makes of them one after the other, at a fraction of its cost.

Only what is plain is done here (`recontact.delivery_plan`): of each message the events before the first that is not. Those
from there on are left, so each message has its events in their order. Messages are locked without waiting: one that somebody
else holds is left too. So no bulk ever waits for a message with others in its hands.
"""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from collections.abc import Sequence, Set
from itertools import takewhile

from providers.contracts import DeliveryStatus, StatusEvent
from providers.rates.lookup import takes_for_failures
from recontact import ledger
from recontact.adoption import in_need
from recontact.campaigns.storing import cost_entries_copy
from recontact.costs.price_book import PriceBook
from recontact.costs.report import report_entry
from recontact.delivery_people import Person, Strangers, people_join, person_of
from recontact.delivery_plan import Known, Plan, Standing, is_plain, plan_make
from recontact.delivery_rows import (
    erased_ids,
    events_known,
    events_store,
    messages_by_id,
    messages_by_reference,
    messages_store,
    prices_told,
    released,
    reported,
    reserved,
    told_with_an_earlier_try,
)
from recontact.models import CostEntry

Told = Sequence[tuple[int, StatusEvent]]

_OUR_SPELLING = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def statuses_apply(told: Told) -> set[int]:
    """Apply the plain ones of these (account, event) pairs, in the caller's transaction; returns the positions of the others.

    Whatever is raised undoes all of it, and then each may be applied by itself.
    """
    found, strangers = _found(told), Strangers(told)
    groups = _groups(told, found, strangers.positions)
    plans = _plans(told, groups, about={message.pk for message in found.values()})
    _write(list(plans.values()), strangers.joined)
    done = {
        position
        for message, positions in groups
        if (plan := plans.get(message.pk))
        for position in positions[: plan.taken]
    }
    return set(range(len(told))) - done


# --- whose they are --------------------------------------------------------------------------------------------------


def _found(told: Told) -> dict[int, Standing]:
    """Position -> its message, locked: by our reference, else by the provider's id."""
    references = {position: _reference(event) for position, (_account, event) in enumerate(told)}
    by_reference = messages_by_reference({each for each in references.values() if each})
    found: dict[int, Standing] = {}
    for position, (account_id, _event) in enumerate(told):
        message = by_reference.get(references[position])
        if message is not None and message.account_id == account_id:
            found[position] = message
    others = {
        (account_id, event.provider_message_id)
        for position, (account_id, event) in enumerate(told)
        if position not in found and event.provider_message_id
    }
    by_id = messages_by_id(others, locked={message.pk: message for message in found.values()})
    for position, (account_id, event) in enumerate(told):
        if position not in found and (account_id, event.provider_message_id) in by_id:
            found[position] = by_id[account_id, event.provider_message_id]
    return found


def _reference(event: StatusEvent) -> str:
    """Our reference in its one spelling; empty when there is none."""
    if not event.reference or _OUR_SPELLING.fullmatch(event.reference):
        return event.reference
    try:
        return str(uuid.UUID(event.reference))
    except ValueError:
        return ""


def _groups(told: Told, found: dict[int, Standing], strangers: set[int]) -> list[tuple[Standing, list[int]]]:
    """The messages whose first event is plain, with the positions of those before one that is not; no other event of the batch
    has the ids that they are told of by, and none of all of theirs is of `strangers`."""
    by_message: dict[int, list[int]] = defaultdict(list)
    messages_of: dict[tuple[int, str], set[int | None]] = defaultdict(set)
    for position, pair in enumerate(told):
        message = found.get(position)
        messages_of[_key(pair)].add(None if message is None else message.pk)
        if message is not None:
            by_message[message.pk].append(position)
    plain = _plain(told)
    groups = []
    for message_id, positions in by_message.items():
        alone = all(messages_of[_key(told[position])] == {message_id} for position in positions)
        first = list(takewhile(plain.__contains__, positions))
        if alone and first and strangers.isdisjoint(positions):
            groups.append((found[positions[0]], first))
    return groups


def _plain(told: Told) -> set[int]:
    """The positions of the events that are plain at their accounts."""
    adopting, charging = _adopting(told), _charging(told)
    return {
        position
        for position, (account_id, event) in enumerate(told)
        if is_plain(event)
        and (event.reference or account_id not in adopting)
        and not (event.status == DeliveryStatus.FAILED and account_id in charging)
    }


def _adopting(told: Told) -> set[int]:
    """The accounts whose events without a reference may have to be adopted: more is kept of these."""
    return {account_id for account_id in {pair[0] for pair in told if not pair[1].reference} if in_need(account_id)}


def _charging(told: Told) -> set[int]:
    """The accounts of failures which take something for them."""
    failing = {account_id for account_id, event in told if event.status == DeliveryStatus.FAILED}
    return {account_id for account_id in failing if takes_for_failures(account_id)}


def _key(told: tuple[int, StatusEvent]) -> tuple[int, str]:
    account_id, event = told
    return account_id, event.provider_message_id


# --- what they come to -----------------------------------------------------------------------------------------------


def _plans(told: Told, groups: Sequence[tuple[Standing, list[int]]], *, about: Set[int]) -> dict[int, Plan]:
    """Message id -> its plan, for those that have one. `about`: all messages that the batch tells of."""
    if not groups:
        return {}
    ids = {message.pk for message, _positions in groups}
    keys = {message.pk: _key(told[positions[0]]) for message, positions in groups}
    # A person gave its query's right back: what arrives now is an incident.
    passed_over = released(ids)
    passed_over |= told_with_an_earlier_try({message.pk for message, _ in groups if message.is_retry}, about)
    statuses, prices, in_books = events_known(set(keys.values())), prices_told(ids), reported(ids)
    erased = erased_ids(
        {keys[message.pk] for message, _ in groups if keys[message.pk][1] != message.provider_message_id}
    )
    plans = {}
    for message, positions in groups:
        key = keys[message.pk]
        if message.pk in passed_over or key in erased:
            continue
        known = Known(statuses.get(key, {}), prices.get(message.pk), message.pk in in_books)
        plan = plan_make(message, [told[position][1] for position in positions], known)
        if plan is not None:
            plans[message.pk] = plan
    return plans


# --- writing ---------------------------------------------------------------------------------------------------------


def _write(plans: Sequence[Plan], joined: Set[Person]) -> None:
    if not plans:
        return
    # By what is new alone: what is said again may be from before somebody else got the phone.
    new = {person_of(each.event) for plan in plans for each in plan.events}
    if people := joined & new:
        people_join(people)
    book = PriceBook()
    entries = {plan.message.pk: entry for plan in plans if (entry := _report(plan, book)) is not None}
    messages_store([plan for plan in plans if plan.is_changed], entries)
    events_store(plans)
    ledger.settle(reserved({plan.message.pk for plan in plans if plan.events}))
    if entries:
        cost_entries_copy(list(entries.values()))


def _report(plan: Plan, book: PriceBook) -> CostEntry | None:
    entries = (report_entry(plan.charged, price=price, free=free, book=book) for price, free in plan.reports)
    return next((entry for entry in entries if entry is not None), None)
