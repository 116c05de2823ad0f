"""What stands between an edition and the public: its rules must make sense."""

from typing import Any

from django.utils.translation import gettext as _
from wagtail.log_actions import log

from content.items.models import ItemEdition
from content.items.rules_edition import EditionFaulty, refuse_faulty

HELD_BACK = "items.held_back"


def is_held_back(edition: ItemEdition, revision: Any, *, is_scheduled: bool) -> bool:
    """Whether a scheduled revision is kept from the public because its rules are faulty; its history then says so.

    Raises:
        EditionFaulty: the rules are faulty and somebody waits for the answer.
    """
    try:
        refuse_faulty(revision.as_object())
    except EditionFaulty as faulty:
        if not is_scheduled:
            raise
        # Without this the clock would try again every half minute; an editor mends it and publishes anew.
        revision.approved_go_live_at = None
        revision.save(update_fields=["approved_go_live_at"])
        ItemEdition.objects.filter(pk=edition.pk).update(has_unpublished_changes=True)
        log(edition, HELD_BACK, revision=revision, data={"faults": [fault.sentence for fault in faulty.faults]})
        return True
    return False


def held_back_message(data: dict[str, Any]) -> str:
    """The line in the edition's history."""
    return _("Not published on schedule, because its rules are faulty: %s") % " ".join(data.get("faults", []))
