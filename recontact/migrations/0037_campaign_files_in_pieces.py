from django.db import migrations


class Migration(migrations.Migration):
    """A campaign's file is kept as it came: of a compressed one PostgreSQL unpacks everything before a piece to read the piece,
    so a file of a million rows took minutes to go through. Files that are stored already stay as they are."""

    dependencies = [
        ("recontact", "0036_one_index_less_per_recipient"),
    ]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE recontact_campaignfile ALTER COLUMN body SET STORAGE EXTERNAL",
            "ALTER TABLE recontact_campaignfile ALTER COLUMN body SET STORAGE EXTENDED",
        ),
    ]
