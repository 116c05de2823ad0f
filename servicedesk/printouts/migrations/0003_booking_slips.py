from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("printouts", "0002_person_mark_and_open_jobs")]

    operations = [
        migrations.AlterField(
            model_name="printjob",
            name="kind",
            field=models.CharField(
                choices=[
                    ("ticket", "ticket"),
                    ("form", "form"),
                    ("result", "result"),
                    ("handover", "receipt for papers 收件凭证"),
                    ("notice", "notice"),
                    ("booking", "booking"),
                ],
                max_length=10,
            ),
        ),
    ]
