"""Streams: a number that moves with every change, in the change's own transaction."""

import pytest
from django.db import transaction

from portal.base.streams import services as streams

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_a_stream_begins_at_nothing_and_moves_by_one():
    assert streams.seq_of("centre:x") == 0
    for expected in (1, 2, 3):
        with transaction.atomic():
            streams.bump("centre:x", "centre:y")
        assert (streams.seq_of("centre:x"), streams.seq_of("centre:y")) == (expected, expected)


def test_a_change_that_is_taken_back_moves_nothing():
    with pytest.raises(RuntimeError), transaction.atomic():
        streams.bump("centre:x")
        raise RuntimeError
    assert streams.seq_of("centre:x") == 0


def test_a_hint_follows_the_commit_and_never_fails_it(monkeypatch, django_capture_on_commit_callbacks):
    told: list[str] = []
    monkeypatch.setattr(streams, "announce", lambda group, message: told.append(group))
    with django_capture_on_commit_callbacks(execute=True):
        streams.bump("centre:310106019000-C")
        assert told == []
    assert told == ["stream.centre-310106019000-C"]


def test_group_names_hold_what_the_channel_layer_allows():
    assert streams.group_name("session:静安 1") == "stream.session----1"
