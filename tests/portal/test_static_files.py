"""Static files are answered before Django: hashed names for ever, packed in advance, without a warning of Django's."""

import gzip
import warnings

import brotli
import pytest
from django.contrib.staticfiles import finders, storage
from django.core.management import call_command

from portal.static_files import StaticFiles
from tests.asgi_visitor import ask

MANIFEST = {"staticfiles": {"BACKEND": "portal.static_files.HashedFilesStorage"}}


async def not_there(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"past"})


@pytest.fixture
def installed(tmp_path, settings, monkeypatch):
    """Static files of our own rooms as `collectstatic` leaves them in a real installation."""
    settings.STATIC_ROOT = tmp_path / "static"
    settings.DATA_DIR = tmp_path
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False
    settings.STORAGES = settings.STORAGES | MANIFEST
    settings.INSTALLED_APPS = ["themes", "django.contrib.staticfiles"]
    settings.STATICFILES_DIRS = [path for path in settings.STATICFILES_DIRS if "themes/base" in str(path)]
    finders.get_finder.cache_clear()
    call_command("collectstatic", interactive=False, verbosity=0)
    yield StaticFiles(not_there)
    finders.get_finder.cache_clear()


async def test_a_hashed_name_may_be_kept_for_ever_and_comes_packed(installed):
    address = storage.staticfiles_storage.url("linban/css/linban.css")
    assert address != "/static/linban/css/linban.css"
    plain = await ask(installed, address)
    assert plain.status == 200
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["content-type"].startswith("text/css")
    assert plain.headers["x-content-type-options"] == "nosniff"
    small = await ask(installed, address, headers={"Accept-Encoding": "gzip"})
    assert small.headers["content-encoding"] == "gzip" and gzip.decompress(small.body) == plain.body
    smaller = await ask(installed, address, headers={"Accept-Encoding": "gzip, br"})
    assert smaller.headers["content-encoding"] == "br" and brotli.decompress(smaller.body) == plain.body
    assert len(smaller.body) < len(small.body) < len(plain.body)
    assert "Accept-Encoding" in plain.headers["vary"]


async def test_a_plain_name_is_asked_for_again(installed):
    first = await ask(installed, "/static/linban/js/toast.js")
    assert first.status == 200 and "immutable" not in first.headers["cache-control"]
    again = await ask(
        installed, "/static/linban/js/toast.js", headers={"If-Modified-Since": first.headers["last-modified"]}
    )
    assert again.status == 304 and again.body == b""


async def test_head_and_a_range_of_a_file(installed):
    whole = await ask(installed, "/static/linban/icons.svg")
    head = await ask(installed, "/static/linban/icons.svg", method="HEAD")
    assert head.status == 200 and head.body == b"" and head.headers["content-length"] == str(len(whole.body))
    part = await ask(installed, "/static/linban/icons.svg", headers={"Range": "bytes=0-9"})
    assert part.status == 206 and part.body == whole.body[:10]
    assert (await ask(installed, "/static/linban/icons.svg", method="POST")).status == 405


async def test_a_large_file_comes_whole_in_pieces(installed, settings):
    body = bytes(n % 251 for n in range(700_000))
    (settings.STATIC_ROOT / "large.bin").write_bytes(body)
    answer = await ask(StaticFiles(not_there), "/static/large.bin")
    assert answer.body == body


async def test_what_is_not_there_and_what_is_not_static_goes_on(installed):
    for address in ("/static/none.css", "/static/../manage.py", "/static/%2e%2e/manage.py", "/guides/"):
        assert (await ask(installed, address)).body == b"past"


async def test_no_warning_about_iterators(installed):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (await ask(installed, "/static/linban/js/toast.js")).status == 200


def test_the_portal_answers_them_before_django():
    from portal import asgi

    assert isinstance(asgi.routed.application_mapping["http"], StaticFiles)
    assert asgi.routed.application_mapping["http"].application is asgi.pages


async def test_a_module_imports_others_under_their_hashed_names(installed):
    """A page names some of them as well: under two names a module would be loaded twice, and know half of what it did."""
    kiosk = (await ask(installed, storage.staticfiles_storage.url("linban/js/kiosk.js"))).text
    idle = storage.staticfiles_storage.url("linban/js/idle.js").rsplit("/", 1)[1]
    assert idle != "idle.js"
    assert f'"./{idle}"' in kiosk
