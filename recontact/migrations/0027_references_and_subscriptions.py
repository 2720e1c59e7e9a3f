
import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0009_pricing_rules'),
        ('recontact', '0026_media_files_and_words'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OutgoingAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('status', models.PositiveSmallIntegerField(null=True, verbose_name='answer')),
                ('duration_ms', models.PositiveIntegerField(verbose_name='duration (ms)')),
                ('error', models.CharField(blank=True, max_length=300, verbose_name='error')),
                ('excerpt', models.CharField(blank=True, max_length=500, verbose_name='of the answer')),
            ],
            options={
                'verbose_name': 'try of an outgoing event',
                'verbose_name_plural': 'tries of outgoing events',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='OutgoingEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=uuid.uuid4, verbose_name='id')),
                ('kind', models.CharField(choices=[('query.created', 'query created'), ('query.assigned', 'query assigned, or given back'), ('query.answered', 'customer wrote'), ('query.recontacted', 'query recontacted'), ('query.resolved', 'query resolved'), ('query.reopened', 'query reopened'), ('message.state_changed', 'state of a message changed'), ('campaign.finished', 'campaign finished'), ('test', 'test')], max_length=30, verbose_name='event')),
                ('subject', models.CharField(max_length=24)),
                ('inbound_id', models.BigIntegerField(null=True)),
                ('state', models.CharField(blank=True, max_length=12, verbose_name='state')),
                ('occurred_at', models.DateTimeField(verbose_name='happened at')),
                ('created_at', models.DateTimeField(verbose_name='noted at')),
                ('standing', models.CharField(choices=[('waiting', 'waiting'), ('delivered', 'delivered'), ('failed', 'given up')], default='waiting', max_length=9, verbose_name='standing')),
                ('due_at', models.DateTimeField(verbose_name='next try at')),
                ('tries', models.PositiveIntegerField(default=0, verbose_name='tries')),
                ('first_tried_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True, verbose_name='done at')),
            ],
            options={
                'verbose_name': 'outgoing event',
                'verbose_name_plural': 'outgoing events',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='name')),
                ('url', models.CharField(help_text='https://, and not in a private network.', max_length=500, verbose_name='address')),
                ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), size=None, verbose_name='events')),
                ('whole_phones', models.BooleanField(default=False, help_text='Otherwise phones are masked and names left out.', verbose_name='with whole phones and names')),
                ('with_text', models.BooleanField(default=False, help_text="The text of messages, the customer's and ours.", verbose_name='with what was written')),
                ('state', models.CharField(choices=[('active', 'active'), ('paused', 'paused'), ('failing', 'paused: its address fails')], default='active', editable=False, max_length=8, verbose_name='state')),
                ('secret', models.BinaryField()),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('paused_at', models.DateTimeField(editable=False, null=True, verbose_name='paused at')),
                ('failures', models.PositiveIntegerField(default=0, editable=False)),
                ('failing_since', models.DateTimeField(editable=False, null=True, verbose_name='failing since')),
                ('retry_at', models.DateTimeField(editable=False, null=True)),
                ('lease', models.UUIDField(editable=False, null=True)),
                ('leased_until', models.DateTimeField(editable=False, null=True)),
                ('mailed_at', models.DateTimeField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'subscription to events',
                'verbose_name_plural': 'subscriptions to events',
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='query',
            name='reference',
            field=models.CharField(blank=True, max_length=100, verbose_name='reference'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='campaign',
            trigger=pgtrigger.compiler.Trigger(name='outgoing_campaign_ended', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        IF EXISTS (SELECT FROM recontact_subscription s WHERE s.events && ARRAY['campaign.finished']::varchar[]) THEN\n            INSERT INTO recontact_outgoingevent\n                (uid, subscription_id, kind, subject, customer_id, query_id, message_id, campaign_id, actor_id, inbound_id, state, occurred_at, created_at, standing, due_at, tries)\n            SELECT gen_random_uuid(), s.id, f.kind, f.subject, f.customer_id, f.query_id, f.message_id, f.campaign_id, f.actor_id, f.inbound_id, f.state, f.occurred_at,\n                clock_timestamp(), 'waiting', clock_timestamp(), 0\n            FROM (\n        SELECT 'campaign.finished' AS kind, 'c' || n.id AS subject, NULL::bigint AS customer_id, NULL::bigint AS query_id,\n            NULL::bigint AS message_id, n.id AS campaign_id, NULL::bigint AS actor_id, NULL::bigint AS inbound_id, n.state,\n            clock_timestamp() AS occurred_at, n.id AS place\n        FROM gone was JOIN made n ON n.id = was.id\n        WHERE was.state IS DISTINCT FROM n.state AND n.state IN ('completed', 'cancelled')\n        ) f JOIN recontact_subscription s ON f.kind = ANY (s.events)\n            ORDER BY f.place;\n        END IF;\n        RETURN NULL;\n    ", hash='d92565b024f787ac8f680c373e482166f8aa2d45', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_outgoing_campaign_ended_52cf9', referencing='REFERENCING OLD TABLE AS gone  NEW TABLE AS made ', table='recontact_campaign', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='message',
            trigger=pgtrigger.compiler.Trigger(name='outgoing_message_moved', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        IF EXISTS (SELECT FROM recontact_subscription s WHERE s.events && ARRAY['message.state_changed']::varchar[]) THEN\n            INSERT INTO recontact_outgoingevent\n                (uid, subscription_id, kind, subject, customer_id, query_id, message_id, campaign_id, actor_id, inbound_id, state, occurred_at, created_at, standing, due_at, tries)\n            SELECT gen_random_uuid(), s.id, f.kind, f.subject, f.customer_id, f.query_id, f.message_id, f.campaign_id, f.actor_id, f.inbound_id, f.state, f.occurred_at,\n                clock_timestamp(), 'waiting', clock_timestamp(), 0\n            FROM (\n        SELECT 'message.state_changed' AS kind, 'm' || n.id AS subject, n.customer_id, n.query_id, n.id AS message_id,\n            n.campaign_id, NULL::bigint AS actor_id, NULL::bigint AS inbound_id, n.state,\n            clock_timestamp() AS occurred_at, n.id AS place\n        FROM gone was FULL JOIN made n ON n.id = was.id\n        WHERE was.state IS DISTINCT FROM n.state AND n.state NOT IN ('queued', 'sending')\n        ) f JOIN recontact_subscription s ON f.kind = ANY (s.events)\n            ORDER BY f.place;\n        END IF;\n        RETURN NULL;\n    ", hash='51d32bccbffc825b083625a1269237b5c149c66b', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_outgoing_message_moved_6cc7d', referencing='REFERENCING OLD TABLE AS gone  NEW TABLE AS made ', table='recontact_message', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='queryevent',
            trigger=pgtrigger.compiler.Trigger(name='outgoing_query_event', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        IF EXISTS (SELECT FROM recontact_subscription s WHERE s.events && ARRAY['query.assigned', 'query.created', 'query.recontacted', 'query.reopened', 'query.resolved']::varchar[]) THEN\n            INSERT INTO recontact_outgoingevent\n                (uid, subscription_id, kind, subject, customer_id, query_id, message_id, campaign_id, actor_id, inbound_id, state, occurred_at, created_at, standing, due_at, tries)\n            SELECT gen_random_uuid(), s.id, f.kind, f.subject, f.customer_id, f.query_id, f.message_id, f.campaign_id, f.actor_id, f.inbound_id, f.state, f.occurred_at,\n                clock_timestamp(), 'waiting', clock_timestamp(), 0\n            FROM (\n        SELECT CASE e.kind WHEN 'opened' THEN 'query.created' WHEN 'taken' THEN 'query.assigned' WHEN 'assigned' THEN 'query.assigned' WHEN 'referred' THEN 'query.assigned' WHEN 'returned' THEN 'query.assigned' WHEN 'recontacted' THEN 'query.recontacted' WHEN 'resolved' THEN 'query.resolved' WHEN 'merged' THEN 'query.resolved' WHEN 'reopened' THEN 'query.reopened' END AS kind, 'q' || e.query_id AS subject, q.customer_id, e.query_id,\n            NULL::bigint AS message_id, q.campaign_id, e.actor_id, NULL::bigint AS inbound_id, '' AS state,\n            e.at AS occurred_at, e.id AS place\n        FROM made e JOIN recontact_query q ON q.id = e.query_id\n        ) f JOIN recontact_subscription s ON f.kind = ANY (s.events)\n            ORDER BY f.place;\n        END IF;\n        RETURN NULL;\n    ", hash='d9953e6af15e7baba86a6b7f466653e619099dd0', level='STATEMENT', operation='INSERT', pgid='pgtrigger_outgoing_query_event_1c651', referencing='REFERENCING NEW TABLE AS made ', table='recontact_queryevent', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='query',
            constraint=models.UniqueConstraint(condition=models.Q(('reference__gt', '')), fields=('reference', 'opened_by'), name='one_query_per_reference'),
        ),
        migrations.AddField(
            model_name='outgoingevent',
            name='actor',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='outgoingevent',
            name='campaign',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='recontact.campaign'),
        ),
        migrations.AddField(
            model_name='outgoingevent',
            name='customer',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='outgoing_events', to='recontact.customer'),
        ),
        migrations.AddField(
            model_name='outgoingevent',
            name='message',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='recontact.message'),
        ),
        migrations.AddField(
            model_name='outgoingevent',
            name='query',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='recontact.query'),
        ),
        migrations.AddField(
            model_name='outgoingattempt',
            name='event',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='recontact.outgoingevent'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='created_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by'),
        ),
        migrations.AddField(
            model_name='outgoingevent',
            name='subscription',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='outgoing', to='recontact.subscription', verbose_name='subscription'),
        ),
        migrations.AddIndex(
            model_name='outgoingevent',
            index=models.Index(condition=models.Q(('standing', 'waiting')), fields=['subscription', 'due_at', 'id'], name='outgoing_due'),
        ),
        migrations.AddIndex(
            model_name='outgoingevent',
            index=models.Index(condition=models.Q(('standing', 'waiting')), fields=['subscription', 'subject', 'id'], name='outgoing_waiting_by_subject'),
        ),
        migrations.AddIndex(
            model_name='outgoingevent',
            index=models.Index(fields=['subscription', '-id'], name='outgoing_by_subscription'),
        ),
        migrations.AddIndex(
            model_name='outgoingevent',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['created_at'], name='outgoing_by_age'),
        ),
    ]
