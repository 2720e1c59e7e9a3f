import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from django.db import migrations, models

from recontact.costs.rollup import costs_rebuild


def sum_up(apps, schema_editor):
    if apps.get_model('recontact', 'Message').objects.exists():
        costs_rebuild()


class Migration(migrations.Migration):

    dependencies = [
        ('recontact', '0019_cost_columns'),
    ]

    operations = [
        migrations.CreateModel(
            name='CostCell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('reported_currency', models.CharField(max_length=3, verbose_name="currency of the provider's price")),
                ('superseded', models.BooleanField()),
                ('waiting', models.IntegerField(default=0)),
                ('uncertain', models.IntegerField(default=0)),
                ('on_its_way', models.IntegerField(default=0)),
                ('delivered', models.IntegerField(default=0)),
                ('read', models.IntegerField(default=0)),
                ('failed', models.IntegerField(default=0)),
                ('not_sent', models.IntegerField(default=0)),
                ('answered', models.IntegerField(default=0)),
                ('priced', models.IntegerField(default=0)),
                ('ahead', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('awaiting', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('uncharged', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('unreported', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('confirmed', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('reported', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('account_id', models.BigIntegerField()),
                ('sender_number_id', models.BigIntegerField()),
                ('market', models.CharField(max_length=40)),
                ('category', models.CharField(max_length=20)),
                ('campaign_id', models.BigIntegerField()),
                ('team_id', models.BigIntegerField()),
                ('agent_id', models.BigIntegerField()),
                ('day', models.DateField(verbose_name='day')),
            ],
            options={
                'verbose_name': 'cost of a day',
                'verbose_name_plural': 'costs by day',
            },
        ),
        migrations.CreateModel(
            name='CostChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('reported_currency', models.CharField(max_length=3, verbose_name="currency of the provider's price")),
                ('superseded', models.BooleanField()),
                ('waiting', models.IntegerField(default=0)),
                ('uncertain', models.IntegerField(default=0)),
                ('on_its_way', models.IntegerField(default=0)),
                ('delivered', models.IntegerField(default=0)),
                ('read', models.IntegerField(default=0)),
                ('failed', models.IntegerField(default=0)),
                ('not_sent', models.IntegerField(default=0)),
                ('answered', models.IntegerField(default=0)),
                ('priced', models.IntegerField(default=0)),
                ('ahead', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('awaiting', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('uncharged', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('unreported', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('confirmed', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('reported', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('account_id', models.BigIntegerField()),
                ('sender_number_id', models.BigIntegerField()),
                ('market', models.CharField(max_length=40)),
                ('category', models.CharField(max_length=20)),
                ('campaign_id', models.BigIntegerField()),
                ('team_id', models.BigIntegerField()),
                ('agent_id', models.BigIntegerField()),
                ('slot', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'change of costs',
                'verbose_name_plural': 'changes of costs',
            },
        ),
        migrations.CreateModel(
            name='CostSlot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('reported_currency', models.CharField(max_length=3, verbose_name="currency of the provider's price")),
                ('superseded', models.BooleanField()),
                ('waiting', models.IntegerField(default=0)),
                ('uncertain', models.IntegerField(default=0)),
                ('on_its_way', models.IntegerField(default=0)),
                ('delivered', models.IntegerField(default=0)),
                ('read', models.IntegerField(default=0)),
                ('failed', models.IntegerField(default=0)),
                ('not_sent', models.IntegerField(default=0)),
                ('answered', models.IntegerField(default=0)),
                ('priced', models.IntegerField(default=0)),
                ('ahead', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('awaiting', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('uncharged', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('unreported', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('confirmed', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('reported', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20)),
                ('slot', models.DateTimeField()),
                ('account_id', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'cost of a quarter of an hour',
                'verbose_name_plural': 'costs by quarter of an hour',
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='costentry',
            trigger=pgtrigger.compiler.Trigger(name='cost_price_reported', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE told bigint[];', func="\n        told := ARRAY(SELECT message_id FROM made WHERE kind = 'report');\n        IF cardinality(told) > 0 THEN\n            UPDATE recontact_message m SET reported = c.amount, reported_currency = c.currency\n            FROM recontact_costentry c\n            WHERE m.id = ANY(told) AND m.reported IS NULL AND c.message_id = m.id AND c.kind = 'report';\n        END IF;\n        RETURN NULL;\n    ", hash='c8c9131a124698558121dc8b0edfcc440a492370', level='STATEMENT', operation='INSERT', pgid='pgtrigger_cost_price_reported_4fabf', referencing='REFERENCING NEW TABLE AS made ', table='recontact_costentry', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='message',
            trigger=pgtrigger.compiler.Trigger(name='cost_message_queued', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE earlier bigint[];', func="\n        INSERT INTO recontact_costchange (slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded, waiting, uncertain, on_its_way, delivered, read, failed, not_sent, answered, priced, ahead, awaiting, uncharged, unreported, confirmed, reported) SELECT slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded, sum(waiting) AS waiting, sum(uncertain) AS uncertain, sum(on_its_way) AS on_its_way, sum(delivered) AS delivered, sum(read) AS read, sum(failed) AS failed, sum(not_sent) AS not_sent, sum(answered) AS answered, sum(priced) AS priced, sum(ahead) AS ahead, sum(awaiting) AS awaiting, sum(uncharged) AS uncharged, sum(unreported) AS unreported, sum(confirmed) AS confirmed, sum(reported) AS reported FROM (SELECT date_bin('15 minutes', m.created_at, 'epoch') AS slot, m.account_id AS account_id, m.sender_number_id AS sender_number_id, m.market AS market, m.category AS category, coalesce(m.campaign_id, 0) AS campaign_id, coalesce(m.team_id, 0) AS team_id, coalesce(m.created_by_id, 0) AS agent_id, m.currency AS currency, m.reported_currency AS reported_currency, m.superseded AS superseded, (m.state IN ('queued', 'sending'))::int AS waiting, (m.state IN ('uncertain'))::int AS uncertain, (m.state IN ('accepted', 'sent'))::int AS on_its_way, (m.state IN ('delivered'))::int AS delivered, (m.state IN ('read'))::int AS read, (m.state IN ('failed'))::int AS failed, (m.state IN ('rejected', 'skipped', 'cancelled', 'expired'))::int AS not_sent, (m.answered_at IS NOT NULL)::int AS answered, (m.reported IS NOT NULL)::int AS priced, CASE WHEN (m.state IN ('queued', 'sending', 'uncertain')) THEN coalesce(m.estimate, 0) ELSE 0 END AS ahead, CASE WHEN (m.state IN ('accepted', 'sent')) THEN coalesce(m.estimate, 0) ELSE 0 END AS awaiting, CASE WHEN (m.state IN ('delivered', 'read', 'failed')) AND (CASE\n        WHEN m.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN m.state IN ('delivered', 'read') AND m.billed IS NOT FALSE THEN 'charged'\n        WHEN m.state = 'failed' AND m.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'free' THEN coalesce(m.estimate, 0) ELSE 0 END AS uncharged, CASE WHEN (CASE\n        WHEN m.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN m.state IN ('delivered', 'read') AND m.billed IS NOT FALSE THEN 'charged'\n        WHEN m.state = 'failed' AND m.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'charged' AND m.reported IS NULL THEN coalesce(m.estimate, 0) ELSE 0 END AS unreported, CASE WHEN (CASE\n        WHEN m.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN m.state IN ('delivered', 'read') AND m.billed IS NOT FALSE THEN 'charged'\n        WHEN m.state = 'failed' AND m.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'charged' AND m.reported IS NOT NULL THEN coalesce(m.estimate, 0) ELSE 0 END AS confirmed, coalesce(m.reported, 0) AS reported FROM made m) c GROUP BY slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded HAVING sum(waiting) <> 0 OR sum(uncertain) <> 0 OR sum(on_its_way) <> 0 OR sum(delivered) <> 0 OR sum(read) <> 0 OR sum(failed) <> 0 OR sum(not_sent) <> 0 OR sum(answered) <> 0 OR sum(priced) <> 0 OR sum(ahead) <> 0 OR sum(awaiting) <> 0 OR sum(uncharged) <> 0 OR sum(unreported) <> 0 OR sum(confirmed) <> 0 OR sum(reported) <> 0;\n        earlier := ARRAY(SELECT retry_of_id FROM made WHERE retry_of_id IS NOT NULL);\n        IF cardinality(earlier) > 0 THEN\n            UPDATE recontact_message SET superseded = true WHERE id = ANY(earlier) AND NOT superseded;\n        END IF;\n        RETURN NULL;\n    ", hash='e45965f344048370464646f2597770a2c04d132c', level='STATEMENT', operation='INSERT', pgid='pgtrigger_cost_message_queued_62e08', referencing='REFERENCING NEW TABLE AS made ', table='recontact_message', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='message',
            trigger=pgtrigger.compiler.Trigger(name='cost_message_moved', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        INSERT INTO recontact_costchange (slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded, waiting, uncertain, on_its_way, delivered, read, failed, not_sent, answered, priced, ahead, awaiting, uncharged, unreported, confirmed, reported) SELECT slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded, sum(waiting) AS waiting, sum(uncertain) AS uncertain, sum(on_its_way) AS on_its_way, sum(delivered) AS delivered, sum(read) AS read, sum(failed) AS failed, sum(not_sent) AS not_sent, sum(answered) AS answered, sum(priced) AS priced, sum(ahead) AS ahead, sum(awaiting) AS awaiting, sum(uncharged) AS uncharged, sum(unreported) AS unreported, sum(confirmed) AS confirmed, sum(reported) AS reported\n        FROM (SELECT d.* FROM gone was FULL JOIN made now_is ON now_is.id = was.id CROSS JOIN LATERAL (VALUES (date_bin('15 minutes', was.created_at, 'epoch'), was.account_id, was.sender_number_id, was.market, was.category, coalesce(was.campaign_id, 0), coalesce(was.team_id, 0), coalesce(was.created_by_id, 0), was.currency, was.reported_currency, was.superseded, -((was.state IN ('queued', 'sending'))::int), -((was.state IN ('uncertain'))::int), -((was.state IN ('accepted', 'sent'))::int), -((was.state IN ('delivered'))::int), -((was.state IN ('read'))::int), -((was.state IN ('failed'))::int), -((was.state IN ('rejected', 'skipped', 'cancelled', 'expired'))::int), -((was.answered_at IS NOT NULL)::int), -((was.reported IS NOT NULL)::int), -(CASE WHEN (was.state IN ('queued', 'sending', 'uncertain')) THEN coalesce(was.estimate, 0) ELSE 0 END), -(CASE WHEN (was.state IN ('accepted', 'sent')) THEN coalesce(was.estimate, 0) ELSE 0 END), -(CASE WHEN (was.state IN ('delivered', 'read', 'failed')) AND (CASE\n        WHEN was.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN was.state IN ('delivered', 'read') AND was.billed IS NOT FALSE THEN 'charged'\n        WHEN was.state = 'failed' AND was.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'free' THEN coalesce(was.estimate, 0) ELSE 0 END), -(CASE WHEN (CASE\n        WHEN was.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN was.state IN ('delivered', 'read') AND was.billed IS NOT FALSE THEN 'charged'\n        WHEN was.state = 'failed' AND was.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'charged' AND was.reported IS NULL THEN coalesce(was.estimate, 0) ELSE 0 END), -(CASE WHEN (CASE\n        WHEN was.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN was.state IN ('delivered', 'read') AND was.billed IS NOT FALSE THEN 'charged'\n        WHEN was.state = 'failed' AND was.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'charged' AND was.reported IS NOT NULL THEN coalesce(was.estimate, 0) ELSE 0 END), -(coalesce(was.reported, 0))), (date_bin('15 minutes', now_is.created_at, 'epoch'), now_is.account_id, now_is.sender_number_id, now_is.market, now_is.category, coalesce(now_is.campaign_id, 0), coalesce(now_is.team_id, 0), coalesce(now_is.created_by_id, 0), now_is.currency, now_is.reported_currency, now_is.superseded, (now_is.state IN ('queued', 'sending'))::int, (now_is.state IN ('uncertain'))::int, (now_is.state IN ('accepted', 'sent'))::int, (now_is.state IN ('delivered'))::int, (now_is.state IN ('read'))::int, (now_is.state IN ('failed'))::int, (now_is.state IN ('rejected', 'skipped', 'cancelled', 'expired'))::int, (now_is.answered_at IS NOT NULL)::int, (now_is.reported IS NOT NULL)::int, CASE WHEN (now_is.state IN ('queued', 'sending', 'uncertain')) THEN coalesce(now_is.estimate, 0) ELSE 0 END, CASE WHEN (now_is.state IN ('accepted', 'sent')) THEN coalesce(now_is.estimate, 0) ELSE 0 END, CASE WHEN (now_is.state IN ('delivered', 'read', 'failed')) AND (CASE\n        WHEN now_is.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN now_is.state IN ('delivered', 'read') AND now_is.billed IS NOT FALSE THEN 'charged'\n        WHEN now_is.state = 'failed' AND now_is.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'free' THEN coalesce(now_is.estimate, 0) ELSE 0 END, CASE WHEN (CASE\n        WHEN now_is.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN now_is.state IN ('delivered', 'read') AND now_is.billed IS NOT FALSE THEN 'charged'\n        WHEN now_is.state = 'failed' AND now_is.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'charged' AND now_is.reported IS NULL THEN coalesce(now_is.estimate, 0) ELSE 0 END, CASE WHEN (CASE\n        WHEN now_is.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN now_is.state IN ('delivered', 'read') AND now_is.billed IS NOT FALSE THEN 'charged'\n        WHEN now_is.state = 'failed' AND now_is.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'charged' AND now_is.reported IS NOT NULL THEN coalesce(now_is.estimate, 0) ELSE 0 END, coalesce(now_is.reported, 0))) AS d (slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded, waiting, uncertain, on_its_way, delivered, read, failed, not_sent, answered, priced, ahead, awaiting, uncharged, unreported, confirmed, reported)\n              WHERE (CASE WHEN (was.state IN ('queued', 'sending')) THEN 0 WHEN (was.state IN ('uncertain')) THEN 1 WHEN (was.state IN ('accepted', 'sent')) THEN 2 WHEN (was.state IN ('delivered')) THEN 3 WHEN (was.state IN ('read')) THEN 4 WHEN (was.state IN ('failed')) THEN 5 WHEN (was.state IN ('rejected', 'skipped', 'cancelled', 'expired')) THEN 6 END, was.billed, was.estimate, was.currency, was.reported, was.reported_currency, was.superseded, was.answered_at, was.created_at, was.market, was.category, was.campaign_id, was.team_id, was.created_by_id) IS DISTINCT FROM (CASE WHEN (now_is.state IN ('queued', 'sending')) THEN 0 WHEN (now_is.state IN ('uncertain')) THEN 1 WHEN (now_is.state IN ('accepted', 'sent')) THEN 2 WHEN (now_is.state IN ('delivered')) THEN 3 WHEN (now_is.state IN ('read')) THEN 4 WHEN (now_is.state IN ('failed')) THEN 5 WHEN (now_is.state IN ('rejected', 'skipped', 'cancelled', 'expired')) THEN 6 END, now_is.billed, now_is.estimate, now_is.currency, now_is.reported, now_is.reported_currency, now_is.superseded, now_is.answered_at, now_is.created_at, now_is.market, now_is.category, now_is.campaign_id, now_is.team_id, now_is.created_by_id)) c GROUP BY slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded HAVING sum(waiting) <> 0 OR sum(uncertain) <> 0 OR sum(on_its_way) <> 0 OR sum(delivered) <> 0 OR sum(read) <> 0 OR sum(failed) <> 0 OR sum(not_sent) <> 0 OR sum(answered) <> 0 OR sum(priced) <> 0 OR sum(ahead) <> 0 OR sum(awaiting) <> 0 OR sum(uncharged) <> 0 OR sum(unreported) <> 0 OR sum(confirmed) <> 0 OR sum(reported) <> 0;\n        RETURN NULL;\n    ", hash='4656563767ed59072d1c5d117e9b38235fcbfe07', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_cost_message_moved_447bb', referencing='REFERENCING OLD TABLE AS gone  NEW TABLE AS made ', table='recontact_message', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='costcell',
            constraint=models.UniqueConstraint(fields=('day', 'account_id', 'sender_number_id', 'market', 'category', 'campaign_id', 'team_id', 'agent_id', 'currency', 'reported_currency', 'superseded'), name='one_cost_cell'),
        ),
        migrations.AddConstraint(
            model_name='costslot',
            constraint=models.UniqueConstraint(fields=('slot', 'account_id', 'currency', 'reported_currency', 'superseded'), name='one_cost_slot'),
        ),
        migrations.RunPython(sum_up, migrations.RunPython.noop),
    ]
