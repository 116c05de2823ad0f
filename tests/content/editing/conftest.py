"""Editors of two subdistricts beside the cast's editor of the district, and a few rows of each place."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.utils import timezone

from content.bulletin.models import Announcement, PolicyQuestion
from content.bulletin.services import put_suggestion
from content.editing import groups
from content.items.models import ItemAtPlace, ServiceItem
from portal.base.accounts.models import User
from portal.base.places.models import Place
from portal.base.rights.models import Role
from tests.cast import make_users


@dataclass
class Office:
    """One subdistrict: its editor and its rows."""

    place: Place
    editor: User
    announcement: Announcement
    question: PolicyQuestion
    rule: ItemAtPlace
    section: object

    @property
    def suggestion(self):
        return put_suggestion(place=self.place, topic="other", text="多一把椅子", contact="13800000000")


def _office(place: Place, editor: User, item: ServiceItem, name: str) -> Office:
    return Office(
        place=place,
        editor=editor,
        announcement=Announcement.objects.create(
            place=place, title=f"{name}停电", text="改到受理中心办。", ends_at=timezone.now() + timedelta(days=1)
        ),
        question=PolicyQuestion.objects.create(place=place, asked_by=editor, question=f"{name}的问题"),
        rule=ItemAtPlace.objects.create(item=item, place=place, note=f"{name}的规则"),
        section=groups.section_of(place),
    )


@pytest.fixture
def offices(site, cast) -> dict[str, Office]:
    """The offices `own` and `other`; the district's editor is the cast's."""
    users = make_users(
        [
            ("own_editor", "大宁编辑", ((Role.EDITOR, cast.subdistrict),)),
            ("other_editor", "南西编辑", ((Role.EDITOR, cast.other_subdistrict),)),
        ]
    )
    item = ServiceItem.objects.first()
    return {
        "own": _office(cast.subdistrict, users["own_editor"], item, "大宁"),
        "other": _office(cast.other_subdistrict, users["other_editor"], item, "南西"),
    }


@pytest.fixture
def own(offices) -> Office:
    return offices["own"]


@pytest.fixture
def other(offices) -> Office:
    return offices["other"]
