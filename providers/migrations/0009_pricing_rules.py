from typing import Any

from django.db import migrations

from providers.rates.rule_seeds import rules_seed


def seed(apps: Any, schema_editor: Any) -> None:
    rules_seed(apps.get_model("providers", "PricingRule"))


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0008_published_rate_cards'),
    ]

    operations = [
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
