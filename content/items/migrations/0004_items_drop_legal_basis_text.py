"""The text of the legal basis goes, now that each law is a row."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('items', '0003_items_demand_imports_bases'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='itemedition',
            name='legal_basis',
        ),
    ]
