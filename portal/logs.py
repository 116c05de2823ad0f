"""Structured logs: a JSON object a line, without personal data, kept in a file a day for six months."""

import json
import logging
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TextIO

# Nothing of the kind is logged on purpose; an error's own text may quote what it stumbled over. Resident ID numbers
# (GB 11643) have 17 digits and a check character, mobile numbers 11 digits from 13 on.
PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:[1-9]\d{16}[0-9Xx]|1[3-9]\d{9})(?![0-9A-Za-z])")


def without_numbers(text: str) -> str:
    """The text with certificate and telephone numbers struck out."""
    return PERSONAL.sub("***", text)


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object; keys given in `extra={"fields": {...}}` are added."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_numbers(record.getMessage()),
        }
        entry.update(getattr(record, "fields", {}))
        if record.exc_info:
            entry["trace"] = without_numbers(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False, default=str)


class DayFileHandler(logging.Handler):
    """Appends to `linban-YYYY-MM-DD.log` in a folder (UTC days); several processes may write the same file.

    A line is one write in append mode, so that lines of two processes do not mix. The clock removes old files.
    """

    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        self.folder = Path(folder)
        self._day: date | None = None
        self._file: TextIO | None = None

    def emit(self, record: logging.LogRecord) -> None:
        try:
            day = datetime.fromtimestamp(record.created, UTC).date()
            if self._file is None or day != self._day:
                self.close_file()
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
                self._file, self._day = (self.folder / f"linban-{day}.log").open("a", encoding="utf-8"), day
            self._file.write(self.format(record) + "\n")
            self._file.flush()
        except Exception:  # As everywhere in logging: a full disk must not stop the portal.
            self.handleError(record)

    def close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def close(self) -> None:
        self.close_file()
        super().close()


def forget_logs(folder: Path, before: datetime) -> int:
    """Remove the files of days that were over before that time; their number."""
    removed = 0
    for path in folder.glob("linban-????-??-??.log"):
        try:
            day = date.fromisoformat(path.stem.removeprefix("linban-"))
        except ValueError:
            continue
        if datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC) <= before:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
