from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("templates_app", "0002_submissions"),
    ]

    operations = [
        migrations.AddField(
            model_name="template",
            name="released_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last released"),
        ),
    ]
