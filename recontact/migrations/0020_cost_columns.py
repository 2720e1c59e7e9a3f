import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('recontact', '0019_cost_lines'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='answered_at',
            field=models.DateTimeField(null=True, verbose_name='answered at'),
        ),
        migrations.AddField(
            model_name='message',
            name='market',
            field=models.CharField(blank=True, db_default='', default='', max_length=40, verbose_name='market'),
        ),
        migrations.AddField(
            model_name='message',
            name='reported',
            field=models.DecimalField(decimal_places=6, max_digits=12, null=True, verbose_name='reported'),
        ),
        migrations.AddField(
            model_name='message',
            name='reported_currency',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=3),
        ),
        migrations.AddField(
            model_name='message',
            name='superseded',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name='message',
            name='team',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='recontact.team', verbose_name='team'),
        ),
        # What is known of the messages that are there: the market of their price, their query's team or their sender's first,
        # and the provider's price.
        migrations.RunSQL(
            """
            UPDATE recontact_message m
            SET market = coalesce((SELECT c.market FROM recontact_costentry c WHERE c.message_id = m.id AND c.kind = 'estimate'
                                   ORDER BY c.id LIMIT 1), ''),
                team_id = CASE WHEN m.query_id IS NOT NULL THEN (SELECT q.team_id FROM recontact_query q WHERE q.id = m.query_id)
                    ELSE (SELECT t.id FROM recontact_team_members u JOIN recontact_team t ON t.id = u.team_id
                          WHERE u.user_id = m.created_by_id ORDER BY t.name LIMIT 1) END,
                superseded = EXISTS (SELECT 1 FROM recontact_message r WHERE r.retry_of_id = m.id),
                reported = (SELECT c.amount FROM recontact_costentry c WHERE c.message_id = m.id AND c.kind = 'report'),
                reported_currency = coalesce((SELECT c.currency FROM recontact_costentry c
                                              WHERE c.message_id = m.id AND c.kind = 'report'), '')
            """,
            migrations.RunSQL.noop,
        ),
    ]
