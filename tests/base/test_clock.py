"""The clock: one leader, jobs that run when due, faults that stop nothing, and retention."""

import threading
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connections, transaction
from django.utils import timezone

from portal.base.clock import services as clock
from portal.base.clock.models import ClockJob, ClockLease, RetentionRule
from portal.base.journal import services as journal

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


@pytest.fixture
def only(monkeypatch):
    """The registry with the test's own jobs and kinds alone."""
    monkeypatch.setattr(clock, "_jobs", {})
    monkeypatch.setattr(clock, "_kinds", {})
    monkeypatch.setattr(clock, "autodiscover_modules", lambda name: None)


def test_one_holder_leads_until_its_lease_lapses():
    now = timezone.now()
    assert clock.take_lease("a", now=now)
    assert not clock.take_lease("b", now=now)
    assert clock.take_lease("a", now=now + timedelta(seconds=10))
    assert not clock.take_lease("b", now=now + timedelta(seconds=20))
    assert clock.take_lease("b", now=now + timedelta(seconds=26))
    assert not clock.take_lease("a", now=now + timedelta(seconds=27))
    clock.give_up_lease("a")
    assert ClockLease.objects.get().holder == "b"
    clock.give_up_lease("b")
    assert clock.take_lease("a", now=now + timedelta(seconds=28))


def test_every_app_brings_its_jobs():
    names = set(clock.jobs())
    assert {"outbox.deliver", "idempotency.forget", "places.status", "wagtail.publish_scheduled"} <= names
    assert {"outbox_message", "journal_text", "api_token"} <= set(clock.kinds())


def test_a_job_that_fails_is_noted_and_the_note_goes_when_it_works(only):
    faults = [RuntimeError("printer on fire")]

    @clock.periodic(every_s=1, name="test.job")
    def job() -> None:
        if faults:
            raise faults.pop()

    assert clock.run_job(clock.jobs()["test.job"]) is False
    assert ClockJob.objects.get(name="test.job").last_error == "RuntimeError: printer on fire"
    assert clock.run_job(clock.jobs()["test.job"]) is True
    assert ClockJob.objects.get(name="test.job").last_error == ""


def test_a_seldom_job_is_not_run_again_by_a_restart(only):
    @clock.periodic(every_s=3600, name="test.seldom")
    def job() -> None:
        """Nothing."""

    assert clock._first_wait_s(clock.jobs()["test.seldom"]) == 0
    clock.run_job(clock.jobs()["test.seldom"])
    assert 3500 < clock._first_wait_s(clock.jobs()["test.seldom"]) <= 3600


def test_two_jobs_of_one_name_are_refused(only):
    clock.periodic(every_s=1, name="test.twin")(lambda: None)
    with pytest.raises(ValueError):
        clock.periodic(every_s=1, name="test.twin")(call_command)


@pytest.mark.django_db(transaction=True)
def test_of_two_running_clocks_one_works_and_the_other_takes_over(only, monkeypatch):
    monkeypatch.setattr(clock, "RENEW_EVERY_S", 0.1)
    monkeypatch.setattr(clock, "LOOK_EVERY_S", 0.05)
    ran: list[str] = []

    @clock.periodic(every_s=0.05, name="test.job")
    def job() -> None:
        ran.append(threading.current_thread().name)

    stops = {name: threading.Event() for name in "ab"}

    def run(name: str) -> None:
        try:
            clock.run_clock(stops[name])
        finally:
            connections.close_all()

    threads = {name: threading.Thread(target=run, args=(name,), name=name) for name in "ab"}
    try:
        threads["a"].start()
        wait_for(lambda: len(ran) > 2)
        threads["b"].start()
        count = len(ran)
        wait_for(lambda: len(ran) > count + 2)
        assert set(ran) == {"a"}
        stops["a"].set()
        threads["a"].join(10)
        wait_for(lambda: "b" in ran)
    finally:
        for name, stop in stops.items():
            stop.set()
            if threads[name].is_alive():
                threads[name].join(10)
    assert not ClockLease.objects.exists()


def wait_for(condition, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_the_command_runs_every_job_once(only):
    ran: list[int] = []
    clock.periodic(every_s=5, name="test.once")(lambda: ran.append(1))
    call_command("clock", "--once")
    assert ran == [1]
    out = StringIO()
    call_command("clock", "--list", stdout=out)
    assert "test.once\tevery 5 s" in out.getvalue()


def test_the_commands_real_jobs_all_run():
    call_command("clock", "--once")
    assert not ClockJob.objects.exclude(last_error="").exists()


# --- retention ---


def test_every_kind_gets_its_rule_and_a_changed_rule_stays(only):
    clock.retention("slip", default_days=30)(lambda before: 0)
    clock.ensure_rules()
    assert clock.days_kept("slip") == 30
    RetentionRule.objects.filter(kind="slip").update(days=90)
    clock.ensure_rules()
    assert clock.days_kept("slip") == 90


def test_retention_erases_by_rule_and_spares_what_is_held(only):
    asked: list = []

    @clock.retention("slip", default_days=30)
    def forget(before) -> int:
        asked.append(before)
        return 4

    now = timezone.now()
    assert clock.enforce_retention(now=now) == {"slip": 4}
    assert asked == [now - timedelta(days=30)]
    clock.hold("slip", reason="2026-7 号案")
    assert clock.enforce_retention(now=now) == {}
    clock.hold("slip", reason="")
    assert clock.enforce_retention(now=now) == {"slip": 4}


def test_one_kinds_fault_does_not_keep_the_others(only):
    def fail(before) -> int:
        raise RuntimeError

    clock.retention("broken", default_days=1)(fail)
    clock.retention("whole", default_days=1)(lambda before: 2)
    assert clock.enforce_retention() == {"whole": 2}


def test_free_texts_of_the_journal_are_erased_when_their_time_is_over():
    with transaction.atomic():
        entry = journal.append(("ticket", "1"), action="unable", actor="user:1", text="说明")
    assert clock.enforce_retention()["journal_text"] == 0
    assert clock.enforce_retention(now=timezone.now() + timedelta(days=1096))["journal_text"] == 1
    assert journal.text_of(entry) is None and journal.chain_faults(("ticket", "1")) == []
