"""What follows in the same transaction when places change: pages draw anew, and the city's map hears of it."""

from django.conf import settings

from content.items.services import content_changed
from content.points import exporting, services
from portal.base.outbox import services as outbox
from portal.base.places.models import Place

CHANNEL = "map"
# More at once than this are a load of a workbook: one message says to fetch all of them.
SINGLY_AT_MOST = 40


def places_changed(places: list[Place]) -> None:
    """Move the content generation on, and put a message for each point or centre into the outbox."""
    content_changed()
    codes = [place.code for place in places if place.level in (Place.Level.POINT, Place.Level.CENTRE)]
    if len(codes) > SINGLY_AT_MOST:
        address = f"{settings.PORTAL_URL.rstrip('/')}/points.geojson"
        outbox.put(CHANNEL, "points", {"event": "points_changed", "count": len(codes), "fetch": address})
        return
    for row in exporting.point_rows(services.shown_places().select_related("moved_to").filter(code__in=codes)):
        outbox.put(CHANNEL, f"point:{row['code']}", {"event": "point_changed", "point": row})


def holidays_loaded() -> None:
    """What is open may differ from what pages say."""
    content_changed()
