"""Live screens that look for changes only when they are told to, so that a test knows what comes next."""

import pytest

from portal.base.streams import consumers


@pytest.fixture
def calm(monkeypatch) -> None:
    monkeypatch.setattr(consumers, "LOOK_EVERY_S", 3600)
