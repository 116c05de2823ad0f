"""Every model says how long its rows stay: a kind of retention, a job that clears them, or a reason to keep them."""

import re
from pathlib import Path

import pytest
from django.apps import apps

from portal.base.clock import services as clock

ROOT = Path(__file__).resolve().parent.parent.parent


def concrete_models() -> list:
    # What PostgreSQL and SQLite each have for themselves counts too: the reason of its app covers it.
    return [model for model in apps.get_models() if model._meta.managed and not model._meta.proxy]


@pytest.mark.parametrize("model", concrete_models(), ids=lambda model: model._meta.label)
def test_somebody_has_said_what_happens_to_its_rows_in_the_end(model):
    assert clock.fate_of(model._meta.label), (
        f"{model._meta.label}: say in its app's clockwork.py how long it is kept: "
        "@retention(…, of=(…,)), @periodic(…, clears=(…,)) or kept(…, because=…)"
    )


def test_what_is_said_is_said_of_models_that_exist():
    clock.fate_of("")
    labels = {model._meta.label for model in apps.get_models()} | {config.label for config in apps.get_app_configs()}
    assert set(clock._fates) - labels == set()


def test_personal_parts_are_under_a_rule_and_not_merely_kept():
    sealed = {
        model._meta.label
        for model in concrete_models()
        for field in model._meta.get_fields()
        if getattr(field, "name", "").endswith("_sealed") or getattr(field, "name", "") == "sealed"
    }
    # Keys of centres are no person's; a case's telephone goes with its papers (test_progress).
    merely_kept = {label for label in sealed if not any(fate.startswith("kind ") for fate in clock.fate_of(label))}
    assert merely_kept == {"cases.Case", "remote.CentreKey"}


def test_the_page_names_every_kind_with_its_days():
    rows = re.findall(r"^\| `([a-z._]+)` \| (\d+) \|", (ROOT / "docs/retention.md").read_text("utf-8"), re.MULTILINE)
    assert {name: int(days) for name, days in rows} == {kind: kept.default_days for kind, kept in clock.kinds().items()}
