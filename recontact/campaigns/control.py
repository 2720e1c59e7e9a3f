"""Campaigns from queries: made. And every campaign: paused, resumed, cancelled. The messages are the outbox's; here is only
their lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from recontact.access import queries_for
from recontact.campaigns.approval import approval_needed, approval_stands
from recontact.campaigns.filtered import QUERIES_PERMISSION
from recontact.campaigns.mapping import Filling, values_for
from recontact.campaigns.pricing import PRICE_CHANGED, campaign_reprice, category_adopt
from recontact.campaigns.recipients import unlaunched
from recontact.campaigns.start import CannotStart, campaign_begin
from recontact.campaigns.waiting import PASSING
from recontact.cancelling import messages_cancel
from recontact.clock import ClockTimestamp, database_now
from recontact.dispatch.recheck import TEMPLATE_CHANGED
from recontact.dispatch.wake import wake
from recontact.eligibility import number_refusals, template_refusals
from recontact.models import Campaign, CampaignRefusal, Message, Query
from recontact.outbox import query_recontact
from recontact.refusals import SendRefused

log = structlog.get_logger(__name__)

#: As many queries as one request can queue in good time.
LIMIT = 500

#: How often one query is tried when other transactions are in its way.
TRIES = 3

#: A campaign that is still being prepared, but had no new message for so long, was left by its request.
ABANDONED_AFTER = timedelta(minutes=1)

_GOING = (Campaign.State.RUNNING, Campaign.State.WAITING, Campaign.State.SCHEDULED)

# The database rolled the transaction back: trying again cannot send twice. A lost connection is not among them, for the
# commit may have happened.
_ROLLED_BACK = (DeadlockDetected, SerializationFailure, LockNotAvailable)


class TooManyQueries(ValueError):
    """More queries than one campaign takes. The message says so to a person."""


def campaign_from_queries(
    *,
    query_ids: Sequence[int],
    template_id: int,
    mapping: Mapping[str, Filling],
    user: Any,
    send_key: str,
    name: str,
) -> Campaign:
    """Recontact each query that `user` reaches with the template, each in its own transaction, as one campaign.

    Who is refused is stored with the reasons, and who was asked for on the campaign: if this breaks off, those never tried
    can be told (proof.never_tried). The same `send_key` again returns the campaign it made, and sends nothing.
    Raises TooManyQueries.
    """
    if len(query_ids) > LIMIT:
        raise TooManyQueries(_("At most %(limit)s queries can be recontacted at once.") % {"limit": LIMIT})
    rows = queries_for(user).filter(pk__in=query_ids).select_related("customer", "assigned_to")
    queries = list(rows.order_by("pk"))
    try:
        with transaction.atomic():
            campaign = Campaign.objects.create(
                name=name.strip()[:200],
                template_id=template_id,
                state=Campaign.State.PAUSED,
                state_reason=Campaign.PREPARING,
                asked=[query.pk for query in queries],
                send_key=send_key,
                created_by=user,
            )
    except IntegrityError:
        return Campaign.objects.get(send_key=send_key)
    for query in queries:
        _recontact_patiently(campaign, template_id, query, mapping, user)
    _begin(campaign)
    return campaign


def _recontact_patiently(
    campaign: Campaign, template_id: int, query: Query, mapping: Mapping[str, Filling], user: Any
) -> None:
    """Again when other transactions got in the way; after TRIES the query stays untried and the rest goes on."""
    for _attempt in range(TRIES):
        try:
            _recontact(campaign, template_id, query, mapping, user)
        except OperationalError as error:
            if not isinstance(error.__cause__, _ROLLED_BACK):
                raise
        else:
            return
    log.warning("campaign_query_not_tried", campaign=campaign.pk, query=query.pk, tries=TRIES)


def _recontact(campaign: Campaign, template_id: int, query: Query, mapping: Mapping[str, Filling], user: Any) -> None:
    try:
        query_recontact(
            query_id=query.pk,
            template_id=template_id,
            values=values_for(query, mapping, user),
            user=user,
            send_key=None,
            origin=Message.Origin.BULK,
            campaign=campaign,
        )
    except SendRefused as refused:
        CampaignRefusal.objects.bulk_create(
            CampaignRefusal(campaign=campaign, query=query, code=refusal.code, params=dict(refusal.params))
            for refusal in refused.refusals
        )


def _begin(campaign: Campaign) -> None:
    """Let the messages go, unless a person paused or cancelled the campaign while they were being queued."""
    rows = Campaign.objects.filter(pk=campaign.pk, state=Campaign.State.PAUSED, state_reason=Campaign.PREPARING)
    started = rows.update(state=Campaign.State.RUNNING, state_reason="")
    campaign.refresh_from_db()
    if started:
        wake()
    elif campaign.state == Campaign.State.CANCELLED:
        messages_cancel(Message.objects.filter(campaign=campaign))


def is_preparing(campaign: Campaign) -> bool:
    """Whether its messages are being queued, or were when its request broke off."""
    return campaign.state == Campaign.State.PAUSED and campaign.state_reason == Campaign.PREPARING


def is_abandoned(campaign: Campaign) -> bool:
    """Whether the request that was queueing its messages is gone: nothing new for ABANDONED_AFTER."""
    since = database_now() - ABANDONED_AFTER
    if not is_preparing(campaign) or campaign.created_at > since:
        return False
    return not Message.objects.filter(campaign=campaign, created_at__gt=since).exists()


@transaction.atomic
def campaign_launch(*, campaign_id: int, user: Any) -> Campaign:
    """For `user`, launch a planned campaign: it runs, is scheduled for its hour, or asks for a second person's approval first.

    Raises CannotStart: its plan is not ready, nobody in it can be sent to, or its template or number cannot send now.
    """
    campaign = (
        Campaign.objects.select_for_update(no_key=True, of=("self",))
        .select_related("template__account", "sender_number__account")
        .get(pk=campaign_id)
    )
    if campaign.state != Campaign.State.PLANNED or campaign.template is None or campaign.sender_number is None:
        raise CannotStart(_("Only a campaign whose plan is ready can be launched."))
    if campaign.source == Campaign.Source.FILTERED and not user.has_perm(QUERIES_PERMISSION):
        raise CannotStart(_("You may not recontact many queries at once."))
    if (campaign.template.content_hash, campaign.template.category) != (campaign.template_hash, campaign.category):
        raise CannotStart(_("The template changed since the campaign was planned. Plan it again."))
    refusals = [*number_refusals(campaign.sender_number), *template_refusals(campaign.template, campaign.sender_number)]
    if refusals:
        raise CannotStart(" ".join(refusal.sentence for refusal in refusals))
    if not unlaunched(campaign_id).exists():
        raise CannotStart(_("Nobody in the plan can be sent to."))
    if approval_needed(campaign) and not approval_stands(campaign):
        _ask(campaign_id, user)
        campaign.refresh_from_db()
    else:
        campaign_begin(campaign)
    log.info("campaign_launched", campaign=campaign_id, user=user.pk, state=campaign.state)
    return campaign


def may_pause(campaign: Campaign) -> bool:
    """Whether it would send, or go on by itself. What is parked for a person's word waits for that word, which may ask for an
    approval, and for no pause that another person ends."""
    return campaign.state in _GOING or (campaign.state == Campaign.State.PARKED and campaign.state_reason in PASSING)


def campaign_pause(*, campaign_id: int) -> bool:
    """Stop the campaign's queued messages from being taken, and new ones from being made; one that is parked from going on by
    itself. False: it was not at it."""
    parked = Q(state=Campaign.State.PARKED, state_reason__in=PASSING)
    rows = Campaign.objects.filter(Q(state__in=_GOING) | parked, pk=campaign_id)
    return bool(rows.update(state=Campaign.State.PAUSED, state_reason="person", waiting_until=None))


def _ask(campaign_id: int, user: Any, reason: str = "") -> None:
    rows = Campaign.objects.filter(pk=campaign_id)
    rows.update(state=Campaign.State.AWAITING, state_reason=reason, asked_by=user)


@transaction.atomic
def campaign_resume(*, campaign_id: int, user: Any = None) -> bool:
    """Let a paused or parked campaign go on, or wait for its hour again. False: it was neither, or its messages are still
    being queued.

    One whose request broke off goes on with the messages that were queued. One that was parked for its price, or for its
    template's category, goes on with the new one, after the approval of another person than `user` where the sum needs it.
    """
    waiting = [Campaign.State.PAUSED, Campaign.State.PARKED]
    rows = Campaign.objects.select_for_update(no_key=True, of=("self",)).select_related("sender_number", "template")
    campaign = rows.filter(pk=campaign_id, state__in=waiting).first()
    if campaign is None or (is_preparing(campaign) and not is_abandoned(campaign)):
        return False
    if _price_adopted(campaign) and approval_needed(campaign) and not approval_stands(campaign):
        _ask(campaign_id, user, PRICE_CHANGED)
        return True
    campaign_begin(campaign)
    return True


def _price_adopted(campaign: Campaign) -> bool:
    """Plan a campaign from a file that was parked for it with the new price. False: it was parked for something else."""
    if campaign.source == Campaign.Source.QUERIES:
        return False
    if campaign.state_reason == PRICE_CHANGED:
        campaign_reprice(campaign)
        return True
    return campaign.state_reason == TEMPLATE_CHANGED and category_adopt(campaign)


def campaign_cancel(*, campaign_id: int) -> int | None:
    """End the campaign: what is still queued is cancelled, its queries get their right back, and nobody else gets a message
    (recipients without one count as cancelled from here on). Returns how many messages and recipients that are.

    None: it had ended already. The campaign's own row is committed first: a worker that claims locks messages before it
    touches the campaign, so holding both in the other order could deadlock.
    """
    rows = Campaign.objects.filter(pk=campaign_id).exclude(state__in=Campaign.ENDED)
    if not rows.update(
        state=Campaign.State.CANCELLED, state_reason="", waiting_until=None, completed_at=ClockTimestamp()
    ):
        return None
    cancelled = messages_cancel(Message.objects.filter(campaign_id=campaign_id))
    return cancelled + unlaunched(campaign_id).count()
