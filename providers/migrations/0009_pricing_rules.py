from django.db import migrations

from providers.rates.rule_seeds import rules_seed


def seed(apps, schema_editor):
    rules_seed(apps.get_model("providers", "PricingRule"))


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0008_published_rate_cards'),
    ]

    operations = [
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
