"""Campaigns that wait for their template, and go on by themselves when it is well again."""

from __future__ import annotations

from django.db import connection

from recontact.dispatch.recheck import CAMPAIGN_WIDE
from templates_app.models import TemplateStatus

_GO_ON = """
    UPDATE recontact_campaign c SET state = 'running', state_reason = ''
    FROM templates_app_template t
    WHERE t.id = c.template_id AND c.state = 'parked' AND c.state_reason = ANY(%s)
      AND t.status = %s AND t.missing_since IS NULL
      AND (t.parked_at IS NULL OR t.parked_until <= clock_timestamp())
      AND (c.template_hash = '' OR (c.template_hash = t.content_hash AND c.category = t.category))
      AND NOT EXISTS (SELECT 1 FROM recontact_message m WHERE m.campaign_id = c.id AND m.state = 'queued'
                      AND (m.template_hash <> t.content_hash OR m.category <> t.category))
"""


def campaigns_go_on() -> int:
    """Let the campaigns run again that were parked for nothing but their template, if it may be sent now and is still what
    their messages were made of. One whose template changed waits for a person. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_GO_ON, [sorted(map(str, CAMPAIGN_WIDE)), TemplateStatus.APPROVED.value])
        return int(cursor.rowcount)
