"""Looking ahead: how a guide will read on another day, for editors alone."""

from datetime import date

from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from content.items import services as items
from content.items.models import ItemEdition, ServiceItem

MAY_LOOK_AHEAD = "items.change_itemedition"


def asked_day(request: HttpRequest) -> date | None:
    """The day of `?as_of=2027-01-01`, if somebody asks who may edit; everybody else sees today."""
    given = request.GET.get("as_of", "")
    user = getattr(request, "user", None)
    if not given or user is None or not user.is_authenticated or not user.has_perm(MAY_LOOK_AHEAD):
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        return timezone.localdate()


def _wants_drafts(request: HttpRequest) -> bool:
    return request.GET.get("drafts") == "1"


def edition_to_show(item: ServiceItem, request: HttpRequest, day: date | None) -> ItemEdition | None:
    """The edition in force, or the one that an editor looks ahead to."""
    if day is None:
        return items.current_edition(item)
    return items.edition_as_of(item, day, with_drafts=_wants_drafts(request))


def preview_told(item: ServiceItem, edition: ItemEdition, request: HttpRequest, day: date) -> dict[str, str]:
    """The banner over a guide that is looked at ahead of time."""
    when = formats.date_format(day, _("F j, Y"))
    since = formats.date_format(edition.valid_from, _("F j, Y"))
    has_drafts = _wants_drafts(request)
    other = "" if has_drafts else "&drafts=1"
    return {
        "title": _("Only you see this: the guide as of %s.") % when,
        "text": (_("Drafts are shown too.") if has_drafts else _("Only what is published or scheduled is shown."))
        + " "
        + _("This edition holds from %s.") % since,
        "next_url": f"?as_of={day.isoformat()}{other}",
        "next_text": _("Without drafts") if has_drafts else _("With drafts"),
    }
