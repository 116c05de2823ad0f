"""Who may see the pages of the content half: everybody."""

from content.editing import groups
from content.items.importing import import_items
from content.items.models import LifeEvent
from content.items.services import current_edition
from content.notices.models import Notice
from content.notices.services import issue_notice
from portal.base.rights.models import Role
from tests.access import PUBLIC, SIGN_IN, Row
from tests.cast import Cast, make_user
from tests.content.conftest import SMALL, read_rows

MOVES_ON = {"anonymous": 302, "stranger": 302}


def items(cast: Cast) -> Cast:
    import_items(read_rows(*SMALL))
    return cast


def a_notice(cast: Cast) -> Notice:
    """Whoever has the link may see it; it says nothing of anybody."""
    report = import_items(read_rows(*SMALL))
    return issue_notice(current_edition(report.items[0]), {})


EDITORS = {"editor": 200, "anonymous": SIGN_IN}
RULE_EDITORS = {
    "editor": 200, "district_supervisor": 200, "office_editor": 302, "clerk": SIGN_IN, "stranger": SIGN_IN,
    "anonymous": SIGN_IN,
}  # fmt: skip


def an_edition(cast: Cast):
    """An edition of the district, with who approves it, and with an editor of one subdistrict, whose it is not."""
    cast.office_editor = make_user("office_editor", "大宁编辑", (Role.EDITOR, cast.subdistrict))
    cast.district_supervisor = make_user("district_supervisor", "区督导", (Role.DISTRICT_SUPERVISOR, cast.district))
    groups.follow_roles(cast.district_supervisor)
    return current_edition(import_items(read_rows(*SMALL)).items[0])


def _life_event() -> str:
    return LifeEvent.objects.get_or_create(key="moving", defaults={"name": "搬家"})[0].key


ROWS = [
    Row("cms/jsi18n/", "/cms/jsi18n/", PUBLIC),
    Row("life/", "/life/", PUBLIC),
    Row("life/<slug:key>/", lambda cast: f"/life/{_life_event()}/", PUBLIC),
    Row("points/", "/points/", PUBLIC),
    Row("points/<str:code>/", lambda cast: f"/points/{cast.point.code}/", PUBLIC),
    Row("points/rows/", "/points/rows/", PUBLIC),
    Row("points/items/", "/points/items/", PUBLIC),
    Row("points/leaflet/", "/points/leaflet/", PUBLIC),
    Row("points.geojson", "/points.geojson", PUBLIC),
    Row("points/outline.geojson", "/points/outline.geojson", PUBLIC),
    Row("cms/points/", "/cms/points/", EDITORS),
    Row("cms/points/add/", "/cms/points/add/", EDITORS),
    Row("cms/points/holidays/", "/cms/points/holidays/", EDITORS),
    Row("cms/points/export/<str:kind>/", "/cms/points/export/csv/", EDITORS),
    Row("cms/points/<str:code>/sign/<str:size>/", lambda cast: f"/cms/points/{cast.point.code}/sign/a4/", EDITORS),
    Row("cms/points/<str:code>/", lambda cast: f"/cms/points/{cast.point.code}/", EDITORS),
    Row("cms/points/<str:code>/status/", lambda cast: f"/cms/points/{cast.point.code}/status/", EDITORS),
    Row(
        "cms/points/<str:code>/status/undo/",
        lambda cast: f"/cms/points/{cast.point.code}/status/undo/",
        {"editor": 302, "anonymous": SIGN_IN},
        method="post",
    ),
    Row(
        "cms/points/<str:code>/status/<int:change>/cancel/",
        lambda cast: f"/cms/points/{cast.point.code}/status/1/cancel/",
        {"editor": 404, "anonymous": SIGN_IN},
        method="post",
    ),
    Row("search/", "/search/?q=1", PUBLIC),
    Row("guides/<slug:key>/notice/", "/guides/hun-yin-deng-ji-dang-an-cha-xun/notice/", MOVES_ON, prepare=items),
    Row(
        "guides/<slug:key>/notice/<slug:step>/",
        "/guides/hun-yin-deng-ji-dang-an-cha-xun/notice/somebody-else-comes/",
        PUBLIC,
        prepare=items,
    ),
    Row("cms/rules/questions.json", "/cms/rules/questions.json", RULE_EDITORS, prepare=an_edition),
    Row("cms/rules/<str:pk>/", lambda edition: f"/cms/rules/{edition.pk}/", RULE_EDITORS, prepare=an_edition),
    Row("notices/<slug:token>/", lambda notice: f"/notices/{notice.token}/", PUBLIC, prepare=a_notice),
    Row("notices/<slug:token>.pdf", lambda notice: f"/notices/{notice.token}.pdf", PUBLIC, prepare=a_notice),
    Row("notices/<slug:token>.json", lambda notice: f"/notices/{notice.token}.json", PUBLIC, prepare=a_notice),
]
