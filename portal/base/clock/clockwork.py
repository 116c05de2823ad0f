"""What the clock does for itself, for Wagtail, and for what other packages keep."""

from datetime import datetime

from django.core.management import call_command

from portal.base.clock.services import enforce_retention, kept, periodic, retention


@periodic(every_s=30, name="wagtail.publish_scheduled")
def publish_scheduled() -> None:
    call_command("publish_scheduled")


@periodic(every_s=24 * 3600, name="clock.retention")
def forget_what_is_due() -> None:
    enforce_retention()


@retention("task_result", default_days=14, of=("django_tasks_database.DBTaskResult",))
def forget_tasks(before: datetime) -> int:
    from django_tasks_db.models import DBTaskResult

    deleted, _rows = DBTaskResult.objects.finished().filter(finished_at__lt=before).delete()
    return deleted


@retention("editing_session", default_days=14, of=("wagtailadmin.EditingSession", "wagtailadmin.FormState"))
def forget_editing(before: datetime) -> int:
    from wagtail.admin.models import EditingSession

    deleted, _rows = EditingSession.objects.filter(last_seen_at__lt=before).delete()
    return deleted


@retention("form_submission", default_days=365, of=("wagtailforms.FormSubmission",))
def forget_submissions(before: datetime) -> int:
    from wagtail.contrib.forms.models import FormSubmission

    deleted, _rows = FormSubmission.objects.filter(submit_time__lt=before).delete()
    return deleted


kept("clock.ClockLease", "clock.ClockJob", "clock.RetentionRule", because="one row each, about the clock itself")
kept(
    "wagtailcore", "wagtail_localize", "wagtailredirects", "wagtaildocs", "wagtailimages", "taggit",
    because="what editors published, with its history and who changed it",
)  # fmt: skip
kept("wagtailembeds", "wagtailsearch", because="made again from what is published")
kept("wagtailusers", "wagtailadmin", "account", "mfa", because="belongs to an account of staff, and goes with it")
kept("auth", "contenttypes", because="made by migrations")
