from typing import Any

from django.db import connection, migrations, models

from recontact.advisory_locks import AdvisoryLock

_MEASURES = (
    *('ahead', 'awaiting', 'uncharged', 'unreported', 'confirmed', 'reported', 'waiting', 'uncertain', 'on_its_way'),
    *('delivered', 'read', 'failed', 'not_sent', 'answered', 'priced'),
)
#: What the new ones are told apart by, and one (6) that was told apart by team and agent alone.
_OUTLINES = {
    6: ('account_id', 'sender_number_id', 'category', 'team_id', 'agent_id'),
    8: ('market', 'team_id', 'agent_id'),
    9: ('market', 'campaign_id'),
    10: ('campaign_id', 'team_id', 'agent_id'),
}
_BY_MONTH_ALONE = (8,)
_WHO = ('account_id', 'sender_number_id', 'market', 'category', 'campaign_id', 'team_id', 'agent_id')


def fill(apps: Any, schema_editor: Any) -> None:
    """From the sums of days and months there are, while nobody adds to them."""
    with connection.cursor() as cursor:
        cursor.execute('SELECT pg_advisory_xact_lock(%s)', [AdvisoryLock.COSTS])
        # What 6 was; and on a new database a migration before this one may have built all there are.
        cursor.execute('DELETE FROM recontact_costoutline WHERE outline = ANY(%s)', [list(_OUTLINES)])
        for outline, columns in _OUTLINES.items():
            for by_month, table in ((True, 'recontact_costmonth'), (False, 'recontact_costcell')):
                if by_month or outline not in _BY_MONTH_ALONE:
                    cursor.execute(_filled(columns, table), [outline, by_month])


def _filled(columns: tuple[str, ...], table: str) -> str:
    who = ', '.join(name if name in columns else ("''" if name in ('market', 'category') else '0') for name in _WHO)
    return f"""
        INSERT INTO recontact_costoutline (outline, by_month, day, {', '.join(_WHO)}, currency, reported_currency,
            {', '.join(_MEASURES)})
        SELECT %s, %s, day, {who}, currency, reported_currency, {', '.join(f'sum({name})' for name in _MEASURES)}
        FROM {table} GROUP BY {', '.join(('day', *columns, 'currency', 'reported_currency'))}"""


class Migration(migrations.Migration):

    dependencies = [
        ('recontact', '0034_message_by_time_summarized'),
    ]

    operations = [
        migrations.RunSQL(
            # Adding bigints is strict, so it begins with the first one; it raises an error where the sum does not fit.
            'CREATE AGGREGATE recontact_whole_sum(bigint) (SFUNC = int8pl, STYPE = bigint, COMBINEFUNC = int8pl, PARALLEL = SAFE)',
            'DROP AGGREGATE recontact_whole_sum(bigint)',
        ),
        migrations.AlterField(
            model_name='costoutline',
            name='outline',
            field=models.PositiveSmallIntegerField(choices=[(1, 'market'), (2, 'team'), (3, 'number, category'), (4, 'campaign, number, category'), (5, 'agent'), (6, 'number, category, team, agent'), (7, 'number, category, market'), (8, 'market, team, agent'), (9, 'campaign, market'), (10, 'campaign, team, agent')]),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
