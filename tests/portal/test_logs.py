"""Logs: a file a day that several processes share, removed after six months, and no personal data in any line."""

import json
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from portal import logs
from portal.base.clock import services as clock
from servicedesk.cases import services as cases
from servicedesk.remote import dossier
from servicedesk.residents import services as residents
from tests.servicedesk.cases import at_desk
from tests.servicedesk.remote import calls

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def record(message: str, *, at: datetime | None = None, **fields: object) -> logging.LogRecord:
    entry = logging.LogRecord("linban.test", logging.INFO, __file__, 1, message, (), None)
    entry.created = (at or timezone.now()).timestamp()
    entry.fields = fields
    return entry


@pytest.fixture
def handlers(tmp_path: Path):
    """Two handlers on one folder, as two web processes have them."""
    both = [logs.DayFileHandler(tmp_path / "logs") for _process in range(2)]
    for handler in both:
        handler.setFormatter(logs.JsonFormatter())
    yield both
    for handler in both:
        handler.close()


def test_two_processes_share_a_file_a_day(handlers, tmp_path: Path):
    day = datetime(2026, 11, 25, 23, 59, tzinfo=UTC)
    for handler in handlers:
        handler.emit(record("before", at=day))
        handler.emit(record("after", at=day + timedelta(minutes=2), room="queueing"))
    assert sorted(path.name for path in (tmp_path / "logs").iterdir()) == [
        "linban-2026-11-25.log", "linban-2026-11-26.log",
    ]  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "logs/linban-2026-11-26.log").read_text().splitlines()]
    assert [(line["message"], line["room"]) for line in lines] == [("after", "queueing")] * 2


def test_the_clock_keeps_them_six_months_and_no_longer(handlers, tmp_path: Path, settings):
    settings.LOG_DIR = str(tmp_path / "logs")
    now = timezone.now()
    for days in (0, 180, 183, 186, 400):
        handlers[0].emit(record("line", at=now - timedelta(days=days)))
    (tmp_path / "logs/linban-not-a-date.log").touch()
    (tmp_path / "logs/linban-20xx-01-01.log").touch()
    (tmp_path / "logs/other.log").touch()
    assert clock.enforce_retention(now=now)["log"] == 2
    assert len(list((tmp_path / "logs").glob("linban-*-*-*.log"))) == 3 + 2
    assert clock.kinds()["log"].default_days >= 182, "six months at least"


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    handler = logs.DayFileHandler(tmp_path / "file/logs")
    monkeypatch.setattr(logging, "raiseExceptions", False)
    handler.emit(record("lost"))


def test_an_installation_writes_to_its_terminal_and_to_the_file_by_default(tmp_path: Path):
    code = "import django; django.setup(); import logging; logging.getLogger('linban.start').info('hello')"
    given = {name: value for name, value in os.environ.items() if name not in {"DEBUG", "DEMO", "LOG_DIR"}}
    given |= {"DJANGO_SETTINGS_MODULE": "portal.settings", "DATA_DIR": str(tmp_path), "DATABASE_URL": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, env=given, capture_output=True, text=True, check=True
    )
    (file,) = (tmp_path / "logs").iterdir()
    assert json.loads(file.read_text())["message"] == json.loads(done.stderr)["message"] == "hello"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Key (number)=(99999919491231002X) exists", "Key (number)=(***) exists"),
        ("to 13800001111: refused", "to ***: refused"),
        ("took 1380000111100 ns at 2026112512345678901", "took 1380000111100 ns at 2026112512345678901"),
        ("session 0199f3a0-1380-7111-8000-138000011112", "session 0199f3a0-1380-7111-8000-138000011112"),
    ],
)
def test_numbers_of_persons_are_struck_out_and_others_stay(text, told):
    assert json.loads(logs.JsonFormatter().format(record(text)))["message"] == told


def test_a_trace_that_quotes_a_number_is_struck_out_too():
    try:
        raise ValueError("certificate 99999919491231002X is unknown")
    except ValueError as error:
        entry = record("failed")
        entry.exc_info = (type(error), error, error.__traceback__)
    assert "9999" not in json.loads(logs.JsonFormatter().format(entry))["trace"].split("ValueError:")[1]


def test_the_whole_course_of_a_case_logs_nothing_about_the_person(cast, caplog):
    """Every service of the journey, with all that any logger says at any level but the database's own echo."""
    caplog.set_level(logging.DEBUG)
    for loud in ("django.db.backends", "PIL", "fontTools", "asyncio"):
        logging.getLogger(loud).setLevel(logging.INFO)
    session, case = calls.a_call_with_papers(cast)
    calls.recorded(session)
    cases.set_phone(case, phone="13800001111", actor="user:1")
    cases.set_external_number(case, number="WS-1", actor="user:1")
    cases.attach_result(case, title="证明", pdf=at_desk.a_pdf(), clerk=cast.clerk, actor="user:1")
    dossier.seal_session(calls.ended(session))
    residents.erase(case.applicant, actor="user:1", reason="request")
    said = "\n".join(
        f"{line.getMessage()} {line.__dict__.get('fields', '')} {line.exc_text or ''}" for line in caplog.records
    )
    for personal in (cast.resident.name, cast.resident.number, cast.resident.address, "13800001111", "WS-1"):
        assert personal not in said
