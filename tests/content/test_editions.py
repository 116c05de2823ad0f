"""Editions by date: what comes on 1 January, seen beforehand, switching at midnight, and corrected without being lost."""

from datetime import UTC, date, datetime
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.utils import timezone

from content.items.editions import EditionState
from content.items.importing import import_items
from content.items.services import (
    current_edition,
    edition_as_of,
    edition_lines,
    get_item,
    publish_edition,
    refresh_names,
)
from tests.content.conftest import read_rows

pytestmark = pytest.mark.django_db
KEY = "hun-yin-deng-ji-dang-an-cha-xun"
# One minute before and at midnight in Shanghai, as the server's clock has it.
LAST_MINUTE = datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
MIDNIGHT = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


@pytest.fixture
def coming(site):
    """An item with an edition for 1 January, entered in November."""
    import_items(read_rows({"key": KEY, "valid_from": "2027-01-01", "name": "婚姻档案查询（新）"}))
    return get_item(KEY)


def at(moment: datetime):
    return patch("django.utils.timezone.now", return_value=moment)


def test_it_switches_at_midnight_in_shanghai(coming, client):
    with at(LAST_MINUTE):
        assert timezone.localdate() == date(2026, 12, 31)
        assert current_edition(coming).name == "婚姻登记档案查询"
        assert refresh_names() == 0
    with at(MIDNIGHT):
        assert current_edition(coming).name == "婚姻档案查询（新）"
        assert refresh_names() == 1
        assert "婚姻档案查询（新）" in client.get(f"/guides/{KEY}/").content.decode()


def test_a_correction_today_leaves_the_coming_edition(coming):
    with at(NOVEMBER):
        edition = current_edition(coming)
        edition.summary = "改了一个字。"
        publish_edition(edition)
        states = [(line.edition.valid_from.year, line.state) for line in edition_lines(coming)]
    assert states == [(2027, EditionState.COMING), (2000, EditionState.IN_FORCE)]
    with at(MIDNIGHT):
        assert current_edition(coming).name == "婚姻档案查询（新）"
        assert [line.state for line in edition_lines(coming)] == [EditionState.IN_FORCE, EditionState.PAST]


def test_the_overview_says_until_when_an_edition_holds(coming):
    with at(NOVEMBER):
        lines = edition_lines(coming)
    assert [line.until for line in lines] == [None, date(2026, 12, 31)]


def test_what_is_scheduled_publishes_itself_and_is_seen_beforehand(site):
    with at(NOVEMBER):
        item = get_item(KEY)
        edition = current_edition(item)
        edition.summary = "十二月起的说明。"
        edition.go_live_at = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
        publish_edition(edition)
        assert current_edition(item).summary == ""
        assert edition_as_of(item, date(2026, 11, 30)).summary == ""
        assert edition_as_of(item, date(2026, 12, 1)).summary == "十二月起的说明。"
        # What is corrected meanwhile shows at once.
    with at(datetime(2026, 12, 1, 2, 0, tzinfo=UTC)):
        call_command("publish_scheduled")
        assert current_edition(item).summary == "十二月起的说明。"


def test_an_editor_looks_ahead_and_a_stranger_does_not(coming, client, client_for, cast):
    url = f"/guides/{KEY}/?as_of=2027-01-01"
    ahead = client_for(cast.editor).get(url).content.decode()
    assert "婚姻档案查询（新）" in ahead
    assert "只有您看得到" in ahead
    for visitor in (client, client_for(cast.clerk)):
        page = visitor.get(url).content.decode()
        assert "婚姻档案查询（新）" not in page
        assert "只有您看得到" not in page
    assert "只有您看得到" not in client_for(cast.editor).get(f"/guides/{KEY}/").content.decode()


def test_an_editor_sees_drafts_only_when_asking_for_them(coming, client_for, cast):
    draft = edition_as_of(coming, date(2027, 1, 1))
    draft.summary = "还没写完。"
    draft.save_revision()
    client = client_for(cast.editor)
    assert "还没写完。" not in client.get(f"/guides/{KEY}/?as_of=2027-01-01").content.decode()
    assert "还没写完。" in client.get(f"/guides/{KEY}/?as_of=2027-01-01&drafts=1").content.decode()


def test_a_day_that_is_none_is_today(coming, client_for, cast):
    page = client_for(cast.editor).get(f"/guides/{KEY}/?as_of=soon")
    assert page.status_code == 200
    assert "婚姻档案查询（新）" not in page.content.decode()


def test_the_cms_shows_which_edition_is_in_force(coming, client_for, cast):
    client = client_for(cast.editor)
    page = client.get(f"/cms/snippets/items/serviceitem/edit/{coming.pk}/").content.decode()
    assert "现在有效" in page
    assert "以后生效" in page
    assert "as_of=2027-01-01" in page
