"""Who writes submits, who approves publishes: guides, papers and pages of the district; nothing goes round it."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from wagtail.models import GroupPagePermission, TaskState, Workflow, WorkflowContentType, WorkflowPage, WorkflowState

from content.editing import groups
from content.editing.approval import ensure_workflows, refresh_workflows
from content.guides.models import ContentPage, HomePage
from content.items import import_runs
from content.items.import_states import ImportState
from content.items.models import ItemEdition, Material, Situation
from content.items.services import current_edition
from tests.content.editing.forms import address, form_data
from tests.content.test_import_runs import CHANGE, checked, packed


@pytest.fixture
def edition(site, approver, cast) -> ItemEdition:
    ensure_workflows(cast.district)
    return ItemEdition.objects.get(name="婚姻登记档案查询")


def submitted(client, row, **changes: str) -> TaskState:
    """The row as an editor submits it, and the task that waits for who approves."""
    url = address(row, "edit")
    answer = client.post(url, form_data(client, url) | changes | {"action-submit": "1"})
    assert answer.status_code == 302, answer.context["form"].errors
    return TaskState.objects.get(status="in_progress")


def test_an_editor_cannot_publish_a_guide_and_is_offered_to_submit(edition, cast, client_for):
    client, url = client_for(cast.editor), address(edition, "edit")
    html = client.get(url).content.decode()
    assert 'name="action-submit"' in html
    assert 'name="action-publish"' not in html
    client.post(url, form_data(client, url) | {"summary": "直接发布", "action-publish": "1"})
    assert current_edition(edition.item).summary != "直接发布"
    assert client.post(address(edition, "unpublish")).status_code in (302, 403)
    edition.refresh_from_db()
    assert edition.live


def test_who_approves_publishes_at_once_too(edition, approver, client_for):
    client, url = client_for(approver), address(edition, "edit")
    answer = client.post(url, form_data(client, url) | {"summary": "更正一个字", "action-publish": "1"})
    assert answer.status_code == 302, answer.context["form"].errors
    assert current_edition(edition.item).summary == "更正一个字"


def test_a_paper_is_submitted_and_approved_for_all_guides(edition, approver, cast, client_for):
    card = Material.objects.get(name="居民身份证")
    task = submitted(client_for(cast.editor), card, explanation="要在有效期内。")
    card.refresh_from_db()
    assert card.explanation == ""
    client_for(approver).post(address(card, "workflow_action", "approve", task.pk), {"comment": ""})
    card.refresh_from_db()
    assert card.explanation == "要在有效期内。"


def test_while_it_waits_the_editor_changes_nothing_more(edition, approver, cast, client_for):
    client, url = client_for(cast.editor), address(edition, "edit")
    data = form_data(client, url)
    task = submitted(client, edition, summary="第一次")
    client.post(url, data | {"summary": "趁人不注意"})
    client_for(approver).post(address(edition, "workflow_action", "approve", task.pk), {"comment": ""})
    assert current_edition(edition.item).summary == "第一次"


@pytest.mark.parametrize("in_a_dialogue", [False, True])
def test_approving_what_became_faulty_says_the_faults_and_changes_nothing(
    in_a_dialogue, edition, approver, cast, client_for
):
    task = submitted(client_for(cast.editor), edition, summary="改过的说明")
    # Meanwhile the question that its condition asks takes other answers.
    Situation.objects.filter(key="somebody-else-comes").update(kind="number")
    headers = {"X-Requested-With": "XMLHttpRequest"} if in_a_dialogue else {}
    client, act = client_for(approver), address(edition, "workflow_action", "approve", task.pk)
    answer = client.post(act, {"comment": ""}, headers=headers)
    if in_a_dialogue:
        assert answer.json() == {"step": "success", "redirect": address(edition, "edit")}
    else:
        assert answer.status_code == 302
    page = client.get(address(edition, "edit")).content.decode()
    assert "没有批准，也没有发布" in page
    assert "别人替您来办时" in page
    assert address(edition, "edit") in page
    task.refresh_from_db()
    assert (task.status, WorkflowState.objects.get().status) == ("in_progress", "in_progress")
    assert current_edition(edition.item).summary != "改过的说明"
    # Mended, it is approved.
    Situation.objects.filter(key="somebody-else-comes").update(kind="yes_no")
    client.post(act, {"comment": ""}, headers=headers)
    assert current_edition(edition.item).summary == "改过的说明"


def test_a_published_guide_is_not_deleted_by_who_may_not_publish(edition, approver, cast, client_for):
    client = client_for(cast.editor)
    for row in (edition, edition.item):
        answer = client.post(address(row, "delete"))
        assert answer.status_code == 409
        assert "什么都没删" in answer.content.decode()
    assert ItemEdition.objects.filter(pk=edition.pk).exists()
    draft = ItemEdition.objects.create(item=edition.item, name="草稿", valid_from="2030-01-01", live=False)
    assert client.post(address(draft, "delete")).status_code == 302
    assert not ItemEdition.objects.filter(pk=draft.pk).exists()


def test_an_import_is_checked_by_an_editor_and_written_by_who_approves(edition, approver, cast, client_for):
    run = checked(cast.editor, packed(CHANGE))
    page, confirm = reverse("items_import", args=[run.pk]), reverse("items_import_confirm", args=[run.pk])
    assert confirm not in client_for(cast.editor).get(page).content.decode()
    assert client_for(cast.editor).post(confirm).status_code in (302, 403)
    run.refresh_from_db()
    assert run.state == ImportState.CHECKED
    assert confirm in client_for(approver).get(page).content.decode()
    client_for(approver).post(confirm)
    import_runs.write(str(run.pk))
    undo = reverse("items_import_undo", args=[run.pk])
    client_for(cast.editor).post(undo)
    run.refresh_from_db()
    assert run.state == ImportState.WRITTEN
    client_for(approver).post(undo)
    run.refresh_from_db()
    assert run.state == ImportState.UNDONE


def test_a_page_of_the_district_waits_for_the_supervisor(edition, approver, cast, client_for):
    home = HomePage.objects.first()
    page = home.add_child(instance=ContentPage(title="新页", slug="new", live=False, locale=home.locale))
    page.save_revision(user=cast.editor)
    assert not page.permissions_for_user(cast.editor).can_publish()
    assert page.permissions_for_user(cast.editor).can_submit_for_moderation()
    page.get_workflow().start(page, cast.editor)
    task = TaskState.objects.get(status="in_progress")
    act = reverse("wagtailadmin_pages:workflow_action", args=[page.pk, "approve", task.pk])
    client_for(approver).post(act, {"comment": ""})
    page.refresh_from_db()
    assert page.live


def test_groups_and_workflows_of_before_follow(site, approver, cast):
    """An installation whose editors could publish, without any workflow of ours: the clock sets it right."""
    group = Group.objects.get(name=groups.EDITORS)
    publish = groups.Permission.objects.get(content_type__app_label="items", codename="publish_itemedition")
    of_pages = groups.Permission.objects.get(content_type__app_label="wagtailcore", codename="publish_page")
    group.permissions.add(publish)
    GroupPagePermission.objects.create(group=group, page=groups.Page.get_first_root_node(), permission=of_pages)
    groups.refresh_groups()
    refresh_workflows()
    assert not group.permissions.filter(codename__startswith="publish_").exists()
    assert not group.page_permissions.filter(permission=of_pages).exists()
    for model in (ItemEdition, Material):
        assert model.get_default_workflow().name == f"{cast.district.name}审核"
    assert HomePage.objects.first().get_workflow().name == f"{cast.district.name}审核"
    before = (Workflow.objects.count(), WorkflowPage.objects.count(), WorkflowContentType.objects.count())
    refresh_workflows()
    assert before == (Workflow.objects.count(), WorkflowPage.objects.count(), WorkflowContentType.objects.count())


def test_an_account_with_both_roles_does_both(site, cast):
    from portal.base.rights import services as rights

    rights.grant(cast.editor, "district_supervisor", cast.district)
    user = type(cast.editor).objects.get(pk=cast.editor.pk)
    assert user.has_perm("items.publish_itemedition")
    rights.revoke(cast.editor, "district_supervisor", cast.district)
    assert not type(user).objects.get(pk=user.pk).has_perm("items.publish_itemedition")
