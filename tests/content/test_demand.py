"""Items asked for most come first, by what is counted."""

from datetime import UTC, date, datetime, timedelta

import pytest

from content.items.models import ItemDemand
from content.items.services import count_request, fold_demand, forget_demand, get_item, most_frequent

pytestmark = pytest.mark.django_db
KEY = "tui-xiu-zhu-yuan-bao-zhang-ji-hua-can-bao"
TODAY = date(2026, 11, 23)


def ask(key: str, days_ago: int, times: int = 1) -> None:
    for _time in range(times):
        count_request(get_item(key), on=TODAY - timedelta(days=days_ago))


@pytest.mark.sqlite
def test_requests_of_a_day_are_one_row_without_a_name(site):
    ask(KEY, 1, times=3)
    row = ItemDemand.objects.get()
    assert (row.count, row.day) == (3, TODAY - timedelta(days=1))
    assert {field.name for field in ItemDemand._meta.fields} == {"id", "item", "day", "count"}


def test_counting_orders_the_lists(site):
    ask(KEY, 73, times=40)
    assert fold_demand(today=TODAY) == 3
    first = most_frequent(None, 1)[0]
    assert (first.key, first.frequency) == (KEY, 200)


def test_a_few_days_change_nothing_yet(site):
    ask(KEY, 5, times=40)
    assert fold_demand(today=TODAY) == 0


def test_a_figure_that_an_editor_fixed_stays(site):
    item = get_item("hun-yin-deng-ji-dang-an-cha-xun")
    item.is_frequency_fixed = True
    item.save()
    ask(KEY, 73, times=4)
    fold_demand(today=TODAY)
    item.refresh_from_db()
    assert item.frequency == 20


def test_old_days_are_forgotten(site):

    ask(KEY, 500)
    ask(KEY, 1)
    assert forget_demand(datetime(2026, 1, 1, tzinfo=UTC)) == 1
