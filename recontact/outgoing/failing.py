"""A subscription that was paused because its address fails is told to those who keep subscriptions, by mail."""

from __future__ import annotations

from functools import partial

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from recontact.clock import ClockTimestamp
from recontact.models import Subscription
from recontact.notices import notice_mail

log = structlog.get_logger(__name__)

PERMISSION = "recontact.change_subscription"


def failing_mail() -> int:
    """Mail each pause that was not mailed yet, to each person in his language. Returns how many pauses.

    As with budgets: should the worker die between the mail and its note, it is mailed again; a mail server that is away is
    tried again.
    """
    mailed = 0
    waiting = Subscription.objects.filter(state=Subscription.State.FAILING, mailed_at=None)
    for pk in list(waiting.values_list("pk", flat=True)):
        with transaction.atomic():
            subscription = waiting.select_for_update(skip_locked=True).filter(pk=pk).first()
            if subscription is None:
                continue
            try:
                notice_mail(PERMISSION, partial(_words, subscription))
            except OSError as error:
                log.warning("subscription_not_mailed", subscription=pk, error=type(error).__name__)
                return mailed
            Subscription.objects.filter(pk=pk).update(mailed_at=ClockTimestamp())
            mailed += 1
    return mailed


def failing_words(subscription: Subscription) -> str:
    """What happened, in one sentence of the active language."""
    return _("The address of the subscription %(name)s fails: it is told nothing any more") % {
        "name": subscription.name
    }


def _words(subscription: Subscription) -> tuple[str, str]:
    return failing_words(subscription), _body(subscription)


def _body(subscription: Subscription) -> str:
    since = timezone.localtime(subscription.failing_since, timezone.get_default_timezone())
    words = _(
        "Nothing was taken there since %(since)s. Events go on being noted and wait. Put the address right, try it on the "
        "page below, then resume the subscription."
    ) % {"since": formats.date_format(since, "SHORT_DATETIME_FORMAT")}
    return f"{words}\n\n{settings.PUBLIC_URL}/manager/recontact/subscription/{subscription.pk}/change/\n"
