"""Trying a campaign's lost messages again because a person asked: kept as a wish, and carried out by a worker in batches.

The wish's place (`after_id`) moves in the transaction that stores the new messages, so a crash between any two steps loses and
doubles nothing. A batch locks the campaign, then customers and messages, and stops before the first that somebody else holds.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import structlog
from celery import current_app
from django.db import OperationalError, transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from recontact.budgets.reserve import campaign_reserve
from recontact.campaigns.ahead import batch_room
from recontact.campaigns.halts import share_words
from recontact.campaigns.hours import HOURS
from recontact.campaigns.launch import SLICE_SECONDS
from recontact.campaigns.lost import LOST, Price, lost_messages, prospect_shown, retry_prospect, why_words, with_verdict
from recontact.campaigns.next_tries import campaign_queued, next_tries_store
from recontact.campaigns.start import CannotStart
from recontact.clock import ClockTimestamp, database_now
from recontact.dispatch.wake import wake_on_commit
from recontact.eligibility import number_refusals, template_refusals
from recontact.models import Campaign, CampaignRetry, Customer, Message

log = structlog.get_logger(__name__)

RETRY_TASK = "recontact.tasks.campaigns_retry"
#: A campaign's words are too old to be sent again so long after its launch.
TIME_IS_OVER = timedelta(days=30)

_ASKABLE = (
    Campaign.State.RUNNING,
    Campaign.State.WAITING,
    Campaign.State.PAUSED,
    Campaign.State.PARKED,
    Campaign.State.COMPLETED,
)


# --- asking ----------------------------------------------------------------------------------------------------------


def retry_blocker(campaign: Campaign) -> str:
    """Why nothing of the campaign is tried again now, in a sentence; empty = it may be. Template and number loaded."""
    if campaign.state == Campaign.State.CANCELLED:
        return _("The campaign was cancelled: nothing of it is tried again.")
    if campaign.state not in _ASKABLE:
        return _("The campaign has not begun: there is nothing to try again.")
    begun_at = campaign.launched_at or campaign.created_at
    if begun_at < database_now() - TIME_IS_OVER:
        return _("The campaign began more than %(days)s days ago: its time is over.") % {"days": TIME_IS_OVER.days}
    if CampaignRetry.objects.filter(campaign=campaign, finished_at=None).exists():
        return _("Its lost messages are being tried again already.")
    number, template = campaign.sender_number, campaign.template
    refusals = number_refusals(number) if number is not None else []
    if number is not None and template is not None:
        refusals = refusals + template_refusals(template, number)
    return " ".join(refusal.sentence for refusal in refusals)


@transaction.atomic
def campaign_retry(*, campaign_id: int, user: Any, seen: str) -> CampaignRetry:
    """Have the lost messages tried again that may be: at most as many as `seen` (Prospect.token) showed, and none at a higher
    price, reserved at the budgets. A completed campaign runs again. Raises CannotStart: it may not be tried, nobody in it can
    be, a price rose, or it does not fit a budget.
    """
    campaign = _locked(campaign_id)
    blocker = retry_blocker(campaign)
    if blocker:
        raise CannotStart(blocker)
    prospect = retry_prospect(campaign)
    if not prospect.count:
        raise CannotStart(_("None of the lost messages may be tried again."))
    shown = prospect_shown(seen)
    if shown is None or any(_rose(price, shown.prices.get(market)) for market, price in prospect.prices.items()):
        raise CannotStart(_("What it costs changed since this page was opened. Look at it once more."))
    _reserve(campaign, prospect.totals)
    retry = CampaignRetry.objects.create(
        campaign=campaign,
        asked_by=user,
        asked_at=database_now(),
        planned=min(prospect.count, shown.count),
        prices={market: [str(price.amount), price.currency] for market, price in prospect.prices.items()},
        upto_id=lost_messages(campaign).aggregate(last=Max("pk"))["last"] or 0,
    )
    _run_again(campaign)
    transaction.on_commit(_send)
    log.info("campaign_retry_asked", campaign=campaign_id, user=user.pk, planned=retry.planned)
    return retry


@transaction.atomic
def message_retry(*, message_id: int, user: Any) -> Message:
    """Try one lost message of a campaign again, now, at the price it had. Raises CannotStart with the reason why not."""
    asked = Message.objects.get(pk=message_id)
    if asked.campaign_id is None:
        raise CannotStart(_("Only a campaign's message is tried again by itself."))
    campaign = _locked(asked.campaign_id)
    blocker = retry_blocker(campaign)
    if blocker:
        raise CannotStart(blocker)
    if asked.estimate is not None:
        _reserve(campaign, {asked.currency: asked.estimate})
    _message_locked(asked)
    row = with_verdict(lost_messages(campaign), campaign).filter(pk=message_id).first()
    if row is None:
        raise CannotStart(_("The message is not lost, or was tried again already."))
    why = str(getattr(row, "why", ""))
    if why:
        raise CannotStart(why_words(why, row.reason))
    agreed = {row.planned_market: (row.estimate or Decimal(0), row.currency)}
    made = next_tries_store(campaign, [row], agreed)
    if not made:
        raise CannotStart(_("Its price rose or is not known any more. The campaign's page says what it costs now."))
    _run_again(campaign)
    wake_on_commit()
    log.info("message_retry_asked", message=message_id, user=user.pk, retry=made[0].pk)
    return made[0]


def _reserve(campaign: Campaign, price: Mapping[str, Decimal]) -> None:
    """Before any customer is locked. Raises CannotStart with the budgets that it does not fit."""
    short = campaign_reserve(campaign, at=database_now(), extra=price)
    if short:
        raise CannotStart(" ".join(share_words(share) for share in short))


def _message_locked(message: Message) -> None:
    """Lock the message and its customer. Whoever holds one of them may wait for the campaign, which is locked here
    already, so nobody is waited for. Raises CannotStart."""
    try:
        with transaction.atomic():
            Customer.objects.select_for_update(nowait=True, no_key=True).get(pk=message.customer_id)
            Message.objects.select_for_update(nowait=True, of=("self",)).get(pk=message.pk)
    except OperationalError as error:
        raise CannotStart(_("Something else is being done with this person just now. Try once more.")) from error


def message_may_retry(message: Message) -> bool:
    """Whether a person may have this message tried again now, as far as can be said without locks."""
    if message.campaign_id is None or message.query_id is not None or message.state not in LOST:
        return False
    campaign = Campaign.objects.select_related("template__account", "sender_number__account").get(
        pk=message.campaign_id
    )
    rows = with_verdict(lost_messages(campaign), campaign).filter(pk=message.pk, why="")
    return not retry_blocker(campaign) and rows.exists()


def _rose(price: Price, shown: Price | None) -> bool:
    return shown is None or price.currency != shown.currency or price.amount > shown.amount


def _locked(campaign_id: int) -> Campaign:
    rows = Campaign.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("template__account", "sender_number__account").get(pk=campaign_id)


def _run_again(campaign: Campaign) -> None:
    """One that is over, or waits for the hours of others."""
    stands = Q(state=Campaign.State.COMPLETED) | Q(state=Campaign.State.WAITING, state_reason=HOURS)
    Campaign.objects.filter(stands, pk=campaign.pk).update(
        state=Campaign.State.RUNNING, state_reason="", waiting_until=None, completed_at=None
    )


def _send() -> None:
    """A broker that is away loses nothing: beat looks by itself."""
    try:
        current_app.send_task(RETRY_TASK, queue="default", retry=False, expires=60)
    except Exception as error:
        log.warning("campaign_retry_not_sent", error=type(error).__name__)


# --- making ----------------------------------------------------------------------------------------------------------


def retries_make() -> int:
    """Make the next messages of every wish that is open, a little ahead of the sending. Returns how many."""
    ends, made = time.monotonic() + SLICE_SECONDS, 0
    open_ones = list(CampaignRetry.objects.filter(finished_at=None).order_by("pk").values_list("pk", flat=True))
    while open_ones and time.monotonic() < ends:
        counts = {retry_id: batch_retry(retry_id=retry_id) for retry_id in open_ones}
        made += sum(count for count in counts.values() if count)
        open_ones = [retry_id for retry_id in open_ones if counts[retry_id] is not None]
    return made


@transaction.atomic
def batch_retry(*, retry_id: int) -> int | None:
    """Make the next messages of one wish. Returns how many; None: there is nothing to be done now, or no more at all."""
    wish = CampaignRetry.objects.get(pk=retry_id)
    # Passed over when it is locked: by another worker, or by whoever ends or stops it just now.
    rows = Campaign.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    campaign = rows.select_related("template", "sender_number__account").filter(pk=wish.campaign_id).first()
    if campaign is None:
        return None
    wish.refresh_from_db()
    if wish.finished_at is not None or campaign.state == Campaign.State.CANCELLED or wish.made >= wish.planned:
        _finish(wish)
        return None
    if campaign.state != Campaign.State.RUNNING or _must_wait(campaign):
        return None
    room = batch_room(campaign, campaign.sender_number, campaign_queued(campaign), database_now())
    if not room:
        return None
    ids, is_last = _next_locked(campaign, wish, room)
    if not ids:
        if is_last:
            _finish(wish)
        return None
    allowed = with_verdict(lost_messages(campaign), campaign).filter(pk__in=ids, why="").order_by("pk")
    prices = {market: (Decimal(amount), str(currency)) for market, (amount, currency) in wish.prices.items()}
    made = next_tries_store(campaign, list(allowed[: wish.planned - wish.made]), prices)
    wish.after_id, wish.made = ids[-1], wish.made + len(made)
    wish.save(update_fields=["after_id", "made"])
    wake_on_commit()
    return len(made)


def _finish(wish: CampaignRetry) -> None:
    CampaignRetry.objects.filter(pk=wish.pk, finished_at=None).update(finished_at=ClockTimestamp())


def _must_wait(campaign: Campaign) -> bool:
    number = campaign.sender_number
    return number is not None and bool(number_refusals(number))


def _next_locked(campaign: Campaign, wish: CampaignRetry, limit: int) -> tuple[list[int], bool]:
    """The next lost messages with their customers, both locked, up to the first that somebody holds; and whether there are
    none left at all."""
    rows = lost_messages(campaign).filter(pk__gt=wish.after_id, pk__lte=wish.upto_id).order_by("pk")
    found = list(rows.values_list("pk", "customer_id")[:limit])
    if not found:
        return [], True
    customers = Customer.objects.filter(pk__in={customer for _pk, customer in found}).order_by("pk")
    free = set(customers.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
    messages = Message.objects.filter(pk__in=[pk for pk, customer in found if customer in free]).order_by("pk")
    mine = set(messages.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    ids: list[int] = []
    for pk, _customer in found:
        if pk not in mine:
            break
        ids.append(pk)
    return ids, False
