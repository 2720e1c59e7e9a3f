"""What stops when a template is changed or deleted: messages that wait to be sent with it, and campaigns that are not over."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import ngettext

from recontact.models import Campaign, Message
from templates_app.uses import TemplateUse, counts_uses

WAITING = (Message.State.QUEUED, Message.State.SENDING)
OVER = (Campaign.State.CANCELLED, Campaign.State.COMPLETED)


@counts_uses
def template_uses(template_ids: Sequence[int]) -> list[TemplateUse]:
    """The messages and campaigns that need one of these templates now."""
    messages = Message.objects.filter(template_id__in=template_ids, state__in=WAITING).count()
    campaigns = Campaign.objects.filter(template_id__in=template_ids).exclude(state__in=OVER).count()
    waiting = ngettext(
        "%(count)s message waits to be sent with it.", "%(count)s messages wait to be sent with it.", messages
    )
    running = ngettext("%(count)s campaign uses it.", "%(count)s campaigns use it.", campaigns)
    return [
        TemplateUse(messages, waiting % {"count": messages}),
        TemplateUse(campaigns, running % {"count": campaigns}),
    ]
