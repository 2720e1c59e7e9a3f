"""The rows of a large Customer Service, written by SQL: a million queries of fifty teams, ten messages in each."""

from __future__ import annotations

import sys
import time

from django.db import connection

from bench.filling import filling

#: What the portal's triggers would have written is written here.
_ROWS = """
    INSERT INTO recontact_team (name) SELECT 'Equipo ' || i FROM generate_series(1, 50) AS i;
    INSERT INTO recontact_team_members (team_id, user_id)
    SELECT t.id, u.id FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM recontact_team) t
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM hsm_portal_user WHERE username LIKE 'agente%%') u
      ON u.place %% 50 = t.place - 1 OR u.place %% 50 = t.place %% 50;

    INSERT INTO recontact_customer (phone, wa_id, name, country, tags, opt_in_source, search, sort_name, phone_hash, bsuid_hash,
                                    created_at)
    SELECT '+54911' || lpad(i::text, 8, '0'), '54911' || lpad(i::text, 8, '0'), n.name || ' ' || i, 'AR', '[]', '',
           lower(translate(n.name, 'áéíóúñ', 'aeioun')) || ' ' || i || ' 54911' || lpad(i::text, 8, '0')
           || ' 11' || lpad(i::text, 8, '0') || ' ' || right(lpad(i::text, 8, '0'), 4), '', '', '', now()
    FROM generate_series(1, %(rows)s) AS i,
         LATERAL (SELECT (ARRAY['Lucía', 'Carla', 'Martín', 'Diego', 'Ana', 'Sofía', 'Juan', 'Pedro', 'Inés', 'Luz'])[1 + i %% 10]
                      || ' ' || (ARRAY['Gómez', 'Benítez', 'Fernández', 'Ríos', 'Sosa', 'Ledesma', 'Vázquez'])[1 + i / 7 %% 7]
                      AS name) n;

    INSERT INTO recontact_servicewindow (customer_id, sender_number_id, last_inbound_at, expires_at)
    SELECT c.id, %(number)s, t.at, t.at + interval '24 h' FROM recontact_customer c,
         LATERAL (SELECT now() - (c.id * 7919 %% 40000) * interval '1 minute' AS at) t;

    INSERT INTO recontact_query (customer_id, sender_number_id, team_id, assigned_to_id, state, origin, subject, reference, data,
        preview, created_at, activity_at, last_inbound_at, resolution, topic, tags, waiting_since, window_closes_at,
        recontact_asked_at, campaign_id, seen_at)
    SELECT c.id, %(number)s, t.id, CASE WHEN s.state = 'pending' THEN NULL ELSE u.id END, s.state, 'inbound', '', '', '{}',
        'Gracias, quedo a la espera del turno', w.last_inbound_at - interval '1 h', w.last_inbound_at, w.last_inbound_at, '',
        (ARRAY['Pagos', 'Turnos', 'Reclamos', 'Envíos', ''])[1 + c.id %% 5],
        CASE WHEN c.id %% 50 = 0 THEN ARRAY['vip'] WHEN c.id %% 3000 = 1 THEN ARRAY['urgente'] ELSE '{}' END,
        CASE WHEN s.state <> 'resolved' AND c.id %% 3 > 0 THEN w.last_inbound_at END, w.expires_at,
        CASE WHEN c.id %% 20 = 0 THEN w.last_inbound_at + interval '1 h' END,
        CASE WHEN c.id %% 10 = 0 THEN %(campaign)s END, w.last_inbound_at
    FROM recontact_customer c
    JOIN recontact_servicewindow w ON w.customer_id = c.id
    CROSS JOIN LATERAL (SELECT CASE WHEN h.at < 3 THEN 'pending' WHEN h.at < 8 THEN 'in_progress' ELSE 'resolved' END AS state
                        FROM (SELECT abs(hashint8(c.id * 3 + 1)::bigint) %% 100 AS at) h) s
    LEFT JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM recontact_team) t
      ON t.place = 1 + abs(hashint8(c.id * 5 + 2)::bigint) %% 60
    JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS many
          FROM hsm_portal_user WHERE username LIKE 'agente%%') u
      ON u.place = 1 + abs(hashint8(c.id * 7 + 3)::bigint) %% u.many
    ORDER BY c.id;

    INSERT INTO customer_service_inboundmessage (account_id, sender_number_id, customer_id, query_id, provider_message_id, kind,
        text, button_payload, context_message_id, payload, occurred_at, received_at)
    SELECT n.account_id, n.id, q.customer_id, q.id, 'in.' || q.id || '.' || i, 'text',
        (ARRAY['Hola, quería cambiar mi turno del jueves', '¿Me pasan el precio de la resonancia?', 'Gracias, quedo a la espera',
               'No pude pagar con la tarjeta, ¿qué hago?', 'Perfecto'])[1 + (q.id + i) %% 5]
        || CASE WHEN q.id %% 4000 = 3 AND i = 2 THEN ' marcapasos' WHEN q.id %% 97 = 3 AND i = 2 THEN ' ecografía' ELSE '' END,
        '', '', '{}', q.last_inbound_at - i * interval '9 minutes', q.last_inbound_at
    FROM recontact_query q JOIN providers_sendernumber n ON n.id = q.sender_number_id, generate_series(0, 4) AS i
    ORDER BY i DESC, q.id;

    INSERT INTO recontact_message (reference, account_id, sender_number_id, customer_id, query_id, try_number, origin, kind,
        template_name, template_language, template_hash, category, recipient_phone, recipient_bsuid, components, bubble, body,
        state, created_at, due_at, expires_at, claimed_at, accepted_at, attempt_number, failures, provider_message_id, held,
        reason, provider_code, provider_detail, estimate, currency)
    SELECT gen_random_uuid(), n.account_id, n.id, q.customer_id, q.id, 1, 'ticket', 'text', '', '', '', 'service', c.phone, '',
        '[]', '{}', 'Hola, soy Ana. Lo reviso y te confirmo en un rato.',
        (ARRAY['read', 'delivered', 'sent'])[1 + (q.id + i) %% 3], q.last_inbound_at - i * interval '7 minutes', now(), now(),
        now(), now(), 1, 0, 'out.' || q.id || '.' || i, false, '', '', '', 0, 'USD'
    FROM recontact_query q JOIN providers_sendernumber n ON n.id = q.sender_number_id
    JOIN recontact_customer c ON c.id = q.customer_id, generate_series(0, 4) AS i
    ORDER BY i DESC, q.id;

    INSERT INTO recontact_recontact (query_id, message_id, state, reserved_at, release_reason)
    SELECT q.id, max(m.id), 'spent', q.recontact_asked_at, ''
    FROM recontact_query q JOIN recontact_message m ON m.query_id = q.id
    WHERE q.recontact_asked_at IS NOT NULL GROUP BY q.id;
"""
_TABLES = (
    "recontact_team",
    "recontact_customer",
    "recontact_servicewindow",
    "recontact_query",
    "recontact_message",
    "recontact_recontact",
    "customer_service_inboundmessage",
)


def rows_write(*, rows: int, number_id: int, campaign_id: int) -> None:
    """That many customers, each with a query, five messages of his and five of ours. Agents are `agente...`, made before."""
    with filling(_TABLES), connection.cursor() as cursor:
        for statement in filter(str.strip, _ROWS.split(";\n")):
            began = time.monotonic()
            cursor.execute(statement, {"rows": rows, "number": number_id, "campaign": campaign_id})
            if "SELECT c.id, %(number)s" in statement:
                # What is written from these tables is planned by what they hold.
                cursor.execute("ANALYZE recontact_customer; ANALYZE recontact_servicewindow; ANALYZE recontact_query")
            sys.stderr.write(f"{time.monotonic() - began:6.0f} s {statement.split()[2]}\n")
