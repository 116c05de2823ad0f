"""What can be found: everything published, as documents of the index."""

from wagtail.models import Locale
from wagtail.rich_text import get_text_for_indexing

from content.guides.models import ContentPage
from content.items import services as items
from content.items.models import LifeEvent
from content.points import services as points
from content.search.index import Document

MAX_PAGE_TEXT = 2000
MAX_CONDITIONS = 300


def _item_documents() -> list[Document]:
    """One for each item, which is its guide as well: nobody wants the same thing twice in a list."""
    editions = items.editions_in_force().filter(item__is_active=True).select_related("item__line")
    return [
        Document(
            kind="item",
            key=edition.item.key,
            title=edition.name,
            title_en=edition.name_en,
            path=f"/guides/{edition.item.key}/",
            note=edition.item.line.name,
            note_en=edition.item.line.name_en,
            aliases="\n".join(edition.alias_list),
            body="\n".join(
                [
                    edition.summary,
                    edition.summary_en,
                    edition.conditions[:MAX_CONDITIONS],
                    edition.item.line.name,
                ]
            ),
        )
        for edition in editions.order_by("item__key")
    ]


def _point_documents() -> list[Document]:
    areas = {area.path: area for area in points.subdistricts()}
    found = []
    for place in points.shown_places().prefetch_related(None):
        area = areas.get(place.path[: -place.steplen])
        found.append(
            Document(
                kind="point",
                key=place.code,
                title=place.name,
                title_en=place.name_en,
                path=f"/points/{place.code}/",
                note=area.name if area else "",
                note_en=area.name_en if area else "",
                aliases=place.short_name,
                body=f"{place.address} {area.name if area else ''}",
            )
        )
    return found


def _page_documents() -> list[Document]:
    found = []
    for page in ContentPage.objects.live().public().filter(locale=Locale.get_default()):
        if address := page.url or "":
            text = " ".join(get_text_for_indexing(str(block.value)) for block in page.body)
            found.append(
                Document(
                    kind="page",
                    key=page.slug,
                    title=page.title,
                    title_en="",
                    path=address,
                    note=page.lead,
                    body=text[:MAX_PAGE_TEXT],
                )
            )
    return found


def _event_documents() -> list[Document]:
    """The events of life; what is to be done then is found by itself, so their own words are enough."""
    return [
        Document(
            kind="event",
            key=event.key,
            title=event.name,
            title_en=event.name_en,
            path=f"/life/{event.key}/",
            note=event.words,
            note_en=event.words_en,
            body=event.words,
        )
        for event in LifeEvent.objects.all()
    ]


def documents() -> list[Document]:
    """Everything published that can be found."""
    return [*_item_documents(), *_point_documents(), *_page_documents(), *_event_documents()]
