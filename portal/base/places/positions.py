"""Where places lie: distances, and whether a position can be right at all."""

import math
from collections.abc import Iterable
from statistics import median

from django.utils.translation import gettext as _

from portal.base.places.models import Place

EARTH_RADIUS_M = 6_371_000
# All of China lies inside this; a swapped or mistyped pair does not.
LATITUDES, LONGITUDES = (3.0, 54.0), (73.0, 136.0)
# How far from the middle of its district a place may lie: at least this, else some times the usual distance.
LEAST_REACH_M, USUAL_TIMES = 10_000, 4
# Fewer neighbours than this say nothing about where the district is.
NEIGHBOURS_NEEDED = 3

Position = tuple[float, float]


def distance_m(first: Position, second: Position) -> float:
    """Metres between two WGS-84 positions on a sphere (haversine)."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*first, *second))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(half))


def fault_of(latitude: float | None, longitude: float | None, neighbours: Iterable[Position] = ()) -> str:
    """What is wrong with a position, as a sentence; empty when nothing is.

    :param neighbours: positions (latitude, longitude) of the district's other places.
    """
    if latitude is None and longitude is None:
        return ""
    if latitude is None or longitude is None:
        return _("Latitude and longitude are needed together, or neither.")
    if _within(longitude, LATITUDES) and _within(latitude, LONGITUDES):
        return _("Latitude and longitude look swapped: latitude is the smaller number here, such as 31.27.")
    if not _within(latitude, LATITUDES) or not _within(longitude, LONGITUDES):
        return _("This position is not in China. Degrees with decimals are needed, such as 31.27 and 121.45.")
    known = list(neighbours)
    if len(known) < NEIGHBOURS_NEEDED:
        return ""
    # The median does not mind one neighbour that is itself misplaced.
    middle = median(lat for lat, _lon in known), median(lon for _lat, lon in known)
    reach = max(LEAST_REACH_M, USUAL_TIMES * median(distance_m(middle, position) for position in known))
    away = distance_m(middle, (latitude, longitude))
    if away <= reach:
        return ""
    words = {"km": round(away / 1000), "reach": round(reach / 1000)}
    sentence = _(
        "This is %(km)s km from the middle of the district, perhaps in the sea; its places lie within %(reach)s km."
    )
    return sentence % words


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def neighbours_of(place: Place) -> list[Position]:
    """The positions of the other places of the same district."""
    district = place.path[: 2 * Place.steplen]
    rows = Place.objects.filter(path__startswith=district, latitude__isnull=False, longitude__isnull=False)
    return list(rows.exclude(pk=place.pk).values_list("latitude", "longitude"))
