"""Where a shared paper or question is used: in what is published, in drafts, and in what publishes itself later."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, ProtectedError, Q
from django.db.models.deletion import Collector
from django.utils.translation import gettext as _
from wagtail.models import Revision

from content.items.models import EditionMaterial, EditionQuestion, EditionStop, ItemEdition, Material, Situation
from content.items.rules import keys_in

type Shared = Material | Situation


@dataclass(frozen=True)
class Use:
    """One place where it is used: the edition, in which words editors find the row, and whether only a draft has it."""

    edition: ItemEdition
    where: str
    is_draft: bool = False


class InUse(ProtectedError):
    """It is named somewhere, so it stays."""

    def __init__(self, thing: Shared, uses: list[Use]) -> None:
        self.uses = uses
        sentence = _("“%(name)s” is used and cannot be deleted: %(where)s.")
        where = _("; ").join(f"{use.edition.name}（{use.where}）" for use in uses[:10])
        super().__init__(sentence % {"name": thing, "where": where}, {use.edition for use in uses})


def uses_of(thing: Shared) -> list[Use]:
    """Every use, one line a row of an edition: first what is stored, then what drafts and scheduled versions add."""
    found = list(_stored(thing))
    known = {(use.edition.pk, use.where) for use in found}
    return found + [use for use in _in_revisions(thing) if (use.edition.pk, use.where) not in known]


def refuse_while_used(sender: type[Model], instance: Any, **kwargs: Any) -> None:
    """Whoever deletes it, a form or a command: a question that a condition names, or a paper that is asked for, stays.

    Raises:
        InUse: it is named; the exception has the uses.
    """
    if uses := uses_of(instance):
        raise InUse(instance, uses)


def _stored(thing: Shared) -> Iterator[Use]:
    if isinstance(thing, Material):
        for row in EditionMaterial.objects.filter(material=thing).select_related("edition"):
            yield Use(row.edition, _("material"))
        return
    for asked in EditionQuestion.objects.filter(situation=thing).select_related("edition"):
        yield Use(asked.edition, _("question"))
    for question in _naming(EditionQuestion, thing.key, "situation"):
        yield Use(question.edition, _question_asked(question.situation.name))
    for needed in _naming(EditionMaterial, thing.key, "material"):
        yield Use(needed.edition, _condition_of(needed.material.name))
    for stop in _naming(EditionStop, thing.key):
        yield Use(stop.edition, _end(stop.sentence))


def _naming(rows: type[Model], key: str, *related: str) -> list[Any]:
    conditional = rows._default_manager.exclude(rule={}).select_related("edition", *related)
    return [row for row in conditional if key in keys_in(row.rule)]


def _question_asked(name: str) -> str:
    return _("when “%s” is asked") % name


def _condition_of(name: str) -> str:
    return _("when “%s” is needed") % name


def _end(sentence: str) -> str:
    return _("end “%s”") % sentence


def _in_revisions(thing: Shared) -> Iterator[Use]:
    """What versions say that are not published yet: the newest of each edition with a draft, and scheduled ones."""
    waiting = Q(pk__in=ItemEdition.objects.exclude(live=True, has_unpublished_changes=False).values("latest_revision"))
    revisions = Revision.objects.filter(
        waiting | Q(approved_go_live_at__isnull=False),
        base_content_type__app_label="items",
        base_content_type__model="itemedition",
    )
    contents = {int(row.object_id): row.content for row in revisions.order_by("created_at")}
    editions = ItemEdition.objects.in_bulk(contents)
    for pk, content in contents.items():
        for where in dict.fromkeys(_named_in(content, thing)):
            if pk in editions:
                yield Use(editions[pk], where, is_draft=True)


def _named_in(content: dict[str, Any], thing: Shared) -> Iterator[str]:
    materials, questions = content.get("materials", []), content.get("questions", [])
    if isinstance(thing, Material):
        yield from (_("material") for row in materials if row.get("material") == thing.pk)
        return
    yield from (_("question") for row in questions if row.get("situation") == thing.pk)
    for rows, name, model, say in (
        (questions, "situation", Situation, _question_asked),
        (materials, "material", Material, _condition_of),
    ):
        naming = [row.get(name) for row in rows if thing.key in keys_in(row.get("rule"))]
        yield from (say(called) for called in model.objects.filter(pk__in=naming).values_list("name", flat=True))
    yield from (
        _end(row.get("sentence", "")) for row in content.get("stops", []) if thing.key in keys_in(row.get("rule"))
    )


def blocks_deletion(row: Model) -> list[str]:
    """For any other row that is referred to and may not go: by what, and how often; empty when it may."""
    try:
        Collector(using=row._state.db or DEFAULT_DB_ALIAS).collect([row])
    except ProtectedError as error:
        counts = Counter(str(one._meta.verbose_name) for one in error.protected_objects)
        return [f"{name} × {count}" for name, count in counts.items()]
    return []
