"""Who may see the pages of the content half: everybody."""

from content.items.models import LifeEvent
from tests.access import PUBLIC, SIGN_IN, Row

EDITORS = {"editor": 200, "anonymous": SIGN_IN}


def _life_event() -> str:
    return LifeEvent.objects.get_or_create(key="moving", defaults={"name": "搬家"})[0].key


ROWS = [
    Row("life/", "/life/", PUBLIC),
    Row("life/<slug:key>/", lambda cast: f"/life/{_life_event()}/", PUBLIC),
    Row("points/", "/points/", PUBLIC),
    Row("points/<str:code>/", lambda cast: f"/points/{cast.point.code}/", PUBLIC),
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
]
