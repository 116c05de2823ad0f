"""Who may see the pages of the content half: everybody."""

from tests.access import PUBLIC, Row

ROWS = [
    Row("points/", "/points/", PUBLIC),
    Row("points/<str:code>/", lambda cast: f"/points/{cast.point.code}/", PUBLIC),
    Row("points.geojson", "/points.geojson", PUBLIC),
    Row("points/outline.geojson", "/points/outline.geojson", PUBLIC),
    Row("search/", "/search/?q=1", PUBLIC),
]
