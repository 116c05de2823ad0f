from datetime import UTC, datetime

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("items", "0006_situations_become_rules")]
    operations = [
        migrations.AddField(
            model_name="itematplace",
            name="changed_at",
            # Nobody knows when the rows that are there changed; long ago tells no editor of anything new.
            field=models.DateTimeField(auto_now=True, default=datetime(2000, 1, 1, tzinfo=UTC)),
            preserve_default=False,
        ),
    ]
