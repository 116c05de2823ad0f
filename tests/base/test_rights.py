"""Rights: a role at a place reaches its subtree, changes are journalled, and editors get into the CMS."""

import pytest
from django.core.exceptions import PermissionDenied

from portal.base.journal import services as journal
from portal.base.rights import services as rights
from portal.base.rights.models import Role

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_a_role_reaches_its_place_and_what_is_below(cast):
    assert rights.reaches(cast.auditor, (Role.AUDITOR,), cast.subdistrict)
    assert rights.reaches(cast.auditor, (Role.AUDITOR,), cast.point)
    assert not rights.reaches(cast.auditor, (Role.AUDITOR,), cast.district)
    assert not rights.reaches(cast.auditor, (Role.AUDITOR,), cast.other_point)
    assert not rights.reaches(cast.auditor, (Role.CLERK,), cast.point)


def test_an_account_that_is_not_active_reaches_nothing(cast):
    cast.clerk.is_active = False
    assert not rights.reaches(cast.clerk, (Role.CLERK,), cast.centre)


def test_requiring_a_role_says_whom_to_ask(cast):
    rights.require(cast.clerk, rights.DESK_ROLES, cast.centre)
    with pytest.raises(PermissionDenied, match="manager"):
        rights.require(cast.other_clerk, rights.DESK_ROLES, cast.centre)


def test_places_are_bounded_by_the_role(cast):
    codes = set(rights.places_for(cast.auditor, (Role.AUDITOR,)).values_list("code", flat=True))
    assert codes == {"310106019000", "310106019000-C", "310106019000-P01", "310106019000-P02"}
    assert not rights.places_for(cast.stranger, (Role.AUDITOR,)).exists()


def test_giving_and_taking_a_role_is_journalled_once_each(cast):
    before = cast.stranger.rights_generation
    for _turn in range(2):
        rights.grant(cast.stranger, Role.CLERK, cast.centre, by="user:1")
    rights.revoke(cast.stranger, Role.CLERK, cast.centre, by="user:1")
    rights.revoke(cast.stranger, Role.CLERK, cast.centre, by="user:1")
    entries = journal.entries_for(("account", cast.stranger.pk))
    assert [(entry.action, entry.old, entry.new) for entry in entries] == [
        ("grant", "", "clerk"),
        ("revoke", "clerk", ""),
    ]
    cast.stranger.refresh_from_db()
    assert cast.stranger.rights_generation == before + 2
    assert not rights.has_role(cast.stranger, (Role.CLERK,))


def test_a_role_that_does_not_exist_is_refused(cast):
    with pytest.raises(ValueError):
        rights.grant(cast.stranger, "king", cast.centre)


def test_an_editor_gets_into_the_cms_and_loses_it_with_the_role(cast, client_for):
    assert cast.editor.has_perm("wagtailadmin.access_admin")
    assert client_for(cast.editor).get("/cms/").status_code == 200
    assert client_for(cast.clerk).get("/cms/").status_code == 302
    rights.revoke(cast.editor, Role.EDITOR, cast.district)
    editor = type(cast.editor).objects.get(pk=cast.editor.pk)
    assert not editor.has_perm("wagtailadmin.access_admin")


def test_an_editor_writes_pages_and_who_approves_publishes_them(cast):
    from wagtail.models import Page

    page = Page.get_first_root_node().get_children().first()
    tester = page.permissions_for_user(cast.editor)
    assert tester.can_edit() and not tester.can_publish()
    rights.grant(cast.stranger, Role.DISTRICT_SUPERVISOR, cast.district)
    assert page.permissions_for_user(cast.stranger).can_publish()
