"""Announcements: where they show, that they begin and end by themselves, and that caches learn of it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from content.bulletin import services
from content.bulletin.models import Announcement
from content.items.models import ServiceItem
from content.items.services import content_generation

HOUR = timedelta(hours=1)


def announce(place, title: str = "停电", **more) -> Announcement:
    now = timezone.now()
    return Announcement.objects.create(
        **{"place": place, "title": title, "starts_at": now - HOUR, "ends_at": now + HOUR} | more
    )


def titles(rows) -> list[str]:
    return [row.title for row in rows]


def test_the_districts_stands_everywhere_and_a_points_there_alone(cast):
    announce(cast.district, "全区")
    announce(cast.subdistrict, "街道")
    announce(cast.point, "本点")
    announce(cast.other_point, "别处")
    assert titles(services.current_announcements()) == ["全区"]
    assert set(titles(services.current_announcements(place=cast.point))) == {"全区", "街道", "本点"}
    assert set(titles(services.current_announcements(place=cast.second_point))) == {"全区", "街道"}


def test_one_about_an_item_stands_on_its_guide_alone(site, cast, client):
    item, another = ServiceItem.objects.all()[:2]
    announce(cast.district, "只说这件事", item=item)
    assert "只说这件事" in client.get(f"/guides/{item.key}/").content.decode()
    assert "只说这件事" not in client.get(f"/guides/{another.key}/").content.decode()
    assert "只说这件事" not in client.get("/").content.decode()


def test_it_begins_and_ends_by_itself(cast):
    now = timezone.now()
    announce(cast.district, "以后", starts_at=now + HOUR, ends_at=now + 2 * HOUR)
    assert services.current_announcements(at=now) == []
    assert titles(services.current_announcements(at=now + HOUR)) == ["以后"]
    assert services.current_announcements(at=now + 2 * HOUR) == []


def test_the_clock_moves_the_content_on_when_one_begins_and_when_it_ends(cast):
    now = timezone.now()
    announce(cast.district, starts_at=now + HOUR, ends_at=now + 2 * HOUR)
    assert services.notice_beginnings_and_ends(now=now) == 0
    before = content_generation()
    assert services.notice_beginnings_and_ends(now=now + HOUR) == 1
    assert content_generation() == before + 1
    assert services.notice_beginnings_and_ends(now=now + HOUR) == 0
    assert services.notice_beginnings_and_ends(now=now + 2 * HOUR) == 1
    assert content_generation() == before + 2


def test_warnings_come_first(cast):
    announce(cast.district, "通知", starts_at=timezone.now() - HOUR / 2)
    announce(cast.district, "警示", kind=Announcement.Kind.WARN)
    assert titles(services.current_announcements()) == ["警示", "通知"]


def test_pages_points_kiosk_and_board_show_what_is_theirs(site, cast, client):
    announce(cast.district, "全区的事")
    announce(cast.point, "本点的事", is_on_board=True)
    announce(cast.centre, "大厅的事", is_on_kiosk=False, is_on_board=True)
    home, point = client.get("/"), client.get(f"/points/{cast.point.code}/")
    assert "全区的事" in home.content.decode()
    assert "本点的事" not in home.content.decode()
    assert "本点的事" in point.content.decode()
    assert set(titles(services.at_kiosk(cast.point))) == {"全区的事", "本点的事"}
    assert titles(services.on_board(cast.centre)) == ["大厅的事"]


def test_the_board_says_it_at_its_foot_and_the_rule_otherwise(cast):
    from servicedesk.queueing.snapshots import board_snapshot

    rule = board_snapshot(cast.centre)["rule"]
    announce(cast.centre, "空调坏了。", text="请多喝水。", is_on_board=True)
    assert board_snapshot(cast.centre)["rule"] == "空调坏了。　请多喝水。"
    Announcement.objects.all().delete()
    assert board_snapshot(cast.centre)["rule"] == rule


def test_an_english_reader_gets_english_or_marked_chinese(cast, site, client):
    english = announce(cast.district, "停电", title_en="No power", text="请改天来。")
    announce(cast.district, "停水")
    html = client.get("/en/").content.decode()
    assert "No power" in html
    assert 'lang="zh-Hans"' in html
    assert "停水" in html
    with translation.override("en"):
        assert (english.said("title"), english.said("text")) == ("No power", "请改天来。")


def test_an_end_before_the_start_is_refused_by_the_database(cast):
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        announce(cast.district, starts_at=now, ends_at=now - HOUR)


def test_past_ones_are_erased_in_time(cast):
    now = timezone.now()
    announce(cast.district, starts_at=now - 3 * HOUR, ends_at=now - 2 * HOUR)
    announce(cast.district)
    assert services.forget_announcements(now - HOUR) == 1
    assert Announcement.objects.count() == 1


def test_an_editor_previews_it_as_page_and_as_kiosk(cast, site, client_for):
    row = announce(cast.district, "预览我")
    from django.urls import reverse

    client = client_for(cast.editor)
    url = reverse("wagtailsnippets_bulletin_announcement:preview_on_edit", args=[row.pk])
    for mode in ("page", "kiosk"):
        data = {
            "place": cast.district.pk, "item": "", "kind": "info", "title": "预览我", "title_en": "", "text": "",
            "text_en": "", "link": "", "link_text": "", "link_text_en": "", "starts_at": "2026-11-01 08:00",
            "ends_at": "2027-11-01 08:00", "is_on_kiosk": "on",
        }  # fmt: skip
        assert client.post(f"{url}?mode={mode}", data).json()["is_valid"]
        html = client.get(f"{url}?mode={mode}").content.decode()
        assert "预览我" in html
        assert "banner--info" in html
