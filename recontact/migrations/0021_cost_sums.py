from typing import Any

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from recontact.costs.rollup import costs_rebuild


def sum_up(apps: Any, schema_editor: Any) -> None:
    if apps.get_model('recontact', 'Message').objects.exists():
        costs_rebuild()


class Migration(migrations.Migration):

    dependencies = [
        ('recontact', '0020_cost_columns'),
    ]

    operations = [
        migrations.CreateModel(
            name='CostCell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ahead', models.BigIntegerField()),
                ('awaiting', models.BigIntegerField()),
                ('uncharged', models.BigIntegerField()),
                ('unreported', models.BigIntegerField()),
                ('confirmed', models.BigIntegerField()),
                ('reported', models.BigIntegerField()),
                ('waiting', models.IntegerField()),
                ('uncertain', models.IntegerField()),
                ('on_its_way', models.IntegerField()),
                ('delivered', models.IntegerField()),
                ('read', models.IntegerField()),
                ('failed', models.IntegerField()),
                ('not_sent', models.IntegerField()),
                ('answered', models.IntegerField()),
                ('priced', models.IntegerField()),
                ('sender_number_id', models.BigIntegerField()),
                ('campaign_id', models.BigIntegerField()),
                ('team_id', models.BigIntegerField()),
                ('agent_id', models.BigIntegerField()),
                ('day', models.DateField(verbose_name='day')),
                ('account_id', models.BigIntegerField()),
                ('superseded', models.BooleanField()),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('reported_currency', models.CharField(max_length=3, verbose_name="currency of the provider's price")),
                ('market', models.CharField(max_length=40)),
                ('category', models.CharField(max_length=20)),
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
                ('ahead', models.BigIntegerField()),
                ('awaiting', models.BigIntegerField()),
                ('uncharged', models.BigIntegerField()),
                ('unreported', models.BigIntegerField()),
                ('confirmed', models.BigIntegerField()),
                ('reported', models.BigIntegerField()),
                ('waiting', models.IntegerField()),
                ('uncertain', models.IntegerField()),
                ('on_its_way', models.IntegerField()),
                ('delivered', models.IntegerField()),
                ('read', models.IntegerField()),
                ('failed', models.IntegerField()),
                ('not_sent', models.IntegerField()),
                ('answered', models.IntegerField()),
                ('priced', models.IntegerField()),
                ('sender_number_id', models.BigIntegerField()),
                ('campaign_id', models.BigIntegerField()),
                ('team_id', models.BigIntegerField()),
                ('agent_id', models.BigIntegerField()),
                ('slot', models.DateTimeField()),
                ('account_id', models.BigIntegerField()),
                ('superseded', models.BooleanField()),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('reported_currency', models.CharField(max_length=3, verbose_name="currency of the provider's price")),
                ('market', models.CharField(max_length=40)),
                ('category', models.CharField(max_length=20)),
            ],
            options={
                'verbose_name': 'change of costs',
                'verbose_name_plural': 'changes of costs',
            },
        ),
        migrations.CreateModel(
            name='CostMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ahead', models.BigIntegerField()),
                ('awaiting', models.BigIntegerField()),
                ('uncharged', models.BigIntegerField()),
                ('unreported', models.BigIntegerField()),
                ('confirmed', models.BigIntegerField()),
                ('reported', models.BigIntegerField()),
                ('waiting', models.IntegerField()),
                ('uncertain', models.IntegerField()),
                ('on_its_way', models.IntegerField()),
                ('delivered', models.IntegerField()),
                ('read', models.IntegerField()),
                ('failed', models.IntegerField()),
                ('not_sent', models.IntegerField()),
                ('answered', models.IntegerField()),
                ('priced', models.IntegerField()),
                ('sender_number_id', models.BigIntegerField()),
                ('campaign_id', models.BigIntegerField()),
                ('team_id', models.BigIntegerField()),
                ('agent_id', models.BigIntegerField()),
                ('day', models.DateField(verbose_name='day')),
                ('account_id', models.BigIntegerField()),
                ('superseded', models.BooleanField()),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('reported_currency', models.CharField(max_length=3, verbose_name="currency of the provider's price")),
                ('market', models.CharField(max_length=40)),
                ('category', models.CharField(max_length=20)),
            ],
            options={
                'verbose_name': 'cost of a month',
                'verbose_name_plural': 'costs by month',
            },
        ),
        migrations.CreateModel(
            name='CostSlot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ahead', models.BigIntegerField()),
                ('awaiting', models.BigIntegerField()),
                ('uncharged', models.BigIntegerField()),
                ('unreported', models.BigIntegerField()),
                ('confirmed', models.BigIntegerField()),
                ('reported', models.BigIntegerField()),
                ('waiting', models.IntegerField()),
                ('uncertain', models.IntegerField()),
                ('on_its_way', models.IntegerField()),
                ('delivered', models.IntegerField()),
                ('read', models.IntegerField()),
                ('failed', models.IntegerField()),
                ('not_sent', models.IntegerField()),
                ('answered', models.IntegerField()),
                ('priced', models.IntegerField()),
                ('slot', models.DateTimeField()),
                ('account_id', models.BigIntegerField()),
                ('superseded', models.BooleanField()),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('reported_currency', models.CharField(max_length=3, verbose_name="currency of the provider's price")),
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
            trigger=pgtrigger.compiler.Trigger(name='cost_message_queued', sql=pgtrigger.compiler.UpsertTriggerSql(declare='DECLARE earlier bigint[];', func="\n        INSERT INTO recontact_costchange (slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded, waiting, uncertain, on_its_way, delivered, read, failed, not_sent, answered, priced, ahead, awaiting, uncharged, unreported, confirmed, reported)\n               SELECT slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded, sum(waiting) AS waiting, sum(uncertain) AS uncertain, sum(on_its_way) AS on_its_way, sum(delivered) AS delivered, sum(read) AS read, sum(failed) AS failed, sum(not_sent) AS not_sent, sum(answered) AS answered, sum(priced) AS priced, sum(ahead) AS ahead, sum(awaiting) AS awaiting, sum(uncharged) AS uncharged, sum(unreported) AS unreported, sum(confirmed) AS confirmed, sum(reported) AS reported FROM (SELECT f.slot, f.account_id, f.sender_number_id, f.market, f.category, f.campaign_id, f.team_id, f.agent_id, f.currency, f.reported_currency, f.superseded, f.n * ((f.state IN ('queued', 'sending'))::int) AS waiting, f.n * ((f.state IN ('uncertain'))::int) AS uncertain, f.n * ((f.state IN ('accepted', 'sent'))::int) AS on_its_way, f.n * ((f.state IN ('delivered'))::int) AS delivered, f.n * ((f.state IN ('read'))::int) AS read, f.n * ((f.state IN ('failed'))::int) AS failed, f.n * ((f.state IN ('rejected', 'skipped', 'cancelled', 'expired'))::int) AS not_sent, f.n * (f.answered::int) AS answered, f.n * ((f.reported IS NOT NULL)::int) AS priced, f.n * (CASE WHEN (f.state IN ('queued', 'sending', 'uncertain')) THEN coalesce(f.estimate * 1000000, 0)::bigint ELSE 0 END) AS ahead, f.n * (CASE WHEN (f.state IN ('accepted', 'sent')) THEN coalesce(f.estimate * 1000000, 0)::bigint ELSE 0 END) AS awaiting, f.n * (CASE WHEN (f.state IN ('delivered', 'read', 'failed')) AND (CASE\n        WHEN f.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN f.state IN ('delivered', 'read') AND f.billed IS NOT FALSE THEN 'charged'\n        WHEN f.state = 'failed' AND f.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'free' THEN coalesce(f.estimate * 1000000, 0)::bigint ELSE 0 END) AS uncharged, f.n * (CASE WHEN (CASE\n        WHEN f.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN f.state IN ('delivered', 'read') AND f.billed IS NOT FALSE THEN 'charged'\n        WHEN f.state = 'failed' AND f.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'charged' AND f.reported IS NULL THEN coalesce(f.estimate * 1000000, 0)::bigint ELSE 0 END) AS unreported, f.n * (CASE WHEN (CASE\n        WHEN f.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN f.state IN ('delivered', 'read') AND f.billed IS NOT FALSE THEN 'charged'\n        WHEN f.state = 'failed' AND f.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'charged' AND f.reported IS NOT NULL THEN coalesce(f.estimate * 1000000, 0)::bigint ELSE 0 END) AS confirmed, f.n * (coalesce(f.reported * 1000000, 0)::bigint) AS reported FROM (SELECT date_bin('15 minutes', m.created_at, 'epoch') AS slot, m.account_id AS account_id, m.sender_number_id AS sender_number_id, m.market AS market, m.category AS category, coalesce(m.campaign_id, 0) AS campaign_id, coalesce(m.team_id, 0) AS team_id, coalesce(m.created_by_id, 0) AS agent_id, m.currency AS currency, m.reported_currency AS reported_currency, m.superseded AS superseded, m.state AS state, m.billed AS billed, m.estimate AS estimate, m.reported AS reported, m.answered_at IS NOT NULL AS answered, count(*) AS n FROM made m GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16) f) c GROUP BY slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded HAVING NOT (sum(waiting) = 0 AND sum(uncertain) = 0 AND sum(on_its_way) = 0 AND sum(delivered) = 0 AND sum(read) = 0 AND sum(failed) = 0 AND sum(not_sent) = 0 AND sum(answered) = 0 AND sum(priced) = 0 AND sum(ahead) = 0 AND sum(awaiting) = 0 AND sum(uncharged) = 0 AND sum(unreported) = 0 AND sum(confirmed) = 0 AND sum(reported) = 0);\n        earlier := ARRAY(SELECT retry_of_id FROM made WHERE retry_of_id IS NOT NULL);\n        IF cardinality(earlier) > 0 THEN\n            UPDATE recontact_message SET superseded = true WHERE id = ANY(earlier) AND NOT superseded;\n        END IF;\n        RETURN NULL;\n    ", hash='1db84e3be3368970756983a15ed951cfcf99ede9', level='STATEMENT', operation='INSERT', pgid='pgtrigger_cost_message_queued_62e08', referencing='REFERENCING NEW TABLE AS made ', table='recontact_message', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='message',
            trigger=pgtrigger.compiler.Trigger(name='cost_message_moved', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n        INSERT INTO recontact_costchange (slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded, waiting, uncertain, on_its_way, delivered, read, failed, not_sent, answered, priced, ahead, awaiting, uncharged, unreported, confirmed, reported)\n               SELECT slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded, sum(waiting) AS waiting, sum(uncertain) AS uncertain, sum(on_its_way) AS on_its_way, sum(delivered) AS delivered, sum(read) AS read, sum(failed) AS failed, sum(not_sent) AS not_sent, sum(answered) AS answered, sum(priced) AS priced, sum(ahead) AS ahead, sum(awaiting) AS awaiting, sum(uncharged) AS uncharged, sum(unreported) AS unreported, sum(confirmed) AS confirmed, sum(reported) AS reported FROM (SELECT f.slot, f.account_id, f.sender_number_id, f.market, f.category, f.campaign_id, f.team_id, f.agent_id, f.currency, f.reported_currency, f.superseded, f.n * ((f.state IN ('queued', 'sending'))::int) AS waiting, f.n * ((f.state IN ('uncertain'))::int) AS uncertain, f.n * ((f.state IN ('accepted', 'sent'))::int) AS on_its_way, f.n * ((f.state IN ('delivered'))::int) AS delivered, f.n * ((f.state IN ('read'))::int) AS read, f.n * ((f.state IN ('failed'))::int) AS failed, f.n * ((f.state IN ('rejected', 'skipped', 'cancelled', 'expired'))::int) AS not_sent, f.n * (f.answered::int) AS answered, f.n * ((f.reported IS NOT NULL)::int) AS priced, f.n * (CASE WHEN (f.state IN ('queued', 'sending', 'uncertain')) THEN coalesce(f.estimate * 1000000, 0)::bigint ELSE 0 END) AS ahead, f.n * (CASE WHEN (f.state IN ('accepted', 'sent')) THEN coalesce(f.estimate * 1000000, 0)::bigint ELSE 0 END) AS awaiting, f.n * (CASE WHEN (f.state IN ('delivered', 'read', 'failed')) AND (CASE\n        WHEN f.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN f.state IN ('delivered', 'read') AND f.billed IS NOT FALSE THEN 'charged'\n        WHEN f.state = 'failed' AND f.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'free' THEN coalesce(f.estimate * 1000000, 0)::bigint ELSE 0 END) AS uncharged, f.n * (CASE WHEN (CASE\n        WHEN f.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN f.state IN ('delivered', 'read') AND f.billed IS NOT FALSE THEN 'charged'\n        WHEN f.state = 'failed' AND f.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'charged' AND f.reported IS NULL THEN coalesce(f.estimate * 1000000, 0)::bigint ELSE 0 END) AS unreported, f.n * (CASE WHEN (CASE\n        WHEN f.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'\n        WHEN f.state IN ('delivered', 'read') AND f.billed IS NOT FALSE THEN 'charged'\n        WHEN f.state = 'failed' AND f.billed IS TRUE THEN 'charged'\n        ELSE 'free' END) = 'charged' AND f.reported IS NOT NULL THEN coalesce(f.estimate * 1000000, 0)::bigint ELSE 0 END) AS confirmed, f.n * (coalesce(f.reported * 1000000, 0)::bigint) AS reported FROM (SELECT date_bin('15 minutes', was.created_at, 'epoch') AS was_slot, was.account_id AS was_account_id, was.sender_number_id AS was_sender_number_id, was.market AS was_market, was.category AS was_category, coalesce(was.campaign_id, 0) AS was_campaign_id, coalesce(was.team_id, 0) AS was_team_id, coalesce(was.created_by_id, 0) AS was_agent_id, was.currency AS was_currency, was.reported_currency AS was_reported_currency, was.superseded AS was_superseded, was.state AS was_state, was.billed AS was_billed, was.estimate AS was_estimate, was.reported AS was_reported, was.answered_at IS NOT NULL AS was_answered, date_bin('15 minutes', now_is.created_at, 'epoch') AS now_is_slot, now_is.account_id AS now_is_account_id, now_is.sender_number_id AS now_is_sender_number_id, now_is.market AS now_is_market, now_is.category AS now_is_category, coalesce(now_is.campaign_id, 0) AS now_is_campaign_id, coalesce(now_is.team_id, 0) AS now_is_team_id, coalesce(now_is.created_by_id, 0) AS now_is_agent_id, now_is.currency AS now_is_currency, now_is.reported_currency AS now_is_reported_currency, now_is.superseded AS now_is_superseded, now_is.state AS now_is_state, now_is.billed AS now_is_billed, now_is.estimate AS now_is_estimate, now_is.reported AS now_is_reported, now_is.answered_at IS NOT NULL AS now_is_answered, count(*) AS n FROM gone was FULL JOIN made now_is ON now_is.id = was.id\n                WHERE (CASE WHEN (was.state IN ('queued', 'sending')) THEN 0 WHEN (was.state IN ('uncertain')) THEN 1 WHEN (was.state IN ('accepted', 'sent')) THEN 2 WHEN (was.state IN ('delivered')) THEN 3 WHEN (was.state IN ('read')) THEN 4 WHEN (was.state IN ('failed')) THEN 5 WHEN (was.state IN ('rejected', 'skipped', 'cancelled', 'expired')) THEN 6 END, was.billed, was.estimate, was.currency, was.reported, was.reported_currency, was.superseded, was.answered_at, was.created_at, was.market, was.category, was.campaign_id, was.team_id, was.created_by_id) IS DISTINCT FROM (CASE WHEN (now_is.state IN ('queued', 'sending')) THEN 0 WHEN (now_is.state IN ('uncertain')) THEN 1 WHEN (now_is.state IN ('accepted', 'sent')) THEN 2 WHEN (now_is.state IN ('delivered')) THEN 3 WHEN (now_is.state IN ('read')) THEN 4 WHEN (now_is.state IN ('failed')) THEN 5 WHEN (now_is.state IN ('rejected', 'skipped', 'cancelled', 'expired')) THEN 6 END, now_is.billed, now_is.estimate, now_is.currency, now_is.reported, now_is.reported_currency, now_is.superseded, now_is.answered_at, now_is.created_at, now_is.market, now_is.category, now_is.campaign_id, now_is.team_id, now_is.created_by_id) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32) g\n               CROSS JOIN LATERAL (VALUES (g.was_slot, g.was_account_id, g.was_sender_number_id, g.was_market, g.was_category, g.was_campaign_id, g.was_team_id, g.was_agent_id, g.was_currency, g.was_reported_currency, g.was_superseded, g.was_state, g.was_billed, g.was_estimate, g.was_reported, g.was_answered, -g.n), (g.now_is_slot, g.now_is_account_id, g.now_is_sender_number_id, g.now_is_market, g.now_is_category, g.now_is_campaign_id, g.now_is_team_id, g.now_is_agent_id, g.now_is_currency, g.now_is_reported_currency, g.now_is_superseded, g.now_is_state, g.now_is_billed, g.now_is_estimate, g.now_is_reported, g.now_is_answered, g.n)) AS f (slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded, state, billed, estimate, reported, answered, n)) c GROUP BY slot, account_id, sender_number_id, market, category, campaign_id, team_id, agent_id, currency, reported_currency, superseded HAVING NOT (sum(waiting) = 0 AND sum(uncertain) = 0 AND sum(on_its_way) = 0 AND sum(delivered) = 0 AND sum(read) = 0 AND sum(failed) = 0 AND sum(not_sent) = 0 AND sum(answered) = 0 AND sum(priced) = 0 AND sum(ahead) = 0 AND sum(awaiting) = 0 AND sum(uncharged) = 0 AND sum(unreported) = 0 AND sum(confirmed) = 0 AND sum(reported) = 0);\n        RETURN NULL;\n    ", hash='018020a3096b51c8e0b8c578812b821d89a7fe33', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_cost_message_moved_447bb', referencing='REFERENCING OLD TABLE AS gone  NEW TABLE AS made ', table='recontact_message', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='costcell',
            constraint=models.UniqueConstraint(fields=('day', 'account_id', 'sender_number_id', 'market', 'category', 'campaign_id', 'team_id', 'agent_id', 'currency', 'reported_currency', 'superseded'), name='one_cost_cell'),
        ),
        migrations.AddConstraint(
            model_name='costmonth',
            constraint=models.UniqueConstraint(fields=('day', 'account_id', 'sender_number_id', 'market', 'category', 'campaign_id', 'team_id', 'agent_id', 'currency', 'reported_currency', 'superseded'), name='one_cost_month'),
        ),
        migrations.AddConstraint(
            model_name='costslot',
            constraint=models.UniqueConstraint(fields=('slot', 'account_id', 'currency', 'reported_currency', 'superseded'), name='one_cost_slot'),
        ),
        migrations.RunPython(sum_up, migrations.RunPython.noop),
    ]
