"""What happens for real once the portal answers: the webhooks' handshake, and a few HSMs that one can watch arrive."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Exists, OuterRef

from hsm_portal.demo_data.accounts import ACCOUNTS, APPOINTMENTS, SHOP, NumberSample
from hsm_portal.demo_data.addresses import PROVIDER
from hsm_portal.demo_data.simulator import Simulator, wait_for
from hsm_portal.demo_data.templates import DELETED, IMPROVED
from hsm_portal.demo_data.values import CLINIC_RECONTACTS, SHOP_RECONTACT, values_for
from providers.models import ProviderAccount
from recontact.clock import database_now
from recontact.models import Message, OptOut, Query, Recontact, ServiceWindow
from recontact.outbox import query_recontact
from recontact.refusals import SendRefused
from templates_app.models import Template

SEND_KEY = "sample-recontact-"
#: How many queries of which number, with which template: both accounts' webhooks arrive from the first minute.
LIVE: tuple[tuple[NumberSample, int, str], ...] = ((APPOINTMENTS, 5, CLINIC_RECONTACTS[0]), (SHOP, 3, SHOP_RECONTACT))
SENDS = sum(count for _number, count, _template in LIVE)


def webhooks_connect(*, simulator: Simulator) -> None:
    """Give the simulator the portal's webhook addresses; each is tried by its handshake. Raises SimulatorError."""
    wait_for(f"{settings.PUBLIC_URL}/healthz", what="The portal")
    for sample in ACCOUNTS:
        account = ProviderAccount.objects.get(provider=PROVIDER, external_id=sample.waba_id)
        simulator.post(
            f"accounts/{sample.waba_id}/webhook",
            url=f"{settings.PUBLIC_URL}{account.webhook_path}",
            verify_token=sample.credentials["verify_token"],
        )
    simulator.post("webhooks/release")


def live_send(*, simulator: Simulator) -> int:
    """Recontact a few silent customers through the outbox and let the provider change two templates; once. Returns how many."""
    if Message.objects.filter(send_key__startswith=SEND_KEY).exists():
        return 0
    simulator.post(f"templates/{DELETED['id']}/status", status="DELETED")
    simulator.post(f"templates/{IMPROVED['id']}/quality", score="GREEN")
    sent = 0
    for number, count, name in LIVE:
        template = Template.objects.get(name=name, account__external_id=number.account.waba_id, language="es_AR")
        for query in _silent_queries(number, count):
            sent += _recontact(query, template, send_key=f"{SEND_KEY}{query.pk}")
    return sent


def _silent_queries(number: NumberSample, count: int) -> Iterator[Query]:
    """So many queries of the number whose agent had no answer and whose window closed."""
    here = {"customer_id": OuterRef("customer_id")}
    rows = Query.objects.filter(
        ~Exists(ServiceWindow.objects.filter(expires_at__gt=database_now(), **here)),
        ~Exists(OptOut.objects.filter(revoked_at__isnull=True, **here)),
        ~Exists(Recontact.objects.filter(query_id=OuterRef("pk"))),
        sender_number__external_id=number.external_id,
        state=Query.State.IN_PROGRESS,
        assigned_to__isnull=False,
        origin__in=[Query.Origin.INBOUND, Query.Origin.BOT, Query.Origin.API],
    )
    yield from rows.select_related("customer", "assigned_to").order_by("-activity_at", "-id")[:count]


def _recontact(query: Query, template: Template, *, send_key: str) -> bool:
    """Queue the recontact as the query's agent would from the ticket. False: it is refused, which the sample survives."""
    agent = query.assigned_to
    values = values_for(
        template.name,
        customer=query.customer.name.split()[0],
        agent=agent.first_name if agent is not None else "",
        data=query.data,
    )
    try:
        query_recontact(query_id=query.pk, template_id=template.pk, values=values, user=agent, send_key=send_key)
    except SendRefused:
        return False
    return True
