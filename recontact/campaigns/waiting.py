"""Campaigns that wait for their template, their number or its account, and go on by themselves when all are well again."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

from providers.errors import Reason
from recontact.clock import ClockTimestamp
from recontact.dispatch.recheck import CAMPAIGN_WIDE
from recontact.models import Campaign
from recontact.refusals import Code
from templates_app.models import TemplateStatus

#: What a campaign is parked for that ends without a person's word about the campaign.
PASSING = CAMPAIGN_WIDE | {Code.NUMBER_INACTIVE, Code.NUMBER_PARKED, Code.ACCOUNT_PARKED}

_GO_ON = """
    UPDATE recontact_campaign c SET state = 'running', state_reason = ''
    FROM templates_app_template t, recontact_campaign s
    LEFT JOIN providers_sendernumber n ON n.id = s.sender_number_id
    LEFT JOIN providers_provideraccount a ON a.id = n.account_id
    WHERE s.id = c.id AND t.id = c.template_id AND c.state = 'parked' AND c.state_reason = ANY(%s)
      AND t.status = %s AND t.missing_since IS NULL
      AND (t.parked_at IS NULL OR t.parked_until <= clock_timestamp())
      AND (n.id IS NULL OR (n.is_active AND a.is_active
           AND (n.parked_at IS NULL OR n.parked_until <= clock_timestamp())
           AND (a.parked_at IS NULL OR a.parked_until <= clock_timestamp())))
      AND (c.template_hash = '' OR (c.template_hash = t.content_hash AND c.category = t.category))
      AND NOT EXISTS (SELECT 1 FROM recontact_message m WHERE m.campaign_id = c.id AND m.state = 'queued'
                      AND (m.template_hash <> t.content_hash OR m.category <> t.category))
"""


def campaigns_go_on() -> int:
    """Let the campaigns run again that were parked for nothing but their template, number or account, if all may send now
    and the template is still what they were made of. One whose template changed waits for a person. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_GO_ON, [sorted(map(str, PASSING)), TemplateStatus.APPROVED.value])
        return int(cursor.rowcount)


# Slots come back one by one, and a campaign does not run for each.
_HAVE_ROOM = """
    UPDATE recontact_campaign c SET state = 'running', state_reason = '', waiting_until = NULL
    FROM providers_sendernumber n JOIN providers_portfolio p ON p.id = n.portfolio_id
    LEFT JOIN recontact_portfoliouse u ON u.portfolio_id = p.id
    WHERE c.state = 'waiting' AND c.state_reason = %s AND n.id = c.sender_number_id
      AND (p.messaging_limit IS NULL
           OR coalesce(u.taken, 0) + greatest(1, p.messaging_limit / 100) <= floor(p.messaging_limit * (1 - %s::float8)))
"""


def campaigns_waited() -> int:
    """Let the campaigns run again that waited for a limit until now, and those whose portfolio's limit of people has room before
    that: it was raised, or agents used less. Returns how many."""
    rows = Campaign.objects.filter(state=Campaign.State.WAITING, waiting_until__lte=ClockTimestamp())
    over = rows.update(state=Campaign.State.RUNNING, state_reason="", waiting_until=None)
    with connection.cursor() as cursor:
        cursor.execute(_HAVE_ROOM, [Reason.RECIPIENT_LIMIT.value, settings.PORTFOLIO_AGENTS_SHARE])
        return over + int(cursor.rowcount)
