"""The first version of the privacy and recording notice."""

from datetime import date

from django.db import migrations

TEXT_ZH = (
    "从现在起会录音录像，只用来查证这次办事。录像加密保存，到期自动删除；只有审计人员写明原因才能看，每次都有记录。"
    "您的证件信息只用来办这件事。不同意也没关系，可以到受理中心窗口办。"
)
TEXT_EN = (
    "From now on sound and picture are recorded, only to be able to check how this was handled. The recording is kept "
    "encrypted and deleted when its time is over; only an auditor may see it, with a reason that is written down. What "
    "your card says is used for this matter alone. If you do not agree, that is fine: a counter of the centre does it too."
)


def add(apps, schema_editor):
    apps.get_model("residents", "PrivacyNotice").objects.get_or_create(
        version="1", defaults={"text_zh": TEXT_ZH, "text_en": TEXT_EN, "valid_from": date(2026, 1, 1)}
    )


class Migration(migrations.Migration):
    dependencies = [("residents", "0001_initial")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
