"""How a guide tells what to bring: the short fact, and the list with forms, reasons and designated places."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from content.items.models import EditionMaterial, in_english, said

Kind = EditionMaterial.Kind
SAYS_NOTHING = {"未注明", ""}


@dataclass
class Fact:
    """One of the four facts at the top of a guide."""

    label: str
    value: str
    note: str = ""


@dataclass
class MaterialPlace:
    """A designated place that gives out a paper."""

    name: str
    text: str


@dataclass
class MaterialRow:
    """One line under "what to bring"."""

    name: str
    source: str = ""
    why: str = ""
    tags: list[str] = field(default_factory=list)
    places: list[MaterialPlace] = field(default_factory=list)


@dataclass
class MaterialList:
    """Lines that belong together; a title only for groups of which one is enough, or that depend on the situation."""

    title: str
    rows: list[MaterialRow]


def _form_parts(form: str) -> tuple[str, str]:
    """The form and what stands in its brackets: 原件（现场打印签字） is ("原件", "现场打印签字")."""
    main, _separator, rest = form.partition("（")
    return main.strip(), rest.rstrip("）").strip()


def _is_brought(use: EditionMaterial) -> bool:
    return use.kind not in (Kind.PRINTED, Kind.FETCHED)


def bring_fact(uses: list[EditionMaterial]) -> Fact:
    label = _("What to bring")
    needed = [use for use in uses if use.is_required and _is_brought(use)]
    others = [use for use in uses if not use.is_required and _is_brought(use)]
    printed = any(use.kind == Kind.PRINTED for use in uses)
    notes = []
    if others:
        count = len({use.group or use.pk for use in others})
        notes.append(
            ngettext("%(count)s more by your situation", "%(count)s more by your situation", count) % {"count": count}
        )
    if printed:
        notes.append(_("forms are printed here"))
    note = _(", ").join(notes)
    if not uses:
        return Fact(label, _("Ask the window"), _("the handbook names no papers"))
    if not needed:
        return Fact(label, _("By your situation") if others else _("Nothing"), note)
    if len(needed) == 1:
        form, _rest = _form_parts(needed[0].form)
        name = needed[0].material.display_name
        if name in ("居民身份证", "本人身份证", "身份证"):
            name = "身份证"
        value = name if form in SAYS_NOTHING or in_english() or len(name) > 8 else f"{name}{form}"
        return Fact(label, value, note)
    count = len(needed)
    return Fact(label, ngettext("%(count)s paper", "%(count)s papers", count) % {"count": count}, note)


def _material_row(use: EditionMaterial, why: str = "") -> MaterialRow:
    form, inside = _form_parts(use.form)
    row = MaterialRow(use.material.display_name)
    paper = use.material
    explanation = [said(paper, "explanation"), said(paper, "where_from")]
    if paper.validity:
        explanation.append(_("Not older than: %s.") % paper.validity)
    row.places = [
        MaterialPlace(one.name, _(", ").join(filter(None, (one.address, one.phone, one.hours, one.note))))
        for one in paper.sources.all()
    ]
    if use.kind == Kind.FETCHED:
        row.tags.append(_("not needed"))
        explanation.append(_("The office looks it up itself."))
    elif use.kind == Kind.PRINTED:
        row.tags.append(_("printed here"))
        explanation.append(_("You need not prepare it: the window fills it in, prints it, and you sign."))
    else:
        if form not in SAYS_NOTHING and not in_english():
            row.tags.append(form)
        elif use.kind:
            row.tags.append(use.get_kind_display())
        if inside and not in_english():
            explanation.append(f"{inside}。")
        if use.is_required:
            row.tags.append(_("always"))
    if use.count > 1:
        row.tags.append(ngettext("%(count)s copy", "%(count)s copies", use.count) % {"count": use.count})
    if use.fate:
        row.tags.append(use.get_fate_display())
    row.source = "".join(part for part in explanation if part)
    row.why = why
    return row


def material_lists(uses: list[EditionMaterial], whys: dict[int, str]) -> list[MaterialList]:
    """What is always needed first, then groups of which one is enough, then what depends on the situation."""
    always = [_material_row(use, whys.get(use.pk, "")) for use in uses if use.is_required and not use.group]
    groups: dict[str, list[MaterialRow]] = {}
    for use in uses:
        if use.group:
            groups.setdefault(use.group, []).append(_material_row(use, whys.get(use.pk, "")))
    depends = [_material_row(use, whys.get(use.pk, "")) for use in uses if not use.is_required and not use.group]
    lists = [MaterialList("", always)] if always else []
    lists += [MaterialList(_("Any one of these") if len(rows) > 1 else _("Also"), rows) for rows in groups.values()]
    if depends:
        lists.append(MaterialList(_("Only in these situations"), depends))
    return lists
