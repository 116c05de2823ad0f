from django.db import migrations


class Migration(migrations.Migration):
    """Apart from the data's own migration: PostgreSQL does not alter a table with pending foreign key checks."""

    dependencies = [("items", "0005_rules_on_materials")]

    operations = [
        migrations.RemoveField("editionmaterial", "situation"),
        migrations.RemoveField("editionmaterial", "when_text"),
    ]
