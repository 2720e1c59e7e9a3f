"""The limit of a portfolio: people written to first by all its numbers in a moving 24 hours. A slot is taken at the claim.

Whoever takes or frees slots locks the portfolio's row of uses first, so two pumps cannot overrun the limit together. A
slot is kept when its message was not sent after all: the count is never below the provider's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from psycopg.types.numeric import Int8

from providers.errors import Reason
from recontact.arrays import array_literal
from recontact.clock import ClockTimestamp
from recontact.dispatch.candidates import Due
from recontact.dispatch.lease import NumberSends
from recontact.limits import DAY
from recontact.models import Campaign, Message, PortfolioSlot, PortfolioUse
from recontact.prepared import changed, fetched
from recontact.states import MessageState

#: A lane that found no slot is not asked again sooner: slots come back one by one.
LOOK_AGAIN = timedelta(seconds=60)

_SEED = """
    INSERT INTO recontact_portfolioslot (portfolio_id, customer_id, taken_at)
    SELECT n.portfolio_id, m.customer_id, max(m.claimed_at)
    FROM recontact_message m JOIN providers_sendernumber n ON n.id = m.sender_number_id
    WHERE n.portfolio_id = %s AND m.kind = 'template' AND m.claimed_at > clock_timestamp() - interval '24 hours'
      AND m.state NOT IN ('rejected', 'cancelled', 'expired', 'skipped', 'queued')
    GROUP BY n.portfolio_id, m.customer_id
    ON CONFLICT (portfolio_id, customer_id) DO NOTHING
"""
_TAKE = """
    INSERT INTO recontact_portfolioslot AS s (portfolio_id, customer_id, taken_at)
    SELECT %s, customer, clock_timestamp() FROM unnest(%s::bigint[]) AS customer
    ON CONFLICT (portfolio_id, customer_id) DO UPDATE SET taken_at = EXCLUDED.taken_at
"""
_LOCK = "SELECT taken FROM recontact_portfoliouse WHERE portfolio_id = %s FOR UPDATE"
_HAVE = "SELECT customer_id FROM recontact_portfolioslot WHERE portfolio_id = %s AND customer_id = ANY(%s::bigint[])"
_COUNT = "UPDATE recontact_portfoliouse SET taken = %s::int WHERE portfolio_id = %s"


class _Use(NamedTuple):
    """A portfolio's row of uses: how many people it wrote to."""

    portfolio_id: int
    taken: int


def slots_take(*, number: NumberSends, messages: Sequence[Due]) -> set[int]:
    """Take a slot for the person of each HSM (about to be claimed, in the caller's transaction, outside any open window).

    Returns the messages that found none. Those of agents are due again in a minute; a campaign waits until a slot is free,
    and leaves settings.PORTFOLIO_AGENTS_SHARE of the limit to the agents.
    """
    portfolio_id, of_all = number.portfolio_id, number.messaging_limit
    wanted = [message for message in messages if message.kind == Message.Kind.TEMPLATE]
    if portfolio_id is None or of_all is None or not wanted:
        return set()
    use = _locked_use(portfolio_id)
    for_campaigns = campaigns_limit(of_all)
    have = _have(portfolio_id, {message.customer_id for message in wanted})
    taken, new, without = use.taken, set(have), []
    for message in sorted(wanted, key=lambda message: message.campaign_id is not None):
        limit = of_all if message.campaign_id is None else for_campaigns
        if message.customer_id in new:
            continue
        if taken >= limit:
            without.append(message)
            continue
        taken += 1
        new.add(message.customer_id)
    _store(use, taken, {message.customer_id for message in wanted} & new)
    if without:
        _wait(portfolio_id, without, number.now)
    return {message.pk for message in without}


def campaigns_limit(limit: int) -> int:
    """What campaigns may use of a portfolio's limit: all but the agents' share."""
    return int(limit * (1 - settings.PORTFOLIO_AGENTS_SHARE))


def _locked_use(portfolio_id: int) -> _Use:
    """The portfolio's row, locked; at its first use the people of the last 24 hours are counted."""
    created = False
    if not (rows := fetched(_LOCK, [Int8(portfolio_id)])):
        _use, created = PortfolioUse.objects.get_or_create(portfolio_id=portfolio_id)
        rows = fetched(_LOCK, [Int8(portfolio_id)])
    use = _Use(portfolio_id, *rows[0])
    if created:
        changed(_SEED, [Int8(portfolio_id)])
        use = _Use(portfolio_id, PortfolioSlot.objects.filter(portfolio=portfolio_id).count())
        changed(_COUNT, [Int8(use.taken), Int8(portfolio_id)])
    return use


def _have(portfolio_id: int, customers: Iterable[int]) -> set[int]:
    """Those of the customers who have a slot: it counts until it is freed, be it a little late."""
    return {row[0] for row in fetched(_HAVE, [Int8(portfolio_id), array_literal(customers)])}


def _store(use: _Use, taken: int, customers: set[int]) -> None:
    changed(_TAKE, [Int8(use.portfolio_id), array_literal(sorted(customers))])
    if taken != use.taken:
        changed(_COUNT, [Int8(taken), Int8(use.portfolio_id)])


def _wait(portfolio_id: int, messages: Sequence[Due], now: datetime) -> None:
    agents = [message.pk for message in messages if message.campaign_id is None]
    Message.objects.filter(pk__in=agents, state=MessageState.QUEUED).update(
        due_at=now + LOOK_AGAIN, reason=Reason.RECIPIENT_LIMIT
    )
    campaigns = {message.campaign_id for message in messages if message.campaign_id is not None}
    if campaigns:
        oldest = PortfolioSlot.objects.filter(portfolio=portfolio_id).order_by("taken_at").first()
        free_at = now if oldest is None else oldest.taken_at + DAY
        Campaign.objects.filter(pk__in=campaigns, state=Campaign.State.RUNNING).update(
            state=Campaign.State.WAITING,
            state_reason=Reason.RECIPIENT_LIMIT,
            waiting_until=max(free_at, now + LOOK_AGAIN),
        )


def slots_free() -> int:
    """Give back the slots of people who were last written to more than 24 hours ago. Returns how many."""
    freed = 0
    for portfolio_id in PortfolioUse.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            use = PortfolioUse.objects.select_for_update().get(pk=portfolio_id)
            rows = PortfolioSlot.objects.filter(portfolio=portfolio_id, taken_at__lte=ClockTimestamp() - DAY)
            count, _by_model = rows.delete()
            if count:
                use.taken = PortfolioSlot.objects.filter(portfolio=portfolio_id).count()
                use.save(update_fields=["taken"])
            freed += count
    return freed
