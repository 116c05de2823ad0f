"""script/test starts a PostgreSQL and a Redis of its own where none runs, and ends exactly those."""

import sys
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "script"))

import run_tests  # noqa: E402


def test_a_postgresql_of_its_own_makes_databases_and_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch):
    answers = run_tests._postgres_answers
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(run_tests, "_postgres_answers", lambda url: ":5432/" not in url and answers(url))
    with run_tests.postgres() as url:
        assert ":5432/" not in url
        server = url.rsplit("/", 1)[0] + "/postgres"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("create database linban_probe")
        assert answers(server)
    assert not answers(server)


def test_a_redis_of_its_own_answers_and_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch):
    answers = run_tests._redis_answers
    monkeypatch.setattr(run_tests, "_redis_answers", lambda port: port != 6379 and answers(port))
    with run_tests.redis() as url:
        port = int(url.split(":")[2].split("/")[0])
        assert port != 6379
        assert answers(port)
    assert not answers(port)


def test_a_named_postgresql_that_does_not_answer_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
    monkeypatch.setattr(run_tests, "_postgres_answers", lambda url: False)
    with pytest.raises(SystemExit, match="does not answer"), run_tests.postgres():
        pass
