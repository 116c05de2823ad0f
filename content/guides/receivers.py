"""Which rows public pages show beside published pages and editions: saving or deleting one lets the kept pages go."""

from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from wagtail.models import PageViewRestriction, Site

from content.guides.models import PortalSettings
from content.items.models import (
    ItemAtPlace,
    ItemHours,
    LifeEvent,
    LifeEventItem,
    Line,
    Material,
    ServiceItem,
    Situation,
)
from portal.base.calendars.models import Holiday, HolidayYear
from portal.base.places.models import OpeningException, OpeningInterval, Place
from portal.base.public_pages import pages_changed

SHOWN: list[type[Model]] = [
    Place, OpeningInterval, OpeningException, HolidayYear, Holiday, PortalSettings, Site, PageViewRestriction,
    ServiceItem, Line, Material, Situation, ItemAtPlace, ItemHours, LifeEvent, LifeEventItem,
]  # fmt: skip


def connect() -> None:
    for model in SHOWN:
        for signal in (post_save, post_delete):
            signal.connect(pages_changed, sender=model, dispatch_uid=f"public_pages.{model._meta.label}")
