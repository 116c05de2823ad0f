"""A notice as people read it, drawn from its bytes alone: page, paper, slip and desk say the same in the same order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from content.items.models.words import in_english
from content.notices.models import Notice
from content.notices.services import content_of, fingerprint, spoken_code
from content.notices.snapshot import ASK, BRING, FETCHED, PRINTED, STOP


@dataclass
class Line:
    """One material: what, whose and where from, in which form, and because of which answer."""

    id: str
    name: str
    source: str = ""
    why: str = ""
    tags: list[str] = field(default_factory=list)
    comes: str = BRING


@dataclass
class Section:
    """Lines that belong together; without a title they are all to be brought."""

    title: str
    lines: list[Line]
    note: str = ""
    is_ticked: bool = False


@dataclass
class Told:
    """Everything that stands on the notice, in the order of the page."""

    headline: str
    item: str
    situation: list[str]
    sections: list[Section]
    facts: list[tuple[str, str]]
    steps: list[str]
    cannot_come: str
    code: str
    issued: str
    as_of: str
    fingerprint: str
    is_stop: bool = False
    stop_sentence: str = ""
    next_step: str = ""
    is_remote: bool = False
    is_chinese_only: bool = False


def said(words: Mapping[str, str]) -> str:
    """A stored text in the reader's language; Chinese where there is no English."""
    return (words.get("en", "") if in_english() else "") or words.get("zh", "")


def told(notice: Notice) -> Told:
    """The notice in the reader's language."""
    return told_of(content_of(notice), code=spoken_code(notice), print_of=fingerprint(notice))


def told_of(content: Mapping[str, Any], *, code: str = "", print_of: str = "") -> Told:
    """The same of a notice's content, issued or not."""
    is_stop = content["outcome"] == STOP
    sections = [] if is_stop else _sections(content["materials"])
    return Told(
        headline=_("It cannot be done here.") if is_stop else _headline(content["materials"]),
        item=said(content["item"]["name"]),
        situation=[said(answer["situation"]) for answer in content["answers"]],
        sections=sections,
        facts=[(str(FACTS[row["fact"]]()), said(row["text"]) or ask_window()) for row in content["facts"]],
        steps=[] if is_stop else _steps(said(content["steps"])),
        cannot_come=said(content["cannot_come"]),
        code=code,
        issued=_moment(content["issued_at"]),
        as_of=formats.date_format(date.fromisoformat(content["as_of"]), "Y-m-d"),
        fingerprint=print_of,
        is_stop=is_stop,
        stop_sentence=said(content["stop"]["sentence"]) if is_stop else "",
        next_step=said(content["stop"]["next_step"]) if is_stop else "",
        is_remote=bool(content["channels"]["remote"]),
        is_chinese_only=in_english() and not content["item"]["name"]["en"],
    )


def ask_window() -> str:
    """What stands where a fact was never written down."""
    return _("Please confirm at the window.")


FACTS = {
    "limit": lambda: _("How long"),
    "fee": lambda: _("What it costs"),
    "window": lambda: _("On which days"),
    "scope": lambda: _("Where"),
    "proxy": lambda: _("Who may come instead"),
}


def _moment(text: str) -> str:
    return timezone.localtime(datetime.fromisoformat(text)).strftime("%Y-%m-%d %H:%M")


def _steps(text: str) -> list[str]:
    steps = [line for line in text.splitlines() if line.strip()]
    return [] if len(steps) == 1 and steps[0].startswith("就近") else steps


def count_to_bring(materials: list[Mapping[str, Any]]) -> int:
    """How many things to bring; of a group one is enough."""
    brought = [row for row in materials if row["comes"] == BRING]
    return len({row["group"] for row in brought if row["group"]}) + sum(not row["group"] for row in brought)


def _headline(materials: list[Mapping[str, Any]]) -> str:
    count = count_to_bring(materials)
    if count == 0:
        if any(row["comes"] == ASK for row in materials) or not materials:
            return _("Ask the window what to bring.")
        return _("Nothing to bring: just come.")
    words = ngettext(
        "Bring this %(count)s thing, and it can be done.", "Bring these %(count)s things, and it can be done.", count
    )
    return words % {"count": count}


def _sections(materials: list[Mapping[str, Any]]) -> list[Section]:
    lines = [(row, _line(row, number)) for number, row in enumerate(materials)]
    groups: dict[str, list[Line]] = {}
    for row, line in lines:
        if row["comes"] == BRING and row["group"]:
            groups.setdefault(row["group"], []).append(line)
    bring = [line for row, line in lines if row["comes"] == BRING and not row["group"]]
    sections = [Section("", bring, is_ticked=True)] if bring else []
    sections += [Section(_("Any one of these"), group, is_ticked=True) for group in groups.values()]
    for comes, title, note in (
        (PRINTED, _("Printed here"), _("You need not prepare it: the window fills it in, prints it, and you sign.")),
        (FETCHED, _("The office fetches this itself"), _("You need not bring it.")),
        (ASK, _("Perhaps"), _("When this is needed is not written down. Please confirm at the window.")),
    ):
        found = [line for row, line in lines if row["comes"] == comes]
        if found:
            sections.append(Section(title, found, note))
    return sections


def _line(row: Mapping[str, Any], number: int) -> Line:
    line = Line(id=f"m-{row['key']}-{number}", name=said(row["name"]), comes=row["comes"])
    where = [said(row["explanation"]), said(row["where_from"]), row["validity"]]
    where += [" ".join(part for part in source.values() if part) for source in row["sources"]]
    line.source = _("; ").join(part.rstrip("。；") for part in where if part)
    line.source += "。" if line.source and not in_english() else ""
    if row["comes"] == BRING:
        form = said(row["kind"]) or said(row["form"]) or _("original or copy: confirm at the window")
        copies = ngettext("%(count)s copy", "%(count)s copies", row["count"]) % {"count": row["count"]}
        line.tags.append(f"{form} {copies}" if row["count"] > 1 or said(row["form"]) else form)
        if said(row["fate"]):
            line.tags.append(said(row["fate"]))
    reason = said(row["because"])
    line.why = _("because of your answer: %s") % reason if reason else ""
    return line
