from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("recontact", "0032_lists_to_do"),
    ]

    operations = [
        migrations.AddField(
            model_name="outgoingevent",
            name="replayed_at",
            field=models.DateTimeField(null=True, verbose_name="asked for again at"),
        ),
    ]
