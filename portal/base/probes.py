"""What /readyz reports beside the database, and what /metrics counts; apps give both in a module `probes.py`.

@reported("media")          -> under "reports" of /readyz; it is told, and never fails the portal
def media_nodes() -> object: ...

@measured                   -> lines of /metrics
def tickets() -> Iterable[Metric]: ...
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.utils.module_loading import autodiscover_modules

log = logging.getLogger("linban.probes")


@dataclass(frozen=True)
class Metric:
    """One line of the Prometheus text format; labels never hold personal data."""

    name: str
    value: float
    help: str = ""
    labels: dict[str, str] = field(default_factory=dict)


_reports: dict[str, Callable[[], object]] = {}
_measures: dict[str, Callable[[], Iterable[Metric]]] = {}


def reported(name: str) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a report by name; it answers something that JSON can hold."""

    def register(function: Callable[[], object]) -> Callable[[], object]:
        _reports[name] = function
        return function

    return register


def measured(function: Callable[[], Iterable[Metric]]) -> Callable[[], Iterable[Metric]]:
    """Register a function that yields metrics."""
    _measures[f"{function.__module__}.{function.__qualname__}"] = function
    return function


def reports() -> dict[str, object]:
    """All reports; one that raises says "unknown"."""
    autodiscover_modules("probes")
    answers: dict[str, object] = {}
    for name, function in _reports.items():
        try:
            answers[name] = function()
        except Exception:
            log.warning("a report failed", exc_info=True, extra={"fields": {"report": name}})
            answers[name] = "unknown"
    return answers


def metrics() -> list[Metric]:
    """All metrics; a function that raises is left out."""
    autodiscover_modules("probes")
    lines: list[Metric] = []
    for name, function in _measures.items():
        try:
            lines += function()
        except Exception:
            log.warning("a metric failed", exc_info=True, extra={"fields": {"metric": name}})
    return lines


def as_text(lines: Iterable[Metric]) -> str:
    """The Prometheus text format, version 0.0.4."""
    text: list[str] = []
    seen: set[str] = set()
    for line in sorted(lines, key=lambda line: line.name):
        if line.name not in seen:
            seen.add(line.name)
            text += [f"# HELP {line.name} {line.help or line.name}", f"# TYPE {line.name} gauge"]
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(line.labels.items()))
        text.append(f"{line.name}{{{labels}}} {line.value:g}" if labels else f"{line.name} {line.value:g}")
    return "\n".join(text) + "\n"


def _escaped(value: str) -> str:
    return str(value).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
