"""An editor of one subdistrict sees and touches only its own: rows, choosers, bulk actions, history, reports."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry, Page, PageLogEntry
from wagtail.permissions import policy_registry
from wagtail.snippets.models import get_snippet_models

from content.bulletin.models import Announcement
from content.editing.approval import ensure_workflows
from content.editing.policies import PlacePolicy
from content.editing.viewsets import EditorViewSet, place_policy
from content.guides.models import HomePage
from content.items.models import ItemEdition, Material, ServiceItem

ROWS = ("announcement", "question", "rule")


def address(row, view: str) -> str:
    return reverse(type(row).snippet_viewset.get_url_name(view), args=(row.pk,))


def listing(model) -> str:
    return reverse(model.snippet_viewset.get_url_name("list"))


@pytest.mark.parametrize("kind", ROWS)
def test_a_list_has_the_rows_of_the_editors_own_place_alone(kind, own, other, client_for):
    row = getattr(own, kind)
    html = client_for(own.editor).get(listing(type(row))).content.decode()
    assert own.place.name in html
    assert other.place.name not in html


@pytest.mark.parametrize("kind", ROWS)
def test_the_editor_of_the_district_sees_all(kind, own, other, cast, client_for):
    html = client_for(cast.editor).get(listing(type(getattr(own, kind)))).content.decode()
    assert own.place.name in html
    assert other.place.name in html


def test_a_switch_is_told_in_words(own, client_for):
    row = own.rule
    html = client_for(own.editor).get(listing(type(row))).content.decode()
    cells = {cell.strip() for cell in re.findall(r"<td[^>]*>([^<]*)</td>", html)}
    assert {"是", "否"} & cells and not {"True", "False"} & cells


@pytest.mark.parametrize("view", ["edit", "delete", "usage", "history", "history_results", "copy"])
@pytest.mark.parametrize("kind", ROWS)
def test_every_view_of_a_row_opens_for_its_own_office_alone(kind, view, own, other, cast, client_for):
    row = getattr(own, kind)
    viewset = type(row).snippet_viewset
    if view == "copy" and not viewset.copy_view_enabled:
        return
    url = address(row, view)
    inside = client_for(own.editor).get(url).status_code
    # A question cannot be deleted by anybody: the policy allows looking and answering.
    assert inside == (302 if kind == "question" and view == "delete" else 200)
    for stranger in (other.editor, cast.stranger, cast.clerk):
        answer = client_for(stranger).get(url)
        assert answer.status_code in (302, 403), f"{stranger.username}: {answer.status_code}"
        assert "大宁停电" not in answer.content.decode()


def test_the_other_office_changes_nothing_by_a_post(own, other, client_for):
    row = own.announcement
    for view in ("edit", "delete"):
        client_for(other.editor).post(address(row, view), {"title": "改掉"})
    row.refresh_from_db()
    assert row.title == "大宁停电"


def test_revisions_open_for_the_own_office_alone(own, other, client_for):
    row = own.announcement
    first = row.save_revision()
    row.title = "大宁来电"
    row.save_revision()
    for view, args in {
        "revisions_view": (row.pk, first.pk),
        "revisions_revert": (row.pk, first.pk),
        "revisions_compare": (row.pk, "earliest", "latest"),
    }.items():
        url = reverse(type(row).snippet_viewset.get_url_name(view), args=args)
        assert client_for(own.editor).get(url).status_code == 200, view
        assert client_for(other.editor).get(url).status_code in (302, 403), view


def test_a_form_offers_and_takes_only_places_that_the_editor_reaches(own, other, client_for):
    url = reverse(Announcement.snippet_viewset.get_url_name("add"))
    client = client_for(own.editor)
    html = client.get(url).content.decode()
    assert "大宁路街道" in html
    assert "南京西路街道" not in html
    data = {
        "place": other.place.pk, "kind": "info", "title": "越界", "text": "", "link": "", "link_text": "",
        "starts_at": "2026-11-01 08:00", "ends_at": "2027-11-01 08:00",
        "title_en": "", "text_en": "", "link_text_en": "", "item": "",
    }  # fmt: skip
    assert client.post(url, data).status_code == 200
    assert not Announcement.objects.filter(title="越界").exists()
    assert client.post(url, data | {"place": own.place.pk, "title": "本街道"}).status_code == 302
    assert Announcement.objects.filter(title="本街道", place=own.place).exists()


@pytest.mark.parametrize("kind", ROWS)
def test_choosers_offer_only_the_own_rows(kind, own, other, client_for):
    row = getattr(own, kind)
    viewset = type(row).snippet_viewset.chooser_viewset
    for view in ("choose", "choose_results"):
        answer = client_for(own.editor).get(reverse(viewset.get_url_name(view)))
        html = answer.json()["html"] if view == "choose" else answer.content.decode()
        assert str(row) in html, view
        assert str(getattr(other, kind)) not in html, view


def test_a_bulk_action_neither_names_nor_deletes_rows_of_another_office(own, other, client_for):
    url = reverse("wagtail_bulk_action", args=("bulletin", "announcement", "delete"))
    client = client_for(own.editor)
    for query in (f"?id={other.announcement.pk}", "?id=all"):
        assert "南西" not in client.get(url + query).content.decode()
        client.post(url + query)
    assert Announcement.objects.filter(pk=other.announcement.pk).exists()
    assert not Announcement.objects.filter(pk=own.announcement.pk).exists()


def test_the_history_report_has_only_what_the_editor_reaches(own, other, cast, client_for):
    for office in (own, other):
        ModelLogEntry.objects.log_action(office.announcement, "wagtail.edit", user=office.editor)
    ModelLogEntry.objects.log_action(ServiceItem.objects.first(), "wagtail.edit", user=cast.editor)
    url = reverse("wagtailadmin_reports:site_history")
    seen = client_for(own.editor).get(url).content.decode()
    assert "大宁停电" in seen
    assert "南西停电" not in seen
    assert "门急诊就医记录册申领" not in seen
    everything = client_for(cast.editor).get(url).content.decode()
    assert "大宁停电" in everything
    assert "南西停电" in everything
    export = client_for(own.editor).get(url + "?export=csv")
    assert "南西停电" not in b"".join(export.streaming_content).decode()


def test_the_history_report_has_no_entries_of_pages_above_the_own_section(own, other, cast, client_for):
    """Looking down to one's section shows the home page; working on it is another matter."""
    home = HomePage.objects.first()
    PageLogEntry.objects.log_action(home, "wagtail.edit", user=cast.editor)
    for office in (own, other):
        PageLogEntry.objects.log_action(office.section, "wagtail.edit", user=office.editor)
    url = reverse("wagtailadmin_reports:site_history")
    answer = client_for(own.editor).get(url)
    seen = {entry.label for entry in answer.context["object_list"]}
    assert own.section.title in seen
    assert not seen & {home.title, other.section.title}
    # The filters offer only who and what stands in these entries.
    html = answer.content.decode()
    assert "大宁编辑" in html or own.editor.username in html
    assert cast.editor.username not in [
        user.username for user in answer.context["filters"].form.fields["user"].queryset
    ]
    exported = b"".join(client_for(own.editor).get(url + "?export=csv").streaming_content).decode()
    assert home.title not in exported
    everything = client_for(cast.editor).get(url)
    assert home.title in {entry.label for entry in everything.context["object_list"]}


def test_pages_above_the_own_section_show_neither_history_nor_versions(own, client_for):
    home = HomePage.objects.first()
    revision = home.save_revision()
    client = client_for(own.editor)
    for url in (
        reverse("wagtailadmin_pages:history", args=[home.pk]),
        reverse("wagtailadmin_pages:usage", args=[home.pk]),
        reverse("wagtailadmin_pages:workflow_history", args=[home.pk]),
        reverse("wagtailadmin_pages:revisions_view", args=[home.pk, revision.pk]),
        reverse("wagtailadmin_pages:revisions_compare", args=[home.pk, "earliest", "latest"]),
    ):
        assert client.get(url).status_code in (302, 403), url
    assert client.get(reverse("wagtailadmin_pages:history", args=[own.section.pk])).status_code == 200


@pytest.mark.parametrize("name", ["workflow", "workflow_tasks", "locked_pages", "aging_pages"])
def test_wagtails_reports_have_only_the_own_section(name, own, other, cast, client_for):
    ensure_workflows(cast.district)
    edition = ItemEdition.objects.first()
    edition.get_workflow().start(edition, cast.editor)
    for office in (own, other):
        office.section.refresh_from_db()
        office.section.save_revision(user=office.editor)
        office.section.get_workflow().start(office.section, office.editor)
        Page.objects.filter(pk=office.section.pk).update(locked=True, locked_by=office.editor, locked_at=timezone.now())
    html = client_for(own.editor).get(reverse(f"wagtailadmin_reports:{name}")).content.decode()
    assert other.section.title not in html
    assert edition.name not in html
    if name != "aging_pages":
        assert own.section.title in html


def test_the_districts_own_things_are_closed_to_a_subdistricts_editor(own, cast, client_for):
    client = client_for(own.editor)
    for model in (ServiceItem, ItemEdition, Material):
        row = model.objects.first()
        assert client.get(listing(model)).status_code in (302, 403)
        assert client.get(address(row, "edit")).status_code in (302, 403)
        assert client.get(address(row, "history")).status_code in (302, 403)
        assert client_for(cast.editor).get(address(row, "edit")).status_code == 200
    for name in ("editing_attention", "wagtailadmin_reports:page_types_usage"):
        assert client.get(reverse(name)).status_code in (302, 403), name
        assert client_for(cast.editor).get(reverse(name)).status_code == 200, name


def test_an_item_can_be_chosen_for_a_rule_by_everybody(own, client_for):
    url = reverse(ServiceItem.snippet_viewset.chooser_viewset.get_url_name("choose_results"))
    assert "婚姻登记档案查询" in client_for(own.editor).get(url).content.decode()


def test_no_view_of_any_snippet_opens_for_who_is_no_editor(own, cast, client_for):
    models = get_snippet_models()
    assert len(models) >= 8
    for model in models:
        viewset = model.snippet_viewset
        names = [viewset.get_url_name(view) for view in ("list", "list_results", "add")]
        names += [viewset.chooser_viewset.get_url_name(view) for view in ("choose", "choose_results")]
        urls = [reverse(name) for name in names]
        if row := model._default_manager.first():
            urls += [address(row, view) for view in ("edit", "delete", "history", "usage")]
        for url in urls:
            for outsider in (cast.stranger, cast.clerk, None):
                assert client_for(outsider).get(url).status_code in (302, 403), url


def test_every_snippet_whose_rows_belong_to_places_is_bounded_in_all_its_views():
    bounded = [model for model in get_snippet_models() if place_policy(model)]
    assert {model.__name__ for model in bounded} >= {"Announcement", "PolicyQuestion", "ItemAtPlace"}
    for model in bounded:
        assert isinstance(model.snippet_viewset, EditorViewSet), f"{model.__name__} needs an EditorViewSet"


def test_a_policy_names_those_who_may(own, other, cast):
    policy = policy_registry.get(own.announcement)
    assert isinstance(policy, PlacePolicy)
    may = policy.users_with_permission_for_instance("change", own.announcement)
    assert set(may) == {own.editor, cast.editor}


def test_rights_follow_when_a_role_is_taken_away(own, client_for):
    from portal.base.rights import services as rights

    client = client_for(own.editor)
    assert client.get(address(own.announcement, "edit")).status_code == 200
    rights.revoke(own.editor, "editor", own.place)
    assert client.get(address(own.announcement, "edit")).status_code in (302, 403)
    assert not own.editor.groups.exists()
