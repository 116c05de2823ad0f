"""What the checks read, whatever kind of content it comes from: texts by field, next steps, laws, telephones, links."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Model
from django.utils.html import strip_tags
from wagtail.fields import StreamField
from wagtail.models import Page
from wagtail.rich_text import RichText

from content.bulletin.models import Announcement
from content.items.models import ItemAtPlace, ItemEdition, Material
from content.items.wording import public_text
from portal.base.places.models import Place


@dataclass(frozen=True)
class Text:
    """One text of a field: the field's name, what editors call it, the words; HTML where it is rich text."""

    field: str
    label: str
    words: str
    html: str = ""


@dataclass(frozen=True)
class Law:
    """A legal basis and the day until which it is in force."""

    title: str
    valid_until: date | None


@dataclass
class Written:
    """All that one piece of content says."""

    texts: list[Text] = field(default_factory=list)
    refusals: list[tuple[str, str, str]] = field(default_factory=list)  # (field, what is refused, next step)
    laws: list[Law] = field(default_factory=list)
    phones: list[Text] = field(default_factory=list)
    has_amounts: bool = False
    amounts_as_of: date | None = None
    amount_field: str = ""


def _label(row: Model, name: str) -> str:
    return str(row._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _texts(row: Model, *names: str) -> Iterator[Text]:
    for name in names:
        words = public_text(getattr(row, name) or "")
        if words:
            yield Text(name, _label(row, name), words)


def _of_edition(edition: ItemEdition) -> Written:
    written = Written(
        texts=list(
            _texts(
                edition, "name", "summary", "conditions", "proxy_text", "proxy_next_step", "limit_text", "fee_text",
                "procedure", "receipts", "note",
            )
        )
    )  # fmt: skip
    for asked in edition.asked.all():
        written.texts += [Text("asked", _label(asked, "answer"), asked.answer)]
    if edition.proxy_rule == ItemEdition.Proxy.NONE:
        written.refusals.append(("proxy_next_step", _label(edition, "proxy_rule"), edition.proxy_next_step))
    for stop in edition.stops.all():
        written.refusals.append(("stops", stop.sentence, stop.next_step))
    if not (edition.is_remote or edition.is_onsite or edition.online_at):
        written.refusals.append(("is_onsite", _label(edition, "is_onsite"), ""))
    written.laws = [Law(basis.title, basis.valid_until) for basis in edition.bases.all()]
    written.has_amounts = bool(edition.fees.all()) or edition.fee_kind == ItemEdition.FeeKind.FIXED
    written.amounts_as_of, written.amount_field = edition.fee_as_of, "fee_as_of"
    return written


def _of_material(material: Material) -> Written:
    sources = list(material.sources.all())
    written = Written(texts=list(_texts(material, "name", "explanation", "where_from", "validity")))
    for source in sources:
        written.texts += list(_texts(source, "note", "hours"))
        written.phones += list(_texts(source, "phone"))
    return written


def _of_place_rule(rule: ItemAtPlace) -> Written:
    written = Written(texts=list(_texts(rule, "note", "next_step")))
    if not rule.is_offered:
        written.refusals.append(("next_step", rule.note or _label(rule, "is_offered"), rule.next_step))
    return written


def _of_place(place: Place) -> Written:
    written = Written(texts=list(_texts(place, "directions", "status_reason")), phones=list(_texts(place, "phone")))
    return written


def _of_announcement(announcement: Announcement) -> Written:
    written = Written(texts=list(_texts(announcement, "title", "text")))
    if announcement.link:
        written.texts.append(Text("link", _label(announcement, "link"), announcement.link))
    if announcement.kind == Announcement.Kind.WARN:
        next_step = announcement.link or (announcement.text if "。" in announcement.text.rstrip("。") else "")
        written.refusals.append(("text", announcement.title, next_step))
    return written


def _of_page(page: Page) -> Written:
    written = Written(texts=list(_texts(page, "title", *(["lead"] if hasattr(page, "lead") else []))))
    for streamed in (found for found in page._meta.get_fields() if isinstance(found, StreamField)):
        for block in getattr(page, streamed.name):
            label = str(block.block.label)
            for words in _words_of(block.value):
                if isinstance(words, RichText):
                    written.texts.append(Text(streamed.name, label, strip_tags(words.source), words.source))
                else:
                    written.texts.append(Text(streamed.name, label, words))
            if block.block_type == "next_step":
                written.refusals.append((streamed.name, block.value["text"], block.value["next_step"]))
    return written


def _words_of(value: Any) -> Iterator[Any]:
    """Every text inside a block's value, however deep."""
    if isinstance(value, (str, RichText)):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _words_of(part)
    elif hasattr(value, "__iter__"):
        for part in value:
            yield from _words_of(part)


def written_of(row: Model) -> Written:
    """What a row says; nothing for kinds that the checks do not know."""
    if isinstance(row, ItemEdition):
        return _of_edition(row)
    if isinstance(row, Material):
        return _of_material(row)
    if isinstance(row, ItemAtPlace):
        return _of_place_rule(row)
    if isinstance(row, Place):
        return _of_place(row)
    if isinstance(row, Announcement):
        return _of_announcement(row)
    if isinstance(row, Page):
        return _of_page(row.specific)
    return Written()
