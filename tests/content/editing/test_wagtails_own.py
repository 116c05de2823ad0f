"""Wagtail's own tools do the work: approval, schedule, lock, comparison, the way back, translation, search in Chinese."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone, translation
from wagtail.models import Locale, Page, TaskState, WorkflowState
from wagtail_localize.models import Translation, TranslationSource

from content.editing import groups
from content.editing.approval import ensure_workflows
from content.guides.models import ContentPage, HomePage
from content.items.models import ItemEdition
from content.items.services import current_edition
from portal.base.accounts.models import User
from portal.base.rights.models import Role
from tests.cast import make_users
from tests.content.editing.forms import address, form_data


@pytest.fixture
def edition(site) -> ItemEdition:
    return ItemEdition.objects.get(name="门急诊就医记录册申领")


@pytest.fixture
def approvers(site, cast) -> dict[str, User]:
    users = make_users(
        [
            ("district_supervisor", "区督导", ((Role.DISTRICT_SUPERVISOR, cast.district),)),
            ("daning_manager", "大宁主任", ((Role.CENTRE_MANAGER, cast.centre),)),
        ]
    )
    for user in users.values():
        groups.follow_roles(user)
    ensure_workflows(cast.district)
    return users


def test_an_editor_submits_an_edition_and_the_supervisor_approves_it(edition, approvers, cast, client_for):
    editor, supervisor = client_for(cast.editor), client_for(approvers["district_supervisor"])
    url = address(edition, "edit")
    data = form_data(editor, url) | {"summary": "改过的说明", "action-submit": "1"}
    answer = editor.post(url, data)
    assert answer.status_code == 302, answer.context["form"].errors
    assert current_edition(edition.item).summary != "改过的说明"
    task = TaskState.objects.get(status="in_progress")
    assert task.workflow_state.content_object == edition
    assert "门急诊就医记录册申领" in supervisor.get("/cms/").content.decode()
    # The manager of one centre has no say about the district's guides.
    act = address(edition, "workflow_action", "approve", task.pk)
    client_for(approvers["daning_manager"]).post(act, {"comment": ""})
    task.refresh_from_db()
    assert task.status == "in_progress"
    assert supervisor.get(url).status_code == 200
    supervisor.post(act, {"comment": "可以"})
    assert WorkflowState.objects.get().status == "approved"
    assert current_edition(edition.item).summary == "改过的说明"


def test_a_subdistricts_page_is_approved_by_its_own_manager(approvers, own, cast, client_for):
    ensure_workflows(cast.district)
    own.section.refresh_from_db()
    page = ContentPage(title="社区活动", slug="activity", live=False, locale=own.section.locale)
    own.section.add_child(instance=page)
    page.save_revision(user=own.editor)
    workflow = page.get_workflow()
    assert workflow.name.startswith(own.place.name)
    workflow.start(page, own.editor)
    task = TaskState.objects.get(status="in_progress")
    act = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, "approve", task.pk])
    client_for(approvers["district_supervisor"]).post(act, {"comment": ""})
    task.refresh_from_db()
    assert task.status == "in_progress"
    client_for(approvers["daning_manager"]).post(act, {"comment": ""})
    page.refresh_from_db()
    assert page.live


def test_an_edition_is_published_and_taken_down_on_schedule(edition):
    edition.summary = "定时的说明"
    edition.go_live_at = timezone.now() + timedelta(hours=1)
    edition.save_revision().publish()
    assert current_edition(edition.item).summary != "定时的说明"
    scheduled = edition.scheduled_revision
    assert scheduled is not None
    scheduled.approved_go_live_at = timezone.now() - timedelta(minutes=1)
    scheduled.save()
    content = scheduled.content
    content["go_live_at"] = (timezone.now() - timedelta(minutes=1)).isoformat()
    scheduled.save()
    call_command("publish_scheduled", verbosity=0)
    assert current_edition(edition.item).summary == "定时的说明"


def test_a_locked_edition_is_changed_by_whoever_locked_it_alone(edition, cast, client_for):
    second = make_users([("second_editor", "第二编辑", ((Role.EDITOR, cast.district),))])["second_editor"]
    mine, theirs = client_for(cast.editor), client_for(second)
    assert mine.post(address(edition, "lock")).status_code == 302
    edition.refresh_from_db()
    assert edition.locked_by == cast.editor
    data = form_data(mine, address(edition, "edit")) | {"summary": "抢着改"}
    theirs.post(address(edition, "edit"), data)
    assert edition.get_latest_revision_as_object().summary != "抢着改"
    mine.post(address(edition, "unlock"))
    edition.refresh_from_db()
    assert not edition.locked


def test_versions_are_compared(edition, cast, client_for):
    edition.summary = "以前的说明"
    first = edition.save_revision()
    edition.summary = "现在的说明"
    second = edition.save_revision()
    html = client_for(cast.editor).get(address(edition, "revisions_compare", first.pk, second.pk)).content.decode()
    assert "以前" in html
    assert "现在" in html


def test_after_publishing_the_message_leads_back_and_the_way_back_works(edition, approver, client_for):
    client, url = client_for(approver), address(edition, "edit")
    before = current_edition(edition.item).summary
    answer = client.post(url, form_data(client, url) | {"summary": "写错了", "action-publish": "1"}, follow=True)
    former = edition.revisions.order_by("-created_at", "-pk")[1]
    revert = address(edition, "revisions_revert", former.pk)
    assert revert in answer.content.decode()
    assert current_edition(edition.item).summary == "写错了"
    client.post(url, form_data(client, revert) | {"action-publish": "1", "revision": str(former.pk)})
    assert current_edition(edition.item).summary == before


def test_publishing_a_page_offers_the_way_back(site, approver, client_for):
    page = ContentPage.objects.get(slug="about")
    page.save_revision().publish()
    client, url = client_for(approver), reverse("wagtailadmin_pages:edit", args=[page.pk])
    former = page.latest_revision_id
    data = {
        "title": page.title, "slug": page.slug, "lead": "新的导语", "seo_title": "", "search_description": "",
        "go_live_at": "", "expire_at": "", "body-count": "0", "action-publish": "1", "comments-TOTAL_FORMS": "0",
        "comments-INITIAL_FORMS": "0", "comments-MIN_NUM_FORMS": "0", "comments-MAX_NUM_FORMS": "",
    }  # fmt: skip
    html = client.post(url, data, follow=True).content.decode()
    page.refresh_from_db()
    assert page.lead == "新的导语"
    assert reverse("wagtailadmin_pages:revisions_revert", args=[page.pk, former]) in html


def test_search_in_the_cms_finds_chinese(site, cast, client_for):
    client = client_for(cast.editor)
    assert "关于远程窗口" in client.get(reverse("wagtailadmin_pages:search") + "?q=远程").content.decode()
    for name, words, found in (
        ("wagtailsnippets_items_itemedition:list", "就医", "门急诊就医记录册申领"),
        ("wagtailsnippets_items_serviceitem:list", "婚姻", "婚姻登记档案查询"),
        ("wagtailsnippets_items_material:list", "身份", "居民身份证"),
        ("wagtailadmin_choose_page_search", "远程", "关于远程窗口"),
    ):
        answer = client.get(reverse(name) + f"?q={words}&page_type=wagtailcore.page")
        assert found in answer.content.decode(), name


def test_a_page_is_submitted_for_translation_and_synced(site, cast, client_for, client):
    page = ContentPage.objects.get(slug="about")
    english = Locale.objects.get(language_code="en")
    url = reverse("wagtail_localize:submit_page_translation", args=[page.pk])
    assert client_for(cast.editor).post(url, {"locales": [english.pk]}).status_code == 302
    translation = Translation.objects.get(target_locale=english, source__object_id=page.translation_key)
    copy = page.get_translation(english)
    assert copy.specific_class is ContentPage
    page.lead = "改过的导语"
    page.save_revision().publish()
    source, _created = TranslationSource.update_or_create_from_instance(page)
    translation.source.refresh_from_db()
    assert source == translation.source
    assert any(segment.string.data == "改过的导语" for segment in source.stringsegment_set.all())
    # Until it is published the English address shows the Chinese page, and says so.
    if not copy.live:
        assert "This page is in Chinese only." in client.get("/en/about/").content.decode()


def test_a_page_without_a_translation_says_so_in_english(site, client):
    html = client.get("/en/about/").content.decode()
    assert "This page is in Chinese only." in html
    assert "关于远程窗口" in html


def test_home_is_the_parent_of_every_section(own):
    assert own.section.get_parent().specific_class is HomePage
    assert Page.objects.filter(pk=own.section.pk, live=True).exists()


def test_the_cms_speaks_chinese_where_wagtail_itself_does_not(cast, client_for):
    client = client_for(cast.editor)
    home = client.get(reverse("wagtailadmin_home")).content.decode()
    assert "搜索所有页面…" in home and "Search all pages" not in home
    script = client.get(reverse("wagtailadmin_javascript_catalog")).content.decode()
    catalog = json.loads(
        script[script.index("newcatalog = ") + 13 : script.index("};", script.index("newcatalog = ")) + 1]
    )
    assert catalog["Changes have been autosaved."] == "修改已自动保存。"
    assert catalog["%(num)s error"][0] == "%(num)s 处错误"
    assert len(catalog) > 50, "Wagtail's own words are there too"


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Delete", "删除"),
        ("Cancel", "取消"),
        ("Next", "下一个"),
        ("Type", "类型"),
        ("Name", "名字"),
        ("No", "否"),
        ("Moved", "已移动"),
    ],
)
def test_a_word_of_ours_does_not_stand_on_a_button_of_wagtails(word, said):
    with translation.override("zh-hans"):
        assert translation.gettext(word) == said
