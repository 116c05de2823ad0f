"""A repeated request has its effect once, with the same answer; another body under its key is refused."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from portal.base.idempotency import services as idempotency
from portal.base.idempotency.models import IdempotencyKey
from portal.base.streams import services as streams

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
HASH = idempotency.hash_of("POST", "/api/v1/tickets", {"centre": "C"})


def effect() -> tuple[int, dict]:
    streams.bump("effect")
    return 201, {"number": streams.seq_of("effect")}


def test_the_effect_happens_once_and_the_answer_is_the_same():
    first = idempotency.once("api:1", "key", HASH, effect)
    assert first == (201, {"number": 1}) == idempotency.once("api:1", "key", HASH, effect)
    assert streams.seq_of("effect") == 1


def test_another_body_is_refused():
    idempotency.once("api:1", "key", HASH, effect)
    with pytest.raises(idempotency.KeyReused) as caught:
        idempotency.once("api:1", "key", idempotency.hash_of("POST", "/api/v1/tickets", {}), effect)
    assert (caught.value.status, caught.value.code) == (409, "idempotency_key_reused")
    assert streams.seq_of("effect") == 1


def test_keys_of_two_callers_are_apart():
    idempotency.once("api:1", "key", HASH, effect)
    assert idempotency.once("api:2", "key", HASH, effect) == (201, {"number": 2})


def test_an_effect_that_fails_leaves_no_key():
    def fail() -> tuple[int, dict]:
        streams.bump("effect")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        idempotency.once("api:1", "key", HASH, fail)
    assert not IdempotencyKey.objects.exists() and streams.seq_of("effect") == 0
    assert idempotency.once("api:1", "key", HASH, effect)[0] == 201


def test_a_key_is_kept_a_day():
    idempotency.once("api:1", "key", HASH, effect)
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert idempotency.once("api:1", "key", HASH, effect) == (201, {"number": 2})
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert idempotency.forget_old(timezone.now() - idempotency.KEPT) == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_have_one_effect():
    began, answers, errors = threading.Event(), [], []

    def slow() -> tuple[int, dict]:
        began.set()
        # The other request is on its way to the unique key while this transaction is open.
        second.start()
        return effect()

    def ask(function) -> None:
        try:
            answers.append(idempotency.once("api:1", "key", HASH, function))
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    second = threading.Thread(target=ask, args=(effect,))
    first = threading.Thread(target=ask, args=(slow,))
    first.start()
    first.join(30)
    second.join(30)
    assert began.is_set() and errors == []
    assert answers == [(201, {"number": 1})] * 2
    assert connection.vendor and streams.seq_of("effect") == 1
