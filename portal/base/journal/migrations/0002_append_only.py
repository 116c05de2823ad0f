from django.db import migrations

from portal.base.journal import triggers


def install(apps, schema_editor):
    triggers.install_on_entries(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove_from_entries(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
