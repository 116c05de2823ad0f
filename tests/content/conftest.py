"""A small site with three items, and the whole handbook for the tests that need all of it."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from content.editing import groups
from content.guides.services import build_site, publish_guides
from content.items.importing import import_items
from content.items.reading import ItemFile, read_content
from portal.base.accounts.models import User
from portal.base.rights.models import Role
from tests.cast import make_user

SHIPPED = Path(__file__).resolve().parents[2] / "content/items/data"


def item_row(name: str, **more: Any) -> dict[str, Any]:
    """A row of the import format as the handbook has them."""
    return {
        "name": name, "aliases": [], "line": "医保", "department": "市医保局", "city_wide": True,
        "conditions": "本市参保人员", "procedure": "填单 → 审核 → 领取", "time_limit": "当场办结", "fee": "免费",
        "materials": [{"name": "居民身份证", "form": "原件", "required": True, "when": ""}], "legal_basis": "",
        "basic_code": "312000000000", "offline_window": "", "proxy_allowed": None, "online_channel": None,
        "receipts": [], "note": "", "source": "made up",
    } | more  # fmt: skip


SMALL = [
    item_row("门急诊就医记录册申领", aliases=["看病的本子"], frequency=30),
    item_row(
        "婚姻登记档案查询", line="档案", proxy_allowed=False, frequency=20, name_en="Marriage records",
        conditions="须为当事人本人；中心不接受委托查档（委托须到档案馆）", proxy_next_step="带委托材料到档案馆办。",
        materials=[
            {"name": "居民身份证", "form": "原件", "required": True, "when": ""},
            {"name": "利用档案申请表", "form": "原件（现场打印签字）", "required": True, "when": ""},
            {"name": "代办人身份证", "form": "原件", "required": False, "when": "委托时"},
        ],
    ),
    item_row("退休住院保障计划参保", line="总工会", offline_window="每月5日至26日（法定节假日除外）", frequency=10),
]  # fmt: skip


def read_rows(*rows: dict[str, Any], **shared: Any) -> ItemFile:
    """Rows as if they had been read from a JSON file."""
    read = ItemFile()
    read_content({"items": [dict(row) for row in rows], **shared}, read)
    return read


@pytest.fixture
def chinese():
    """The product's first language, whatever a test before switched to."""
    with translation.override("zh-hans"):
        yield


@pytest.fixture
def site(cast, chinese):
    """A site of the cast's district with three items and their guides."""
    report = import_items(read_rows(*SMALL))
    found = build_site(theme="jingan", district_place=cast.district, hostname="testserver", port=80)
    publish_guides(report.items)
    return found


@pytest.fixture
def day() -> date:
    return date(2026, 11, 23)


@pytest.fixture
def approver(cast) -> User:
    """The district's supervisor, who approves guides, papers and pages of the district, and may publish them."""
    user = make_user("approver", "区督导", (Role.DISTRICT_SUPERVISOR, cast.district))
    groups.follow_roles(user)
    return user
