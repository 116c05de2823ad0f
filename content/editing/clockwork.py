"""What the clock does for editors: items get their review dates, and whoever should check one is told."""

from content.editing import approval, groups, services
from portal.base.clock.services import periodic


@periodic(every_s=3600, name="editing.review")
def review() -> None:
    services.set_first_due()
    services.tell_about_due()


@periodic(every_s=900, name="editing.groups")
def refresh_groups() -> None:
    groups.refresh_groups()
    approval.refresh_workflows()
