"""Pages, pictures and documents: an editor of a subdistrict works in its own section and its own collection."""

import io

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from PIL import Image
from wagtail.models import Collection, Page

from content.documents.models import PortalDocument
from content.editing import groups
from content.guides.models import ContentPage
from content.images.models import PortalImage


def picture(title: str, collection: Collection) -> PortalImage:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), "teal").save(out, "PNG")
    return PortalImage.objects.create(
        title=title, file=ContentFile(out.getvalue(), name="a.png"), collection=collection
    )


def document(title: str, collection: Collection) -> PortalDocument:
    return PortalDocument.objects.create(
        title=title, file=ContentFile(b"%PDF-1.4", name="a.pdf"), collection=collection
    )


@pytest.fixture
def pages(own, other) -> dict[str, ContentPage]:
    made = {}
    for name, office in (("own", own), ("other", other)):
        office.section.refresh_from_db()
        page = ContentPage(title=f"{office.place.name}的页面", slug="page", locale=office.section.locale)
        office.section.add_child(instance=page)
        page.save_revision()
        made[name] = page
    made["draft"] = ContentPage(title="南西的草稿", slug="draft", live=False, locale=other.section.locale)
    other.section.refresh_from_db()
    other.section.add_child(instance=made["draft"])
    return made


def test_pages_are_edited_in_the_own_section_alone(pages, own, other, cast, client_for):
    client = client_for(own.editor)
    for view, mine in (("edit", 200), ("history", 200), ("delete", 302), ("move", 302)):
        url = reverse(f"wagtailadmin_pages:{view}", args=[pages["own"].pk])
        strange = reverse(f"wagtailadmin_pages:{view}", args=[pages["other"].pk])
        # A page that is out goes away, or elsewhere, only through those who publish.
        assert client.get(url).status_code == mine, view
        assert client.get(strange).status_code in (302, 403), view
        assert client_for(cast.editor).get(strange).status_code == mine, view
        assert client_for(cast.stranger).get(url).status_code in (302, 403), view


def test_the_explorer_shows_the_own_section_alone(pages, own, client_for):
    client = client_for(own.editor)
    html = client.get(reverse("wagtailadmin_explore", args=[own.section.pk])).content.decode()
    assert "大宁路街道的页面" in html
    found = client.get(reverse("wagtailadmin_pages:search") + "?q=的页面").content.decode()
    assert "大宁路街道的页面" in found
    assert "南京西路街道的页面" not in found


def test_a_page_chooser_shows_no_drafts_of_others(pages, own, other, client_for):
    url = reverse("wagtailadmin_choose_page_child", args=[other.section.pk]) + "?page_type=wagtailcore.page"
    seen = client_for(own.editor).get(url).json()["html"]
    assert "南京西路街道的页面" in seen
    assert "南西的草稿" not in seen
    assert "南西的草稿" in client_for(other.editor).get(url).json()["html"]
    search = reverse("wagtailadmin_choose_page_search") + "?q=草稿&page_type=wagtailcore.page"
    assert "南西的草稿" not in client_for(own.editor).get(search).content.decode()


@pytest.mark.parametrize(("make", "app", "edit"), [
    (picture, "wagtailimages", "edit"),
    (document, "wagtaildocs", "edit"),
])  # fmt: skip
def test_files_are_seen_chosen_and_changed_in_the_own_collection_alone(make, app, edit, own, other, cast, client_for):
    mine = make("大宁的文件", groups.collection_of(own.place))
    theirs = make("南西的文件", groups.collection_of(other.place))
    shared = make("共用的文件", Collection.objects.get(name=groups.SHARED))
    client = client_for(own.editor)
    listing = client.get(reverse(f"{app}:index")).content.decode()
    assert "大宁的文件" in listing
    assert "南西的文件" not in listing
    chooser = client.get(reverse(f"{app}_chooser:choose_results")).content.decode()
    assert "大宁的文件" in chooser
    assert "共用的文件" in chooser
    assert "南西的文件" not in chooser
    assert client.get(reverse(f"{app}:{edit}", args=[mine.pk])).status_code == 200
    for row in (theirs, shared):
        assert client.get(reverse(f"{app}:{edit}", args=[row.pk])).status_code in (302, 403)
        assert client.post(reverse(f"{app}:delete", args=[row.pk])).status_code in (302, 403)
        assert type(row).objects.filter(pk=row.pk).exists()
    assert client_for(cast.editor).get(reverse(f"{app}:{edit}", args=[theirs.pk])).status_code == 200


def test_a_bulk_action_on_pictures_leaves_those_of_others(own, other, client_for):
    theirs = picture("南西的文件", groups.collection_of(other.place))
    url = reverse("wagtail_bulk_action", args=("content_images", "portalimage", "delete"))
    client_for(own.editor).post(f"{url}?id={theirs.pk}")
    assert PortalImage.objects.filter(pk=theirs.pk).exists()


def test_sections_and_collections_are_made_once(own, cast):
    before = (Page.objects.count(), Collection.objects.count())
    assert groups.refresh_groups() >= 3
    groups.refresh_groups()
    assert (Page.objects.count(), Collection.objects.count()) == before
