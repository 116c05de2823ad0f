"""The clock: one leader by a lease runs every registered job when it is due, and enforces retention daily.

An app gives its jobs in a module `clockwork.py`, which is found by itself:

    @periodic(every_s=5, name="queueing.expire")
    def expire() -> None: ...

    @retention("ticket", default_days=365, of=("queueing.Ticket",))
    def forget(before: datetime) -> int: ...

    kept("queueing.Call", because="figures without a person")

Every model of the project says in this way how long its rows stay; tests/base/test_what_is_kept.py demands it.
"""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, close_old_connections, transaction
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from portal.base.clock.models import ClockJob, ClockLease, RetentionRule

LEASE_S = 15
RENEW_EVERY_S = 5
LOOK_EVERY_S = 0.5
# Jobs that run seldom remember in the database when they ran, so that a restart does not run them again.
REMEMBERED_FROM_S = 600
log = logging.getLogger("linban.clock")


@dataclass(frozen=True)
class Job:
    """A function that is run every so many seconds."""

    name: str
    every_s: float
    run: Callable[[], None]


@dataclass(frozen=True)
class Kept:
    """A kind of record, how long it is kept by default, and what erases it."""

    kind: str
    default_days: int
    forget: Callable[[datetime], int]
    of: tuple[str, ...] = ()


_jobs: dict[str, Job] = {}
_kinds: dict[str, Kept] = {}
# Model (or app) label to what happens to its rows, in words: kinds of retention, jobs that clear, reasons to keep.
_fates: dict[str, set[str]] = {}


def periodic(
    *, every_s: float, name: str, clears: tuple[str, ...] = ()
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a job of the clock; `clears` are the models whose old rows it removes by itself."""

    def register(function: Callable[[], None]) -> Callable[[], None]:
        if name in _jobs and _jobs[name].run.__module__ != function.__module__:
            raise ValueError(f"two jobs are named {name}")
        _jobs[name] = Job(name=name, every_s=every_s, run=function)
        for label in clears:
            _fates.setdefault(label, set()).add(f"job {name}")
        return function

    return register


def retention(
    kind: str, *, default_days: int, of: tuple[str, ...] = ()
) -> Callable[[Callable[[datetime], int]], Callable[[datetime], int]]:
    """Register what erases a kind of record made before a time and answers how many it erased.

    :param of: the models whose rows, or personal parts, it erases.
    """

    def register(function: Callable[[datetime], int]) -> Callable[[datetime], int]:
        if kind in _kinds and _kinds[kind].forget.__module__ != function.__module__:
            raise ValueError(f"two rules keep {kind}")
        _kinds[kind] = Kept(kind=kind, default_days=default_days, forget=function, of=of)
        for label in of:
            _fates.setdefault(label, set()).add(f"kind {kind}")
        return function

    return register


def kept(*labels: str, because: str) -> None:
    """Say of models, or of a whole app, why their rows stay for good."""
    for label in labels:
        _fates.setdefault(label, set()).add(because)


def fate_of(label: str) -> list[str]:
    """What happens to a model's rows in the end; empty when nobody has said it."""
    autodiscover_modules("clockwork")
    return sorted(_fates.get(label, set()) or _fates.get(label.split(".")[0], set()))


def jobs() -> dict[str, Job]:
    """All jobs of the installed apps."""
    autodiscover_modules("clockwork")
    return dict(_jobs)


def kinds() -> dict[str, Kept]:
    """All kinds of record of the installed apps that are kept for a time."""
    autodiscover_modules("clockwork")
    return dict(_kinds)


# --- retention ----------------------------------------------------------------------------------------------------


def ensure_rules() -> None:
    """Give every kind of record its rule; a rule that somebody changed stays as it is."""
    for kept in kinds().values():
        RetentionRule.objects.get_or_create(kind=kept.kind, defaults={"days": kept.default_days})


def days_kept(kind: str) -> int:
    """For how many days records of the kind are kept."""
    rule = RetentionRule.objects.filter(kind=kind).first()
    return rule.days if rule else kinds()[kind].default_days


def enforce_retention(*, now: datetime | None = None) -> dict[str, int]:
    """Erase what is past its time, kind by kind; the numbers erased. A kind under legal hold is left alone."""
    ensure_rules()
    erased: dict[str, int] = {}
    for rule in RetentionRule.objects.all():
        kept = kinds().get(rule.kind)
        if kept is None or rule.legal_hold:
            continue
        try:
            with transaction.atomic():
                erased[rule.kind] = kept.forget((now or timezone.now()) - timedelta(days=rule.days))
        except Exception:  # One kind's fault must not keep the others' data for ever.
            log.exception("retention could not be enforced", extra={"fields": {"kind": rule.kind}})
    return erased


@transaction.atomic
def hold(kind: str, *, reason: str) -> RetentionRule:
    """Suspend erasing of a kind (legal hold); an empty reason lifts it."""
    ensure_rules()
    rule = RetentionRule.objects.select_for_update().get(kind=kind)
    rule.legal_hold, rule.hold_reason = bool(reason), reason
    rule.save(update_fields=["legal_hold", "hold_reason", "changed_at"])
    return rule


# --- the clock ----------------------------------------------------------------------------------------------------


def holder_name() -> str:
    """A name for this process that no other one has."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def take_lease(holder: str, *, now: datetime | None = None, name: str = "clock") -> bool:
    """Take or renew the lease; True when this holder leads until LEASE_S from now."""
    now = now or timezone.now()
    until = now + timedelta(seconds=LEASE_S)
    mine = ClockLease.objects.filter(name=name, holder=holder).update(until=until)
    if mine or ClockLease.objects.filter(name=name, until__lt=now).update(holder=holder, until=until):
        return True
    try:
        with transaction.atomic():
            _lease, created = ClockLease.objects.get_or_create(name=name, defaults={"holder": holder, "until": until})
    except IntegrityError:
        return False
    return created


def give_up_lease(holder: str, *, name: str = "clock") -> None:
    """Let another process lead at once."""
    ClockLease.objects.filter(name=name, holder=holder).delete()


def run_job(job: Job) -> bool:
    """Run one job and note how it went; False when it raised."""
    error = ""
    try:
        job.run()
    except Exception as fault:  # A job that fails must not stop the others.
        error = f"{type(fault).__name__}: {fault}"[:200]
        log.exception("a job of the clock failed", extra={"fields": {"job": job.name}})
    try:
        known = ClockJob.objects.filter(name=job.name).first()
        if known is None or job.every_s >= REMEMBERED_FROM_S or known.last_error != error:
            ClockJob.objects.update_or_create(
                name=job.name, defaults={"last_run_at": timezone.now(), "last_error": error}
            )
    except Exception:
        log.exception("the clock could not note a run", extra={"fields": {"job": job.name}})
    return not error


def _first_wait_s(job: Job) -> float:
    """How long after the start a job is due first."""
    if job.every_s < REMEMBERED_FROM_S:
        return 0
    last = ClockJob.objects.filter(name=job.name).values_list("last_run_at", flat=True).first()
    if last is None:
        return 0
    return max(0.0, job.every_s - (timezone.now() - last).total_seconds())


def run_clock(stop: threading.Event) -> None:
    """Run the jobs until told to stop; a thread when embedded, `manage.py clock` at size."""
    holder = holder_name()
    due: dict[str, float] = {}
    leads, renew_at = False, 0.0
    try:
        while not stop.is_set():
            close_old_connections()
            try:
                if time.monotonic() >= renew_at:
                    leads_now = take_lease(holder)
                    if leads_now and not leads:
                        due = {job.name: time.monotonic() + _first_wait_s(job) for job in jobs().values()}
                    leads, renew_at = leads_now, time.monotonic() + RENEW_EVERY_S
                if leads:
                    renew_at = _run_due(due, holder=holder, renew_at=renew_at, stop=stop)
            except Exception:  # The database may be away for a while; the clock outlives that.
                log.exception("the clock stumbled")
                leads, renew_at = False, time.monotonic() + RENEW_EVERY_S
            stop.wait(LOOK_EVERY_S)
    finally:
        try:
            give_up_lease(holder)
        except Exception:
            log.warning("the clock's lease lapses by itself", exc_info=True)
        close_old_connections()


def _run_due(due: dict[str, float], *, holder: str, renew_at: float, stop: threading.Event) -> float:
    """Run what is due, renewing the lease in between; when the lease is to be renewed next."""
    for job in jobs().values():
        if stop.is_set() or time.monotonic() < due.get(job.name, 0.0):
            continue
        if time.monotonic() >= renew_at:
            if not take_lease(holder):
                return 0.0
            renew_at = time.monotonic() + RENEW_EVERY_S
        run_job(job)
        due[job.name] = time.monotonic() + job.every_s
    return renew_at
