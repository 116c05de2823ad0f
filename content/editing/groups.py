"""What the roles of editors and of those who approve mean to Wagtail: groups with pages and files, one set a place.

The district's editors have the whole tree and all files. An editor of a subdistrict has its section of the site and
its collection, may choose from the shared one, and has no permission on a snippet model: what belongs to places is
decided by `PlacePolicy`. Who writes does not publish: pages, editions and papers are submitted, and those who approve
publish. An account that holds both roles does both.
"""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Locale, Page
from wagtail.snippets.models import get_snippet_models

from content.bulletin.models import SectionPage
from content.editing.reach import DISTRICT_LEVELS
from content.guides.models import HomePage
from content.items.wording import make_key
from portal.base.accounts.models import User
from portal.base.places.models import Place
from portal.base.places.services import subdistrict_of
from portal.base.rights.models import Role, RoleAssignment

EDITORS, APPROVERS = "Linban editors", "Linban approvers"
APPROVING_ROLES = (Role.CENTRE_MANAGER, Role.DISTRICT_SUPERVISOR)
SHARED = "共用"
PAGE_PERMISSIONS = ("add_page", "change_page", "lock_page", "unlock_page")
APPROVERS_PERMISSIONS = ("change_page", "publish_page")
FILE_PERMISSIONS = ("add", "change", "choose")
TRANSLATING = Q(content_type__app_label="wagtail_localize", codename="submit_translation")
PUBLISHING = Q(codename__startswith="publish_")
# What waits for approval, and what who approves it may mend at once.
APPROVED = Q(
    content_type__app_label="items",
    codename__in=("change_itemedition", "publish_itemedition", "change_material", "publish_material"),
)
ENTERING = Q(content_type__app_label="wagtailadmin", codename="access_admin")


def group_name(kind: str, place: Place) -> str:
    """The group of a place; all places of the district or above share one."""
    return kind if place.level in DISTRICT_LEVELS else f"{kind} {place.code}"


def group_for(kind: str, place: Place) -> Group:
    """The place's group with what it may do brought up to date; repeating it is harmless."""
    group, _created = Group.objects.get_or_create(name=group_name(kind, place))
    if kind == APPROVERS:
        # What waits for whom, the workflow's own task says; but who approves publishes, and must be allowed to.
        is_district = place.level in DISTRICT_LEVELS
        group.permissions.set(Permission.objects.filter(ENTERING | APPROVED if is_district else ENTERING))
        page = Page.get_first_root_node() if is_district else section_of(place)
        if page:
            _give_pages(group, page, APPROVERS_PERMISSIONS)
    elif place.level in DISTRICT_LEVELS:
        _give_district(group)
    else:
        _give_place(group, place)
    return group


def _give_district(group: Group) -> None:
    snippets = ContentType.objects.get_for_models(*get_snippet_models()).values()
    of_snippets = Q(content_type__in=snippets) & ~PUBLISHING
    group.permissions.set(Permission.objects.filter(of_snippets | ENTERING | TRANSLATING))
    if root := Page.get_first_root_node():
        _give_pages(group, root)
    if collection := Collection.get_first_root_node():
        _give_files(group, collection, FILE_PERMISSIONS)


def _give_place(group: Group, place: Place) -> None:
    group.permissions.set(Permission.objects.filter(ENTERING | TRANSLATING))
    if section := section_of(place):
        _give_pages(group, section)
    _give_files(group, collection_of(place), FILE_PERMISSIONS)
    _give_files(group, _collection(SHARED), ("choose",))


def _give_pages(group: Group, page: Page, codenames: Iterable[str] = PAGE_PERMISSIONS) -> None:
    of_pages = Permission.objects.filter(content_type__app_label="wagtailcore", codename__in=codenames)
    GroupPagePermission.objects.filter(group=group).exclude(page=page, permission__in=of_pages).delete()
    GroupPagePermission.objects.bulk_create(
        [GroupPagePermission(group=group, page=page, permission=permission) for permission in of_pages],
        ignore_conflicts=True,
    )


def _give_files(group: Group, collection: Collection, permissions: Iterable[str]) -> None:
    # Wagtail asks for the permissions of its own two models, also where a custom one takes their place.
    types = ContentType.objects.get_for_models(Image, Document).values()
    found = Permission.objects.filter(content_type__in=types, codename__regex=f"^({'|'.join(permissions)})_")
    GroupCollectionPermission.objects.bulk_create(
        [GroupCollectionPermission(group=group, collection=collection, permission=permission) for permission in found],
        ignore_conflicts=True,
    )


def _collection(name: str) -> Collection:
    root = Collection.get_first_root_node()
    return root.get_children().filter(name=name).first() or root.add_child(instance=Collection(name=name))


def collection_of(place: Place) -> Collection:
    """The place's own images and documents."""
    return _collection(f"{place.name} {place.code}")


def section_of(place: Place) -> SectionPage | None:
    """The subdistrict's section of the site, made when it is missing; None before there is a site."""
    subdistrict = subdistrict_of(place)
    if subdistrict is None or place.level != Place.Level.SUBDISTRICT:
        return None
    section = SectionPage.objects.filter(place=subdistrict, locale=Locale.get_default()).first()
    home = HomePage.objects.filter(locale=Locale.get_default()).order_by("path").first()
    if section is not None or home is None:
        return section
    taken = set(home.get_children().values_list("slug", flat=True))
    section = SectionPage(
        title=subdistrict.name, slug=make_key(subdistrict.name, taken), place=subdistrict, locale=home.locale
    )
    home.add_child(instance=section)
    section.save_revision().publish()
    return section


def approved_place(place: Place) -> Place:
    """Where an approving role reaches in the CMS: the manager of a centre approves for its subdistrict."""
    return place if place.level in DISTRICT_LEVELS else subdistrict_of(place) or place


def _wanted(user: User) -> dict[str, tuple[str, Place]]:
    roles = RoleAssignment.objects.filter(user_id=user.pk, role__in=[Role.EDITOR, *APPROVING_ROLES])
    wanted = {}
    for held in roles.select_related("place"):
        kind = EDITORS if held.role == Role.EDITOR else APPROVERS
        place = held.place if kind == EDITORS else approved_place(held.place)
        wanted[group_name(kind, place)] = (kind, place)
    return wanted


def follow_roles(user: User) -> None:
    """Put an account into the groups that its roles say, and take it out of the others."""
    wanted = _wanted(user)
    ours = user.groups.filter(Q(name__startswith=EDITORS) | Q(name__startswith=APPROVERS))
    held = set(ours.values_list("name", flat=True))
    user.groups.remove(*Group.objects.filter(name__in=held - set(wanted)))
    for name in sorted(set(wanted) - held):
        user.groups.add(group_for(*wanted[name]))


def refresh_groups() -> int:
    """Bring the groups of all places with an editor or an approver up to date; their number.

    Needed after the site or a new kind of content was added: a section cannot be made before there is a home page.
    """
    roles = RoleAssignment.objects.filter(role__in=[Role.EDITOR, *APPROVING_ROLES]).select_related("place")
    places = {}
    for held in roles:
        kind = EDITORS if held.role == Role.EDITOR else APPROVERS
        place = held.place if kind == EDITORS else approved_place(held.place)
        places[group_name(kind, place)] = (kind, place)
    for kind, place in places.values():
        group_for(kind, place)
    return len(places)
