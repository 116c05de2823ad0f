"""Wagtail's own workflow, set up: an editor submits, a manager or the district's supervisor approves."""

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from wagtail.models import GroupApprovalTask, Page, Workflow, WorkflowContentType, WorkflowPage, WorkflowTask

from content.bulletin.models import SectionPage
from content.editing.groups import APPROVERS, group_for
from content.items.models import ItemEdition, Material
from portal.base.places.models import Place

APPROVED_MODELS = (ItemEdition, Material)
# Wagtail's first migration puts this one at the root; nobody is in its group.
WAGTAILS_OWN = "Moderators approval"


def _workflow(place: Place) -> Workflow:
    name = f"{place.name}审核"
    workflow, _created = Workflow.objects.get_or_create(name=name)
    task, _created = GroupApprovalTask.objects.get_or_create(name=name)
    task.groups.add(group_for(APPROVERS, place))
    WorkflowTask.objects.get_or_create(workflow=workflow, task=task, defaults={"sort_order": 0})
    return workflow


@transaction.atomic
def ensure_workflows(district: Place) -> None:
    """A workflow for the district's pages, editions and papers, and one for every subdistrict's section.

    Repeating is harmless: where somebody chose another workflow, that one stays.
    """
    types = ContentType.objects.get_for_models(*APPROVED_MODELS).values()
    decided = set(WorkflowContentType.objects.values_list("content_type", flat=True))
    pages = set(WorkflowPage.objects.exclude(workflow__name=WAGTAILS_OWN).values_list("page", flat=True))
    missing = [kind for kind in types if kind.pk not in decided]
    root = Page.get_first_root_node()
    if missing or (root and root.pk not in pages):
        whole = _workflow(district)
        WorkflowContentType.objects.bulk_create(
            [WorkflowContentType(content_type=kind, workflow=whole) for kind in missing]
        )
        if root and root.pk not in pages:
            WorkflowPage.objects.update_or_create(page=root, defaults={"workflow": whole})
    for section in SectionPage.objects.filter(place__path__startswith=district.path).select_related("place"):
        if section.pk not in pages:
            WorkflowPage.objects.create(page=section.page_ptr, workflow=_workflow(section.place))


def refresh_workflows() -> None:
    """The same for every district that is here; the clock calls it, so that an installation of before gets them too."""
    for district in Place.objects.filter(level=Place.Level.DISTRICT):
        ensure_workflows(district)
