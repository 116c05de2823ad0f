"""Whether the clock goes."""

from collections.abc import Iterable

from django.utils import timezone

from portal.base.clock.models import ClockJob, ClockLease
from portal.base.probes import Metric, measured, reported


@reported("clock")
def clock() -> dict[str, object]:
    lease = ClockLease.objects.filter(name="clock").first()
    failing = ClockJob.objects.exclude(last_error="").values_list("name", flat=True)
    return {"runs": bool(lease and lease.until > timezone.now()), "failing": list(failing)}


@measured
def leads() -> Iterable[Metric]:
    lease = ClockLease.objects.filter(name="clock").first()
    yield Metric("linban_clock_runs", float(bool(lease and lease.until > timezone.now())), "Whether a clock leads")
    failing = ClockJob.objects.exclude(last_error="").count()
    yield Metric("linban_clock_jobs_failing", failing, "Jobs of the clock whose last run failed")
