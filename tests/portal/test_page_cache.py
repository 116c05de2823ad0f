"""The cache in front of Django: same page for everybody, nobody's page for another, and a change shows at once."""

import asyncio
import gzip
from datetime import timedelta

import brotli
import pytest
from asgiref.sync import sync_to_async
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.utils import timezone

from content.guides.models import ContentPage, PortalSettings
from content.guides.services import build_site, publish_guides
from content.items.importing import import_items
from content.items.models import ServiceItem
from content.items.services import current_edition, publish_edition
from portal.base.places.models import Place
from portal.base.places.services import change_status
from portal.base.public_pages import pages_changed
from portal.page_cache import Answer, PageCache
from tests.asgi_visitor import Seen, ask
from tests.cast import make_cast
from tests.content.conftest import SMALL, read_rows

pytestmark = pytest.mark.django_db(transaction=True)
PUBLIC = ["/", "/guides/", "/about/", "/points/", "/search/?q=看病的本子", "/points.geojson", "/points/outline.geojson"]


def make_site():
    cast = make_cast()
    report = import_items(read_rows(*SMALL))
    build_site(theme="jingan", district_place=cast.district, hostname="testserver", port=80)
    publish_guides(report.items)
    return cast


@pytest.fixture
async def cast():
    return await sync_to_async(make_site)()


class Counting:
    """Django's application, counting what reaches it and what of a person came with it."""

    def __init__(self) -> None:
        self.application = get_asgi_application()
        self.paths: list[str] = []
        self.headers: list[list[tuple[bytes, bytes]]] = []

    async def __call__(self, scope, receive, send) -> None:
        self.paths.append(scope["path"])
        self.headers.append(scope["headers"])
        await self.application(scope, receive, send)


@pytest.fixture
def django() -> Counting:
    return Counting()


@pytest.fixture
def pages(django) -> PageCache:
    return PageCache(django, most_bytes=8 * 1024 * 1024)


async def guide_of(key_part: str) -> str:
    item = await ServiceItem.objects.aget(name_zh__contains=key_part)
    return f"/guides/{item.key}/"


async def test_the_second_visitor_gets_what_was_rendered_for_the_first(cast, django, pages):
    own = (await guide_of("门急诊"), f"/points/{cast.point.code}/")
    for number, address in enumerate((*PUBLIC, "/en/", "/en/guides/", "/en/points/", *own), start=1):
        first, second = await ask(pages, address), await ask(pages, address)
        assert first.status == second.status == 200, address
        assert not first.is_hit and second.is_hit, address
        assert first.body == second.body
        assert len(django.paths) == number


async def test_security_headers_come_with_a_kept_page(cast, pages):
    fresh = await ask(pages, "/guides/")
    kept = await ask(pages, "/guides/")
    for name in ("content-security-policy", "x-frame-options", "x-content-type-options", "referrer-policy"):
        assert kept.headers[name] == fresh.headers[name] != ""
    assert "set-cookie" not in kept.headers
    assert "Cookie" in kept.headers["vary"]
    assert kept.headers["cache-control"] == "no-cache"
    assert "x-for-everyone" not in kept.headers


async def test_language_size_contrast_and_host_have_pages_of_their_own(cast, pages):
    seen: list[Seen] = []
    seen.append(await ask(pages, "/guides/"))
    seen.append(await ask(pages, "/en/guides/"))
    seen.append(await ask(pages, "/guides/", cookies={"size": "elder"}))
    seen.append(await ask(pages, "/guides/", cookies={"contrast": "high"}))
    assert len({page.body for page in seen}) == 4
    assert not any(page.is_hit for page in seen)
    assert 'data-size="elder"' in (await ask(pages, "/guides/", cookies={"size": "elder"})).text
    assert 'data-size="normal"' in (await ask(pages, "/guides/", cookies={"size": "neither"})).text
    assert not (await ask(pages, "/guides/", headers={"X-Forwarded-Proto": "https"})).is_hit
    assert "cache-status" not in (await ask(pages, "/guides/", headers={"X-Forwarded-Proto": "made up"})).headers
    assert (await ask(pages, "/guides/", headers={"X-Forwarded-Host": "elsewhere"})).is_hit, "nobody looks at it"


async def test_parameters_in_another_order_are_the_same_page_and_unknown_ones_go_past(cast, pages):
    await ask(pages, "/points/?open=1&stepfree=1")
    assert (await ask(pages, "/points/?stepfree=1&open=1")).is_hit
    for query in ("?utm=1", "?open=1&open=1", "?lat=31.2&lon=121.4", "?open=1&x=" + "y" * 600):
        for _ in range(2):
            answer = await ask(pages, f"/points/{query}")
            assert answer.status == 200
            assert "cache-status" not in answer.headers


async def test_the_point_looked_at_last_is_the_visitors_own(cast, pages):
    for point in (cast.point, cast.other_point):
        answer = await ask(pages, "/", cookies={"point": point.code})
        assert not answer.is_hit
        assert point.name in answer.text
        again = await ask(pages, "/", cookies={"point": point.code})
        assert again.is_hit and again.body == answer.body
    assert (await ask(pages, "/", cookies={"point": "<script>"})).status == 200


async def test_two_people_get_nothing_of_each_other(cast, django, pages, client_for):
    from django.conf import settings

    def session_of(user) -> str:
        return client_for(user).cookies[settings.SESSION_COOKIE_NAME].value

    clerk, editor = [await sync_to_async(session_of)(user) for user in (cast.clerk, cast.editor)]
    for address in (*PUBLIC, await guide_of("门急诊"), f"/points/{cast.point.code}/"):
        for session in (clerk, editor, clerk):
            answer = await ask(pages, address, cookies={settings.SESSION_COOKIE_NAME: session})
            assert "cache-status" not in answer.headers
            assert "x-for-everyone" not in answer.headers
        await ask(pages, address)
        for session in (clerk, editor):
            again = await ask(pages, address, cookies={settings.SESSION_COOKIE_NAME: session})
            assert "cache-status" not in again.headers, "a signed-in person never gets a kept page"
    for address in ("/track/", "/desk/", "/accounts/login/", "/privacy/", "/display/?size=elder"):
        for _ in range(2):
            assert "cache-status" not in (await ask(pages, address)).headers
    assert not any("/track/" in key or "/privacy/" in key for key in pages.store._pages)


async def test_nothing_of_a_person_reaches_a_page_that_is_kept(cast, django, pages):
    told = {"User-Agent": "telephone of somebody", "Referer": "https://a/?card=1", "Accept-Language": "en"}
    mine = {"csrftoken": "t" * 32, "size": "elder", "other": "secret"}
    answer = await ask(pages, "/guides/", headers=told, cookies=mine)
    assert answer.status == 200
    (headers,) = django.headers
    assert {name for name, _value in headers} == {b"host", b"cookie"}
    assert dict(headers)[b"cookie"] == b"size=elder"
    assert 'lang="zh-Hans"' in answer.text


async def test_who_wants_something_else_goes_past(cast, pages):
    await ask(pages, "/guides/")
    for name in ("Authorization", "Range", "HX-Request", "X-Requested-With"):
        answer = await ask(pages, "/guides/", headers={name: "1"})
        assert "cache-status" not in answer.headers, name
    assert "cache-status" not in (await ask(pages, "/search/?q=%ff")).headers, "no text at all"


async def test_a_search_for_a_number_does_not_stay_in_memory(cast, pages):
    for typed in ("310106194912310021", "138 0013 8000", "a@example.org", "31010619491231002X"):
        for _ in range(2):
            answer = await ask(pages, f"/search/?q={typed.replace(' ', '+')}")
            assert answer.status == 200
            assert "cache-status" not in answer.headers
    assert len(pages.store) == 0


async def test_what_found_nothing_is_asked_again(cast, django, pages):
    for _ in range(2):
        answer = await ask(pages, "/search/?q=zzqqxx")
        assert answer.status == 200 and not answer.is_hit
    assert len(django.paths) == 2


def answer_with(**headers: str) -> Answer:
    given = {"X-For-Everyone": "30", "Content-Type": "text/html"} | {
        name.replace("_", "-"): v for name, v in headers.items()
    }
    return Answer(200, [(name.encode(), value.encode()) for name, value in given.items()], b"<p>")


@pytest.mark.parametrize(
    "headers",
    [
        {"Set_Cookie": "a=b"}, {"Vary": "Accept, Cookie"}, {"Vary": "*"}, {"Cache_Control": "private"},
        {"Cache_Control": "max-age=3, no-store"}, {"Content_Security_Policy": "script-src 'nonce-abc'"},
        {"X_For_Everyone": "0"}, {"Content_Encoding": "gzip"},
    ],
    ids=str,
)  # fmt: skip
def test_an_answer_that_is_somebodys_own_is_never_kept(headers):
    assert answer_with().seconds() == 30
    assert answer_with(**headers).seconds() == 0


def test_neither_is_one_with_a_token_one_without_the_mark_or_a_refusal():
    marked = answer_with()
    assert Answer(200, marked.headers, b'<input name="csrfmiddlewaretoken">').seconds() == 0
    assert Answer(200, [], b"<p>").seconds() == 0
    assert Answer(404, marked.headers, b"<p>").seconds() == 0


async def test_a_view_that_marks_a_cookie_as_everybodys_is_not_believed(cast):
    from content.search import views

    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [
            (b"x-for-everyone", b"30"), (b"set-cookie", b"who=" + dict(scope["headers"]).get(b"cookie", b"nobody")),
        ]})  # fmt: skip
        await send({"type": "http.response.body", "body": b"mine"})

    pages = PageCache(application, most_bytes=10_000)
    assert views.search.for_everyone.parameters == {"q", "format"}
    for _ in range(2):
        answer = await ask(pages, "/search/?q=1")
        assert answer.body == b"mine" and "cache-status" not in answer.headers
    assert len(pages.store) == 0
    own = await ask(pages, "/search/?q=1", cookies={"who": "me"})
    assert own.headers["set-cookie"] == "who=who=me", "the request reaches Django as it came"


async def test_an_unchanged_page_is_not_sent_again(cast, pages):
    first = await ask(pages, "/guides/")
    again = await ask(pages, "/guides/", headers={"If-None-Match": first.headers["etag"]})
    assert again.status == 304 and again.body == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert (await ask(pages, "/guides/", headers={"If-None-Match": 'W/"other"'})).status == 200


async def test_a_page_is_packed_once_and_unpacks_to_itself(cast, pages):
    plain = await ask(pages, "/guides/")
    small = await ask(pages, "/guides/", headers={"Accept-Encoding": "gzip, deflate"})
    smaller = await ask(pages, "/guides/", headers={"Accept-Encoding": "gzip, br"})
    refused = await ask(pages, "/guides/", headers={"Accept-Encoding": "br;q=0, gzip;q=0"})
    assert small.headers["content-encoding"] == "gzip" and gzip.decompress(small.body) == plain.body
    assert smaller.headers["content-encoding"] == "br" and brotli.decompress(smaller.body) == plain.body
    assert "content-encoding" not in refused.headers and refused.body == plain.body
    assert int(small.headers["content-length"]) == len(small.body) < len(plain.body)


async def test_head_tells_the_same_without_a_body(cast, pages):
    whole = await ask(pages, "/guides/")
    head = await ask(pages, "/guides/", method="HEAD")
    assert head.status == 200 and head.body == b""
    assert head.headers["content-length"] == str(len(whole.body))


async def test_fifty_at_once_cost_one_rendering(cast, django, pages):
    answers = await asyncio.gather(*(ask(pages, "/guides/") for _ in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert len(django.paths) == 1


async def test_whoever_goes_away_does_not_take_the_page_from_the_others(cast, django, pages):
    first = asyncio.create_task(ask(pages, "/guides/"))
    while not django.paths:
        await asyncio.sleep(0.001)
    second = asyncio.create_task(ask(pages, "/guides/"))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).status == 200
    assert len(django.paths) == 1


# --- what is published shows --------------------------------------------------------------------------------------


async def test_publishing_an_edition_shows_at_once(cast, pages):
    address = await guide_of("门急诊")
    for each in (address, "/guides/"):
        await ask(pages, each)

    def publish() -> None:
        item = ServiceItem.objects.get(name_zh__contains="门急诊")
        edition = current_edition(item)
        edition.name = "门急诊就医记录册换领"
        publish_edition(edition)

    await sync_to_async(publish)()
    for each in (address, "/guides/"):
        answer = await ask(pages, each)
        assert not answer.is_hit
        assert "门急诊就医记录册换领" in answer.text


async def test_publishing_a_page_of_the_site_shows_at_once(cast, pages):
    await ask(pages, "/about/")

    def publish() -> None:
        page = ContentPage.objects.get(slug="about")
        page.lead = "今天改了一句话。"
        page.save_revision().publish()

    await sync_to_async(publish)()
    assert "今天改了一句话。" in (await ask(pages, "/about/")).text


async def test_a_closed_point_and_another_theme_show_at_once(cast, pages):
    await ask(pages, f"/points/{cast.point.code}/")
    await ask(pages, "/points/")
    await sync_to_async(change_status)(cast.point, "suspended", reason="空调检修", by="manager")
    assert "空调检修" in (await ask(pages, f"/points/{cast.point.code}/")).text
    assert not (await ask(pages, "/points/")).is_hit

    def change_theme() -> None:
        settings = PortalSettings.objects.get()
        settings.theme = "kaifu"
        settings.save()

    await sync_to_async(change_theme)()
    assert 'data-theme="kaifu"' in (await ask(pages, "/points/")).text


async def test_what_another_process_changes_shows_within_a_second(cast, pages, monkeypatch):
    from portal.base.streams.models import Stream

    await ask(pages, "/guides/")
    assert (await ask(pages, "/guides/")).is_hit
    # Straight in the database, as another process leaves it: nobody tells this one.
    await Stream.objects.filter(name="content").aupdate(seq=1_000_000)
    deadline = asyncio.get_running_loop().time() + 1.5
    while (await ask(pages, "/guides/")).is_hit:
        assert asyncio.get_running_loop().time() < deadline, "the change did not show within a second"
        await asyncio.sleep(0.05)


async def test_a_change_during_a_rendering_is_not_lost(cast, django, pages):
    """The page that was begun before the change goes to whoever asked before it, and to nobody after."""
    task = asyncio.create_task(ask(pages, "/guides/"))
    while not django.paths:
        await asyncio.sleep(0.001)
    await sync_to_async(pages_changed)()
    after = await ask(pages, "/guides/")
    await task
    assert len(django.paths) == 2
    assert not after.is_hit


async def test_many_rows_of_one_transaction_move_the_generation_once(cast):
    from django.db import transaction

    from portal.base.streams.services import seq_of

    def save_all() -> int:
        before = seq_of("pages")
        with transaction.atomic():
            for place in (cast.point, cast.second_point, cast.other_point):
                place.save()
        return seq_of("pages") - before

    assert await sync_to_async(save_all)() == 1


async def test_midnight_lets_every_page_go(cast, pages, monkeypatch):
    from datetime import date

    from django.utils import timezone

    await ask(pages, "/guides/")
    monkeypatch.setattr(timezone, "localdate", lambda *args: date(2027, 1, 1))
    assert not (await ask(pages, "/guides/")).is_hit


async def test_a_kept_page_is_given_up_when_its_time_is_over(cast, pages, monkeypatch):
    await ask(pages, "/points/")
    (page,) = pages.store._pages.values()
    left = page.until - asyncio.get_running_loop().time()
    assert 0 < left <= 30, "a list of what is open now is at most thirty seconds old"
    assert pages.store.get(next(iter(pages.store._pages)), page.until) is None


async def test_a_suspension_that_ends_by_itself_shows_within_a_minute(cast, pages, monkeypatch):
    """Nobody and nothing tells the cache: the pages that it kept while the point was out of use do not outlive that long."""
    addresses = [f"/points/{cast.point.code}/", "/points/", "/points/rows/", "/points.geojson", "/"]
    end = timezone.now() + timedelta(hours=1)
    await sync_to_async(change_status)(cast.point, "suspended", reason="空调检修", by="manager", until=end)

    async def is_out_of_use(address: str) -> bool:
        page = await ask(pages, address, cookies={"point": cast.point.code})
        return any(words in page.text for words in ("停用到", "空调检修", '"state": "partly"'))

    assert [address for address in addresses if not await is_out_of_use(address)] == []
    # The hour goes by: past Django's signals, as time passes.
    await Place.objects.filter(pk=cast.point.pk).aupdate(status_until=timezone.now() - timedelta(seconds=1))
    get = pages.store.get
    monkeypatch.setattr(pages.store, "get", lambda key, now: get(key, now + 60))
    assert [address for address in addresses if await is_out_of_use(address)] == []


async def test_without_room_nothing_is_kept(cast, django):
    pages = PageCache(django, most_bytes=0)
    for _ in range(2):
        answer = await ask(pages, "/guides/")
        assert answer.status == 200 and "cache-status" not in answer.headers
    assert len(django.paths) == 2


def test_the_mark_is_in_whole_seconds_and_never_negative():
    from portal.base.public_pages import keep_for

    assert keep_for(HttpResponse("x"), seconds=12.9)["X-For-Everyone"] == "12"
    assert keep_for(HttpResponse("x"), seconds=-3)["X-For-Everyone"] == "0"
