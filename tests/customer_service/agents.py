"""Agents with their browsers, and conversations for them, as the tests of Customer Service need them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from customer_service.models import InboundMessage
from hsm_portal.models import User
from hsm_portal.roles import ROLE_PERMISSIONS, Role
from recontact.models import Query, Team
from recontact.windows import window_extend
from templates_app.models import Template
from tests.factories import VALUES, template_make, user_make


def agent_make(
    *, first_name: str = "Ana", role: Role = Role.AGENT, teams: tuple[Team, ...] = (), **fields: Any
) -> User:
    """A person with the permissions of a role."""
    return user_make(first_name=first_name, permissions=ROLE_PERMISSIONS[role], teams=teams, **fields)


def browser(user: User) -> Client:
    """A browser in which the user has logged in."""
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def customer_writes(query: Query, text: str = "Hola", *, at: datetime | None = None) -> InboundMessage:
    """The customer's message in a query, with what it does to the window and the lists."""
    moment = at or timezone.now() - timedelta(hours=1)
    window_extend(customer_id=query.customer_id, sender_number_id=query.sender_number_id, inbound_at=moment)
    query.last_inbound_at = query.activity_at = moment
    query.preview = text[:200]
    query.save()
    return InboundMessage.objects.create(
        account=query.sender_number.account,
        sender_number=query.sender_number,
        customer=query.customer,
        query=query,
        provider_message_id=f"wamid.{InboundMessage.objects.count()}",
        kind="text",
        text=text,
        occurred_at=moment,
    )


def template_for(query: Query, **fields: Any) -> Template:
    """An approved template of the query's account."""
    return template_make(account=query.sender_number.account, **fields)


def hsm_data(template: Template | None = None, **data: Any) -> dict[str, Any]:
    """What the form of a panel sends: the template with its values, and a send key."""
    values = {f"var-{key}": value for key, value in VALUES.items()}
    chosen = {"template": template.pk, "shown": template.pk} if template is not None else {}
    return {**values, **chosen, "send_key": "6f1c2a52-6a0b-4f0f-9f43-1f3f0f6a1b2c", **data}
