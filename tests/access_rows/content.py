"""Who may see the pages of the content half: everybody."""

from content.items.models import LifeEvent
from tests.access import PUBLIC, Row


def _life_event() -> str:
    return LifeEvent.objects.get_or_create(key="moving", defaults={"name": "搬家"})[0].key


ROWS = [
    Row("life/", "/life/", PUBLIC),
    Row("life/<slug:key>/", lambda cast: f"/life/{_life_event()}/", PUBLIC),
    Row("points/", "/points/", PUBLIC),
    Row("points/<str:code>/", lambda cast: f"/points/{cast.point.code}/", PUBLIC),
    Row("points.geojson", "/points.geojson", PUBLIC),
    Row("points/outline.geojson", "/points/outline.geojson", PUBLIC),
    Row("search/", "/search/?q=1", PUBLIC),
]
