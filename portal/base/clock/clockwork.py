"""What the clock does for itself and for Wagtail."""

from django.core.management import call_command

from portal.base.clock.services import enforce_retention, periodic


@periodic(every_s=30, name="wagtail.publish_scheduled")
def publish_scheduled() -> None:
    call_command("publish_scheduled")


@periodic(every_s=24 * 3600, name="clock.retention")
def retention() -> None:
    enforce_retention()
