from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("providers", "0004_checkups_and_delivery_keys"),
    ]

    operations = [
        migrations.AddField(
            model_name="provideraccount",
            name="released_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last released"),
        ),
        migrations.AddField(
            model_name="sendernumber",
            name="released_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last released"),
        ),
    ]
