"""A material's situation becomes a rule over that question, in editions and in their history alike."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def to_rules(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    keys = dict(apps.get_model("items", "Situation").objects.values_list("pk", "key"))
    rows = apps.get_model("items", "EditionMaterial").objects.filter(situation__isnull=False)
    for row in rows.iterator():
        row.rule = {"question": keys[row.situation_id], "is": True}
        row.save(update_fields=["rule"])
    for revision in _revisions(apps):
        is_changed = False
        for material in revision.content.get("materials", []):
            key = keys.get(material.pop("situation", None))
            material.pop("when_text", None)
            if key and not material.get("rule"):
                material["rule"] = {"question": key, "is": True}
            is_changed = True
        if is_changed:
            revision.save(update_fields=["content"])


def to_situations(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    ids = dict(apps.get_model("items", "Situation").objects.values_list("key", "pk"))
    for row in apps.get_model("items", "EditionMaterial").objects.exclude(rule={}).iterator():
        if row.rule.get("is") is True and row.rule.get("question") in ids:
            row.situation_id = ids[row.rule["question"]]
            row.save(update_fields=["situation_id"])


def _revisions(apps: Apps):
    types = apps.get_model("contenttypes", "ContentType").objects.filter(app_label="items", model="itemedition")
    return apps.get_model("wagtailcore", "Revision").objects.filter(content_type__in=types).iterator()


class Migration(migrations.Migration):
    dependencies = [
        ("items", "0004_items_drop_legal_basis_text"),
        ("wagtailcore", "0098_apitoken"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(to_rules, to_situations, elidable=True),
    ]
