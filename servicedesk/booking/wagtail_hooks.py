"""How editors see the plans of appointments in the CMS: those of the places that they reach."""

from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.admin.ui.tables import Column
from wagtail.snippets.models import register_snippet

from content.editing.viewsets import EditorViewSet
from servicedesk.booking.models import SlotPlan


class SlotPlanViewSet(EditorViewSet):
    model = SlotPlan
    icon = "calendar-alt"
    menu_label = _("Appointments")
    menu_order = 170
    add_to_admin_menu = True
    has_findings = False
    list_display = [
        "place",
        Column("weekday_name", label=_("weekday"), sort_key="weekday"),
        "starts",
        "ends",
        "slot_minutes",
        "capacity",
    ]
    list_filter = ["weekday"]
    list_export = ["place", "weekday", "starts", "ends", "slot_minutes", "capacity"]
    search_fields = ["place__name", "place__code"]
    search_backend_name = None
    panels = [
        FieldRowPanel([FieldPanel("place"), FieldPanel("weekday")]),
        FieldRowPanel([FieldPanel("starts"), FieldPanel("ends")]),
        FieldRowPanel([FieldPanel("slot_minutes"), FieldPanel("capacity")]),
    ]


register_snippet(SlotPlanViewSet)
