"""Wagtail's own workflow, set up: an editor submits, a manager or the district's supervisor approves."""

from django.contrib.contenttypes.models import ContentType
from wagtail.models import GroupApprovalTask, Page, Workflow, WorkflowContentType, WorkflowPage, WorkflowTask

from content.bulletin.models import SectionPage
from content.editing.groups import APPROVERS, group_for
from content.items.models import ItemEdition
from portal.base.places.models import Place


def _workflow(name: str, place: Place) -> Workflow:
    workflow, _created = Workflow.objects.get_or_create(name=name)
    task, _created = GroupApprovalTask.objects.get_or_create(name=name)
    task.groups.add(group_for(APPROVERS, place))
    WorkflowTask.objects.get_or_create(workflow=workflow, task=task, defaults={"sort_order": 0})
    return workflow


def ensure_workflows(district: Place) -> None:
    """A workflow for the district's pages and editions, and one for every subdistrict's section; repeating is harmless.

    Editors may still publish without it: it is the second pair of eyes for who wants one.
    """
    whole = _workflow(f"{district.name}审核", district)
    if root := Page.get_first_root_node():
        WorkflowPage.objects.get_or_create(page=root, defaults={"workflow": whole})
    editions = ContentType.objects.get_for_model(ItemEdition)
    WorkflowContentType.objects.get_or_create(content_type=editions, defaults={"workflow": whole})
    for section in SectionPage.objects.filter(place__path__startswith=district.path).select_related("place"):
        own = _workflow(f"{section.place.name}审核", section.place)
        WorkflowPage.objects.get_or_create(page=section.page_ptr, defaults={"workflow": own})
