import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('customer_service', '0008_files_templates_reopening'),
        ('recontact', '0027_references_and_subscriptions'),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='inboundmessage',
            trigger=pgtrigger.compiler.Trigger(name='outgoing_customer_wrote', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        IF EXISTS (SELECT FROM recontact_subscription s WHERE s.events && ARRAY['query.answered']::varchar[]) THEN\n            INSERT INTO recontact_outgoingevent\n                (uid, subscription_id, kind, subject, customer_id, query_id, message_id, campaign_id, actor_id, inbound_id, state, occurred_at, created_at, standing, due_at, tries)\n            SELECT gen_random_uuid(), s.id, f.kind, f.subject, f.customer_id, f.query_id, f.message_id, f.campaign_id, f.actor_id, f.inbound_id, f.state, f.occurred_at,\n                clock_timestamp(), 'waiting', clock_timestamp(), 0\n            FROM (\n        SELECT 'query.answered' AS kind, 'q' || i.query_id AS subject, i.customer_id, i.query_id, NULL::bigint AS message_id,\n            NULL::bigint AS campaign_id, NULL::bigint AS actor_id, i.id AS inbound_id, '' AS state, i.occurred_at, i.id AS place\n        FROM made i\n        ) f JOIN recontact_subscription s ON f.kind = ANY (s.events)\n            ORDER BY f.place;\n        END IF;\n        RETURN NULL;\n    ", hash='fe6c08ebd0e142dec4ab7357868bd1a6aeb80420', level='STATEMENT', operation='INSERT', pgid='pgtrigger_outgoing_customer_wrote_6ad83', referencing='REFERENCING NEW TABLE AS made ', table='customer_service_inboundmessage', when='AFTER')),
        ),
    ]
