import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('recontact', '0033_replayed_events'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='message',
            name='message_by_time',
        ),
        migrations.AddIndex(
            model_name='message',
            index=django.contrib.postgres.indexes.BrinIndex(autosummarize=True, fields=['created_at'], name='message_by_time', pages_per_range=32),
        ),
    ]
