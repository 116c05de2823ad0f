"""The triggers that keep ratings as they were said, and the first version of the reasons."""

from django.db import migrations

from servicedesk.ratings import triggers

# The indicators of the national guide for windows (overall, efficiency, skill, attitude), told per level.
GOOD = [
    ("polite", "态度热情", "Friendly"),
    ("fast", "办得快", "Quickly done"),
    ("clear", "讲得清楚", "Clearly explained"),
    ("once", "一次就办成", "Done in one visit"),
    ("near", "家门口就能办", "Close to home"),
]
FAIR = [
    ("polite", "态度还可以", "Friendly enough"),
    ("wait", "等的时间有点长", "A rather long wait"),
    ("steps", "步骤有点多", "Rather many steps"),
    ("clear", "有些地方没听明白", "Some things were not clear"),
]
POOR = [
    ("attitude", "态度不好", "Unfriendly"),
    ("wait", "等得太久", "Waited too long"),
    ("slow", "办得太慢", "Handled too slowly"),
    ("unclear", "没讲清楚", "Not clearly explained"),
    ("again", "要跑第二趟", "Has to come again"),
    ("papers", "多要了材料", "More papers asked for than told"),
    ("machine", "机器不好用", "The machine did not work well"),
    ("not_done", "事情没办成", "It could not be done"),
]
BY_LEVEL = {5: GOOD, 4: GOOD, 3: FAIR, 2: POOR, 1: POOR}


def add_options(apps, schema_editor):
    option = apps.get_model("ratings", "RatingOption")
    for level, rows in BY_LEVEL.items():
        for position, (code, text_zh, text_en) in enumerate(rows, start=1):
            option.objects.get_or_create(
                version=1,
                level=level,
                code=code,
                defaults={"position": position, "text_zh": text_zh, "text_en": text_en},
            )


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("ratings", "0001_initial")]
    operations = [
        migrations.RunPython(add_options, migrations.RunPython.noop),
        migrations.RunPython(install, remove),
    ]
