"""What the role of an editor means in the CMS: membership of one Wagtail group, with its permissions."""

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page
from wagtail.snippets.models import get_snippet_models

from portal.base.accounts.models import User
from portal.base.rights.models import Role, RoleAssignment

GROUP = "Linban editors"
PAGE_PERMISSIONS = ("add_page", "change_page", "publish_page")
FILE_PERMISSIONS = ("add", "change", "choose")


def editors_group() -> Group:
    """The editors' group, with what it may do brought up to date; repeating it is harmless."""
    group, _created = Group.objects.get_or_create(name=GROUP)
    snippets = ContentType.objects.get_for_models(*get_snippet_models()).values()
    of_snippets = Q(content_type__in=snippets) & ~Q(codename__startswith="lock_")
    of_admin = Q(content_type__app_label="wagtailadmin", codename="access_admin")
    group.permissions.set(Permission.objects.filter(of_snippets | of_admin))
    of_pages = Permission.objects.filter(content_type__app_label="wagtailcore", codename__in=PAGE_PERMISSIONS)
    if root := Page.get_first_root_node():
        GroupPagePermission.objects.bulk_create(
            [GroupPagePermission(group=group, page=root, permission=permission) for permission in of_pages],
            ignore_conflicts=True,
        )
    file_types = ContentType.objects.get_for_models(*_file_models()).values()
    of_files = Permission.objects.filter(
        content_type__in=file_types, codename__regex=f"^({'|'.join(FILE_PERMISSIONS)})_"
    )
    if collection := Collection.get_first_root_node():
        GroupCollectionPermission.objects.bulk_create(
            [
                GroupCollectionPermission(group=group, collection=collection, permission=permission)
                for permission in of_files
            ],
            ignore_conflicts=True,
        )
    return group


def _file_models() -> tuple[type, type]:
    from wagtail.documents import get_document_model
    from wagtail.images import get_image_model

    return get_image_model(), get_document_model()


def follow_roles(user: User) -> None:
    """Put an account into the editors' group, or take it out, as its roles say."""
    is_editor = RoleAssignment.objects.filter(user_id=user.pk, role=Role.EDITOR).exists()
    if not is_editor:
        user.groups.remove(*Group.objects.filter(name=GROUP))
    elif not user.groups.filter(name=GROUP).exists():
        user.groups.add(editors_group())
