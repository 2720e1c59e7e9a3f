"""What the portal is measured against: one Celery task per message, which sends with a synchronous client and waits.

`celery -A bench.baseline worker` runs it; it is what is usually written first, without any of the portal's promises.
"""

from __future__ import annotations

import os
from functools import cache

import django
import httpx
from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hsm_portal.settings")
django.setup()

from providers.adapters.meta.send import payload_build  # noqa: E402
from providers.contracts import OutboundMessage, Recipient, TemplateContent  # noqa: E402
from recontact.clock import ClockTimestamp  # noqa: E402
from recontact.models import Message  # noqa: E402
from tests.providers.simulator.server import PHONE_NUMBER_ID, TOKEN  # noqa: E402

QUEUE = "baseline"

# Not the current application: whoever queues these tasks also queues the portal's own.
app = Celery("baseline", task_cls="celery.contrib.django.task:DjangoTask", set_as_current=False)
app.config_from_object("django.conf:settings", namespace="CELERY")


@cache
def _client() -> httpx.Client:
    url = os.environ["PROVIDER_BASE_URLS"].partition("=")[2]
    return httpx.Client(base_url=f"{url}/v25.0/", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=20)


@app.task(name="bench.baseline.send", queue=QUEUE)
def send(message_id: int) -> None:
    """Read the message, send it, write down that it was accepted."""
    message = Message.objects.get(pk=message_id)
    outbound = OutboundMessage(
        reference=str(message.reference),
        sender_external_id=PHONE_NUMBER_ID,
        sender_phone="",
        recipient=Recipient(message.recipient_phone, message.recipient_bsuid),
        content=TemplateContent(message.template_name, message.template_language, message.components, message.category),
    )
    rows = Message.objects.filter(pk=message_id)
    rows.update(state="sending", attempt_number=1, claimed_at=ClockTimestamp())
    answer = _client().post(f"{PHONE_NUMBER_ID}/messages", json=payload_build(outbound)).raise_for_status().json()
    rows.update(state="accepted", provider_message_id=answer["messages"][0]["id"], accepted_at=ClockTimestamp())
