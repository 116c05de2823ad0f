"""The ground's tests read English sentences; pages asked for through a client follow the reader's language."""

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield
