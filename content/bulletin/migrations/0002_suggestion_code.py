from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bulletin", "0001_first")]
    operations = [
        migrations.AddField(
            model_name="suggestion",
            name="code_hash",
            field=models.CharField(editable=False, max_length=64, null=True, unique=True),
        ),
    ]
