"""How long the Manager's screens take at the server with a campaign of 1,000,000 recipients, half of them sent.

The rows are written by SQL (planning and sending them is what the other benches measure); the pages are asked for through
Django's test client, as a manager: middleware, permissions, queries and templates, without the network.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models.functions import Now
from django.test import Client

from bench.figures import figure
from hsm_portal.roles import Role
from hsm_portal.users import user_create
from recontact.campaigns.plan_figures import plan_figures
from recontact.costs.rollup import costs_rebuild
from recontact.models import Campaign
from tests.customer_service.agents import browser
from tests.factories import campaign_make

RECIPIENTS = 1_000_000
TIMES = 5

#: Every tenth row was left out by the plan; of the others every second has its message.
_ROWS = """
    INSERT INTO recontact_customer (phone, wa_id, name, country, tags, opt_in_source, search, sort_name, phone_hash, bsuid_hash,
                                    created_at)
    SELECT '+54911' || lpad(i::text, 8, '0'), '54911' || lpad(i::text, 8, '0'), 'Lucía Gómez ' || i, 'AR', '[]', '', '',
           'lucia gomez ' || i, '', '', now()
    FROM generate_series(1, %(rows)s) AS i;

    INSERT INTO recontact_message (reference, account_id, sender_number_id, customer_id, campaign_id, try_number, origin,
        kind, template_id, template_name, template_language, template_hash, category, recipient_phone, recipient_bsuid,
        components, bubble, body, state, created_at, due_at, expires_at, claimed_at, accepted_at, attempt_number, failures,
        provider_message_id, held, reason, provider_code, provider_detail, estimate, currency)
    SELECT gen_random_uuid(), n.account_id, n.id, c.id, g.id, 1, 'manager',
        'template', t.id, t.name, t.language, t.content_hash, t.category, c.phone, '',
        '[]', '{}', 'Hola ' || c.name || ', soy Ana. Tu turno es el viernes a las 10 h. ¿Te lo reservo?',
        (ARRAY['read', 'delivered', 'delivered', 'sent', 'failed', 'rejected'])[1 + c.id %% 6],
        now(), now(), now() + interval '3 days', now(), now(), 1, 0,
        'wamid.' || c.id, false, CASE WHEN c.id %% 6 = 4 THEN 'recipient_unreachable' ELSE '' END, '', '', 0.026, 'USD'
    FROM recontact_campaign g JOIN providers_sendernumber n ON n.id = g.sender_number_id
         JOIN templates_app_template t ON t.id = g.template_id, recontact_customer c
    WHERE g.id = %(campaign)s AND c.id %% 2 = 0 AND c.id %% 10 <> 0;

    INSERT INTO recontact_campaignrecipient (campaign_id, row_number, outcome, code, params, typed, phone, bsuid, name,
        customer_id, values, market, estimate, currency, time_zone, message_id, dropped)
    SELECT %(campaign)s, row_number() OVER (ORDER BY c.id) + 1, CASE WHEN c.id %% 10 = 0 THEN 'left_out' ELSE 'ready' END,
        CASE WHEN c.id %% 10 = 0 THEN 'opted_out' ELSE '' END, '{}', c.phone, c.phone, '', c.name, c.id,
        '{"body.1": "Lucía", "body.2": "Ana", "body.3": "viernes"}', 'AR', 0.026, 'USD', 'America/Argentina/Buenos_Aires',
        m.id, ''
    FROM recontact_customer c LEFT JOIN recontact_message m ON m.customer_id = c.id;
"""

_PAGES_OF_A_PLAN = {
    "campaign_review": "/manager/recontact/campaign/{campaign}/review/",
    "campaign_sending": "/manager/recontact/campaign/{campaign}/sending/",
    "campaign_approval": "/manager/recontact/campaign/{campaign}/approval/",
}
_PAGES = {
    "campaign_page": "/manager/recontact/campaign/{campaign}/change/",
    "campaign_live": "/manager/recontact/campaign/{campaign}/change/#live",
    "campaign_people": "/manager/recontact/campaign/{campaign}/change/?state=failed",
    "campaign_read": "/manager/recontact/campaign/{campaign}/change/?state=read",
    "campaign_unlaunched": "/manager/recontact/campaign/{campaign}/change/?state=unlaunched",
    "campaign_list": "/manager/recontact/campaign/",
    "message_list": "/manager/recontact/message/",
    "customer_list": "/manager/recontact/customer/",
    "dashboard": "/manager/",
}


def run(scale: float) -> None:
    """Print the milliseconds of each page (the median of some) and the seconds of the result's file."""
    # There is no collectstatic before a bench, and so no manifest.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    campaign = campaign_make()
    fill(campaign, max(1_000, int(RECIPIENTS * scale)))
    client = browser(user_create(username="gerente", password="una-clave-larga", roles=[Role.MANAGER]))
    taken = {name: _milliseconds(client, address, campaign) for name, address in _PAGES_OF_A_PLAN.items()}
    Campaign.objects.filter(pk=campaign.pk).update(state=Campaign.State.PAUSED, launched_at=Now())
    taken |= {name: _milliseconds(client, address, campaign) for name, address in _PAGES.items()}
    for name, milliseconds in taken.items():
        figure(f"{name}_ms", milliseconds, "ms")
    figure("slowest_page_ms", max(taken.values()), f"ms: {max(taken, key=lambda name: taken[name])}")
    figure("result_csv_s", _seconds_of_the_file(client, campaign), "s")


def fill(campaign: Campaign, rows: int) -> None:
    with connection.cursor() as cursor:
        # The triggers guard what the portal does; here they would only take time.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(_ROWS, {"rows": rows, "campaign": campaign.pk})
        cursor.execute("SET session_replication_role = origin")
        # They note what costs are summed from as well.
        costs_rebuild()
        cursor.execute("VACUUM ANALYZE recontact_customer, recontact_message, recontact_campaignrecipient")
    Campaign.objects.filter(pk=campaign.pk).update(rows_total=rows, rows_read=rows, planned_at=Now())
    campaign.refresh_from_db()
    # As the planning does at its end.
    plan_figures(campaign)


def _milliseconds(client: Client, address: str, campaign: Campaign) -> float:
    """The median of some, each with an empty cache."""
    address, _, fragment = address.format(campaign=campaign.pk).partition("#")
    headers = {"HX-Request": "true", "HX-Target": fragment} if fragment else {}
    return statistics.median(_once(client, address, headers) for _ in range(TIMES))


def _once(client: Client, address: str, headers: dict[str, str]) -> float:
    cache.clear()
    began = time.perf_counter()
    response = client.get(address, headers=headers)
    taken = (time.perf_counter() - began) * 1000
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code} {response.headers.get('Location', '')}")
    return taken


def _seconds_of_the_file(client: Client, campaign: Campaign) -> float:
    """The whole proof, read piece by piece and thrown away."""
    began = time.perf_counter()
    response = client.get(f"/manager/recontact/campaign/{campaign.pk}/result/csv/")
    pieces: Iterable[bytes] = response
    if not sum(len(piece) for piece in pieces):
        raise RuntimeError("the file of the result is empty")
    return time.perf_counter() - began
