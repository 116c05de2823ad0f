"""Fixtures that all tests share: the cast, clients signed in as one of it, sockets, and a clean database after each."""

from collections.abc import Callable
from importlib import import_module

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import connections
from django.test import Client, TransactionTestCase

from portal.base.accounts.models import User
from tests.cast import Cast, make_cast

_kept: dict[str, dict[str, tuple[list[str], list[tuple]]]] = {}

# Triggers and foreign keys rest while the tables are emptied: the journal's would refuse it.
RESTORE_POSTGRESQL = """
DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'django_migrations' LOOP
        EXECUTE format('DELETE FROM public.%I', name);
    END LOOP;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'kept' LOOP
        EXECUTE format('INSERT INTO public.%I SELECT * FROM kept.%I', name, name);
    END LOOP;
END $$
"""
KEEP_POSTGRESQL = """
DO $$ DECLARE name text; has_rows boolean; BEGIN
    DROP SCHEMA IF EXISTS kept CASCADE;
    CREATE SCHEMA kept;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'django_migrations' LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', name) INTO has_rows;
        IF has_rows THEN
            EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', name, name);
        END IF;
    END LOOP;
END $$
"""


def _sqlite_tables(cursor) -> list[str]:
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
    # A virtual table's own tables follow it.
    return [
        name
        for (name,) in cursor.fetchall()
        if not name.startswith(("sqlite_", "django_migrations")) and "_fts" not in name
    ]


def _keep_what_migrations_made(alias: str) -> None:
    """Wagtail's root page, site, locale and groups come from migrations; emptying the tables would lose them."""
    if alias in _kept:
        return
    tables: dict[str, tuple[list[str], list[tuple]]] = {}
    with connections[alias].cursor() as cursor:
        if connections[alias].vendor == "postgresql":
            cursor.execute(KEEP_POSTGRESQL)
        else:
            for name in _sqlite_tables(cursor):
                cursor.execute(f'SELECT * FROM "{name}"')
                columns = [column[0] for column in cursor.description]
                if rows := cursor.fetchall():
                    tables[name] = (columns, rows)
    _kept[alias] = tables


def _empty_and_restore(case: TransactionTestCase) -> None:
    """After a test with real commits: empty all tables, then put back what the migrations made."""
    from portal.base.journal import triggers
    from servicedesk.ratings import triggers as rating_triggers

    for alias in case._databases_names(include_mirrors=False):
        connection = connections[alias]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(RESTORE_POSTGRESQL)
            continue
        triggers.remove(connection)
        rating_triggers.remove(connection)
        with connection.constraint_checks_disabled(), connection.cursor() as cursor:
            for name in _sqlite_tables(cursor):
                cursor.execute(f'DELETE FROM "{name}"')
            for name, (columns, rows) in _kept[alias].items():
                marks = ", ".join(["%s"] * len(columns))
                cursor.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)
        triggers.install(connection)
        rating_triggers.install(connection)
    ContentType.objects.clear_cache()
    _forget_wagtails_caches()


def _forget_wagtails_caches() -> None:
    from wagtail.models import Site

    cache.clear()
    Site.clear_site_root_paths_cache()


@pytest.fixture(scope="session", autouse=True)
def keep_what_migrations_made() -> None:
    """Replace Django's way of emptying the database, which works for neither the journal nor Wagtail's first rows."""
    # The addresses are fixed once: not by whichever test comes first, which may have DEMO set for itself.
    import_module(settings.ROOT_URLCONF)
    original_setup = TransactionTestCase._fixture_setup.__func__

    def set_up(cls) -> None:
        from django.test import TestCase

        if not issubclass(cls, TestCase):
            for alias in cls._databases_names(include_mirrors=False):
                _keep_what_migrations_made(alias)
        original_setup(cls)

    TransactionTestCase._fixture_setup = classmethod(set_up)
    TransactionTestCase._fixture_teardown = _empty_and_restore


@pytest.fixture(autouse=True)
def clean_cache():
    """Rate limits and cached pages of one test are none of the next one's."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def own_files(tmp_path, settings):
    """Uploaded files and recordings of a test lie in its own folder."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.RECORDINGS_DIR = tmp_path / "recordings"


@pytest.fixture
def cast(db) -> Cast:
    """The fixed people and places."""
    return make_cast()


@pytest.fixture
def client_for() -> Callable[[User | None], Client]:
    """A browser signed in as an account, with its second factor passed; None gives a visitor."""

    def sign_in(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def socket_for(client_for):
    """A WebSocket to the portal's own ASGI application as an account: `await socket_for(path, user)`, not yet open."""
    from tests.sockets import WebsocketCommunicator

    def open_as(path: str, user: User | None = None) -> WebsocketCommunicator:
        from portal.asgi import routed

        headers = [(b"origin", b"http://testserver"), (b"host", b"testserver")]
        if user is not None:
            cookie = client_for(user).cookies[settings.SESSION_COOKIE_NAME].value
            headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode()))
        return WebsocketCommunicator(routed, path, headers=headers)

    return open_as
