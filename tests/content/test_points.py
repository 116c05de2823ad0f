"""The points' list, page and data: right states, filters by links alone, and nothing that needs JavaScript."""

import json
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from content.points import exporting, services
from portal.base.calendars.models import HolidayYear
from portal.base.places.editing import change_place
from portal.base.places.hours import DayRow, Interval
from portal.base.places.models import OpeningInterval, Place
from portal.base.places.services import change_status

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.mark.sqlite
def test_the_data_have_a_feature_for_every_place(site, cast, client):
    response = client.get("/points.geojson")
    assert response["Content-Type"] == "application/geo+json"
    features = {feature["properties"]["code"]: feature for feature in json.loads(response.content)["features"]}
    assert len(features) == 6
    point = features[cast.point.code]
    assert point["geometry"] == {"type": "Point", "coordinates": [cast.point.longitude, cast.point.latitude]}
    wanted = {
        "kind": "committee",
        "centre": cast.centre.code,
        "status": "open",
        "open_now": True,
        "name": cast.point.name,
    }
    assert wanted.items() <= point["properties"].items()
    assert features[cast.centre.code]["properties"]["kind"] == "centre"


def test_a_change_shows_at_once(site, cast, client):
    change_status(cast.point, "suspended", reason="线路检修", by="test")
    features = json.loads(client.get("/points.geojson").content)["features"]
    point = next(f["properties"] for f in features if f["properties"]["code"] == cast.point.code)
    assert (point["status"], point["open_now"], point["state"]) == ("suspended", False, "partly")
    assert "线路检修" in client.get("/points/").content.decode()
    assert "线路检修" in client.get(f"/points/{cast.point.code}/").content.decode()


def test_the_list_works_without_javascript(site, cast, client):
    page = client.get("/points/").content.decode()
    assert cast.point.name in page
    assert '<svg class="points__drawing"' in page
    assert "边界来源：Apache ECharts" in page
    assert "非测绘" in page
    assert f'href="/points/{cast.point.code}/"' in page
    only = client.get(f"/points/?area={cast.subdistrict.code}").content.decode()
    assert cast.point.name in only
    assert cast.other_point.name not in only.partition("points__map")[0].partition("data-point-list")[2]


def test_filters_keep_what_they_say(site, cast, client):
    Place.objects.filter(pk=cast.point.pk).update(is_step_free=False)
    change_status(cast.second_point, "suspended", reason="检修", by="test")

    def codes(query: str) -> set[str]:
        features = json.loads(client.get(f"/points.geojson?{query}").content)["features"]
        return {feature["properties"]["code"] for feature in features}

    assert cast.point.code not in codes("stepfree=1")
    assert cast.second_point.code not in codes("open=1")
    assert codes("kind=centre") == {cast.centre.code, cast.other_centre.code}
    assert cast.point.code in codes("item=hun-yin-deng-ji-dang-an-cha-xun")
    assert codes("item=none-such") == set()
    assert codes("area=nowhere") == set()
    assert len(codes("kind=nonsense&lat=x&lon=y&page=-4")) == 6


def test_an_empty_result_has_a_way_on(site, client):
    page = client.get("/points/?area=nowhere").content.decode()
    assert "没有合适的服务点" in page
    assert "看全部服务点" in page


def test_near_a_place_the_nearest_comes_first(site, cast, client):
    page = client.get(f"/points/?near={cast.second_point.code}").content.decode()
    assert f"{cast.second_point.name}附近的服务点" in page
    listed = page.partition("data-point-list")[2]
    assert listed.index(cast.second_point.code) < listed.index(cast.centre.code)
    assert "步行约" in listed


def test_no_address_of_ours_carries_where_somebody_is(site, cast, client):
    """The browser sorts by its own position; a page that is asked with one neither uses nor repeats it."""
    page = client.get("/points/?lat=31.271&lon=121.451").content.decode()
    # The header's switches lead back to the address as it was asked for; the page's own part has nothing of it.
    own = page.partition("<main")[2].partition("</main>")[0]
    assert own and "31.271&" not in own and "121.451" not in own
    rows = client.get("/points/rows/?open=1").content.decode()
    assert rows.count("<li") == 6 and f'data-lat="{cast.point.latitude:.5f}"' in rows
    change_status(cast.point, "suspended", reason="装修", by="test")
    assert client.get("/points/rows/?open=1").content.decode().count("<li") == 5


def test_the_browser_says_distances_in_the_same_words(site):
    words = services.distance_words()
    for metres in (1, 400, 1_700):
        minutes = max(1, round(metres / float(words["metres_a_minute"])))
        assert words["walk"].replace("{n}", str(minutes)) == services.distance_in_words(metres)
    assert words["far"].replace("{n}", "2.0") == services.distance_in_words(2_000)


def test_closed_places_and_those_that_would_cover_another_are_small_marks(site, cast, client):
    change_status(cast.point, "closed", reason="撤销", by="test")
    drawing = client.get("/points/").content.decode().partition("points__drawing")[2].partition("</svg>")[0]
    assert "map-spot--closed" in drawing
    # Five others: each pair of centres and points stands on one spot in the cast.
    assert drawing.count('class="map-pin map-pin--open"') < 5 and drawing.count("map-spot") >= 3


def test_a_point_that_is_not_there_is_404(site, client):
    assert client.get("/points/none-such/").status_code == 404


def test_the_point_looked_at_last_is_the_lit_window_of_the_front_page(site, cast, client):
    page = client.get(f"/points/{cast.second_point.code}/").content.decode()
    assert f'data-remember-point="{cast.second_point.code}"' in page
    # As points/remember.js does in the browser: the page itself is the same for everybody and sets no cookie.
    client.cookies["point"] = cast.second_point.code
    assert cast.second_point.name in client.get("/").content.decode()


def test_the_guess_for_a_stranger_is_kept_while_that_point_is_open(site, cast, rf, django_assert_max_num_queries):
    guessed = services.point_for_visitor(rf.get("/"))
    assert guessed is not None
    with django_assert_max_num_queries(10):
        assert services.point_for_visitor(rf.get("/")) == guessed
    Place.objects.filter(pk=guessed.pk).update(status="closed", status_reason="装修")
    assert services.point_for_visitor(rf.get("/")) != guessed


def test_states_in_words(site, cast):
    assert services.status_now(cast.point, NOON).text == "开着，全天"
    OpeningInterval.objects.filter(place=cast.point).delete()
    assert services.status_now(cast.point, NOON).state == "unknown"
    for opens, closes in ((time(9), time(11, 30)), (time(13), time(17))):
        OpeningInterval.objects.create(place=cast.point, weekday=0, opens=opens, closes=closes)
    assert services.status_now(cast.point, NOON).text == "没开，13:00 开"
    assert services.status_now(cast.point, NOON.replace(hour=9)).text == "开着，到 11:30"
    assert services.hours_in_words(cast.point) == [("周一", "9:00–11:30，13:00–17:00")]
    Place.objects.filter(pk=cast.point.pk).update(kind="self_service")
    assert services.status_now(Place.objects.get(pk=cast.point.pk), NOON.replace(hour=9)).state == "unmanned"


def test_the_hours_of_one_day_stand_in_one_line():
    mornings = [Interval(day, time(9), time(11, 30), on_holidays=False) for day in range(6)]
    afternoons = [Interval(day, time(13), time(17), on_holidays=False) for day in range(5)]
    with translation.override("zh-hans"):
        assert services.week_in_words([*mornings, *afternoons, Interval(7, time(9), time(12))]) == [
            ("周一至周五", "9:00–11:30，13:00–17:00，法定节假日不开"),
            ("周六", "9:00–11:30，法定节假日不开"),
            ("调休上班日", "9:00–12:00"),
        ]


def test_an_end_in_another_year_names_its_year(site, cast):
    for until, words in (
        (NOON.replace(month=12, day=3), "停用到 12月3日"),
        (NOON.replace(year=2027), "停用到 2027年11月23日"),
    ):
        place = Place.objects.get(pk=cast.point.pk)
        place.status, place.status_reason, place.status_until = "suspended", "装修", until
        assert services.status_now(place, NOON).text == words


def test_distances_are_right():
    # Shanghai's People's Square to Jing'an Temple is about 2.7 km.
    assert 2500 < services.distance_m((31.2304, 121.4737), (31.2235, 121.4456)) < 2900
    assert services.distance_m((31.2, 121.4), (31.2, 121.4)) == 0


def test_the_outline_holds_every_point_of_its_subdistrict(site, cast, client):
    outline = json.loads(client.get("/points/outline.geojson").content)
    assert "示意图" in outline["note"]
    area = next(f for f in outline["features"] if f["properties"]["code"] == cast.subdistrict.code)
    ring = area["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]
    assert min(y for _x, y in ring) < cast.point.latitude < max(y for _x, y in ring)


def test_the_list_needs_as_many_queries_for_many_points_as_for_few(site, cast, client, django_assert_max_num_queries):
    for number in range(30):
        parent = Place.objects.get(pk=cast.subdistrict.pk)
        parent.add_child(code=f"more-{number:02d}", name=f"第{number}点", level="point", kind="building")
    with django_assert_max_num_queries(25):
        assert "第29点" in client.get("/points/?page=2").content.decode()


def test_a_moved_point_says_where_it_is_now(site, cast, client):
    change_status(cast.point, "moved", reason="房子太小", by="test", moved_to=cast.second_point)
    page = client.get(f"/points/{cast.point.code}/").content.decode()
    assert "房子太小" in page and f'href="/points/{cast.second_point.code}/">{cast.second_point.name}</a>' in page
    change_status(cast.point, "moved", reason="房子太小", by="test", moved_address="新路 1 号")
    assert "现在在：新路 1 号" in client.get(f"/points/{cast.point.code}/").content.decode()


def test_what_changes_soon_stands_on_the_page(site, cast, client):
    start = timezone.localtime() + timedelta(days=2)
    change_status(cast.point, "suspended", reason="装修", by="test", starts_at=start, until=start + timedelta(days=1))
    spans = ((time(9), time(11)), (time(13), time(14)))
    change_place(cast.point, by="test", exceptions=[DayRow(start.date(), "学习", *span) for span in spans])
    page = client.get(f"/points/{cast.point.code}/").content.decode()
    assert "装修" in page and "9:00–11:00，13:00–14:00。学习" in page


def test_an_unknown_year_is_said_alike_everywhere(site, cast, client):
    """Page, list, map data and the live fragment say that they don't know; the export gives the hours and claims nothing."""
    OpeningInterval.objects.filter(place=cast.point).update(on_holidays=False)
    assert not HolidayYear.objects.exists()
    sentence = f"{timezone.localdate().year}年放假安排还不知道"
    for address in (f"/points/{cast.point.code}/", "/points/", "/points/rows/", f"/live/point/{cast.point.code}/"):
        assert sentence in client.get(address).content.decode(), address
    features = json.loads(client.get("/points.geojson").content)["features"]
    told = next(f["properties"] for f in features if f["properties"]["code"] == cast.point.code)
    assert (told["open_now"], told["state"]) == (None, "unknown") and sentence in told["text"]
    assert cast.point.code not in client.get("/points/rows/?open=1").content.decode()
    (row,) = exporting.point_rows([services.get_place(cast.point.code)])
    assert {line["on_holidays"] for line in row["hours"]} == {False} and "open_now" not in row


def test_the_ways_there_are_plain_links(site, cast, client):
    page = client.get(f"/points/{cast.point.code}/").content.decode()
    assert page.count("uri.amap.com") == 1 and "geo:31.27" in page and "高德地图" in page


def test_items_with_days_of_their_own_are_named(site, cast, client):
    page = client.get(f"/points/{cast.centre.code}/").content.decode()
    assert "每月 5 日" in page.partition("不是每天都办")[2]


def test_an_item_is_chosen_without_javascript(site, cast, client):
    page = client.get("/points/items/?area=" + cast.subdistrict.code).content.decode()
    assert f"/points/?area={cast.subdistrict.code}&amp;item=hun-yin-deng-ji-dang-an-cha-xun" in page
    assert "婚姻登记档案查询" not in client.get("/points/items/?words=门急诊").content.decode().partition("<main")[2]
    assert "没有这样的事项" in client.get("/points/items/?words=zzz").content.decode()


def test_a_point_is_a_place_to_start_from(site, cast, client):
    page = client.get(f"/points/?near={cast.second_point.code}&within=1").content.decode()
    assert page.partition("data-point-list")[2].index(cast.second_point.code) > 0
    far = cast.other_subdistrict.get_children().last()
    Place.objects.filter(pk=far.pk).update(latitude=31.40)
    features = client.get(f"/points/?near={cast.second_point.code}&within=1").content.decode()
    assert f'data-code="{far.code}"' not in features


def test_the_leaflet_has_every_point_by_subdistrict(site, cast, client):
    change_status(cast.point, "suspended", reason="装修", by="test")
    page = client.get("/points/leaflet/").content.decode()
    assert page.index(cast.other_subdistrict.name) < page.index(cast.other_point.name) < page.index(cast.point.name)
    assert "装修" in page and "每天 全天" in page
    assert cast.other_point.name not in client.get(f"/points/leaflet/?area={cast.subdistrict.code}").content.decode()


def test_a_change_reaches_portal_kiosk_and_map_data_with_the_time_of_the_data(site, cast, client):
    change_status(cast.point, "suspended", reason="线路检修", by="test")
    assert "数据截至" in client.get(f"/points/{cast.point.code}/").content.decode()
    data = client.get("/points.geojson")
    assert json.loads(data.content)["as_of"]
    # No copy on the way may be older than a minute.
    assert "max-age=30" in data["Cache-Control"]
    assert client.get(f"/live/point/{cast.point.code}/").status_code == 200
