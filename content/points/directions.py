"""Links that open a map application with the way to a place, each in the datum that it wants."""

from urllib.parse import quote, urlencode

from django.utils.translation import gettext as _

from content.points.coordinates import to_bd09, to_gcj02
from portal.base.places.models import Place

# Their documentation asks callers to name themselves.
CALLER = "linban"


def _written(position: tuple[float, float]) -> str:
    return f"{position[0]:.6f},{position[1]:.6f}"


def links_to(place: Place, name: str) -> list[tuple[str, str]]:
    """(name of the application, address) for the way on foot; empty for a place without a position."""
    if place.latitude is None or place.longitude is None:
        return []
    here = (place.latitude, place.longitude)
    gcj = to_gcj02(here)
    amap = {
        "to": f"{gcj[1]:.6f},{gcj[0]:.6f},{name}",
        "mode": "walk",
        "coordinate": "gaode",
        "src": CALLER,
        "callnative": 1,
    }
    baidu = {
        "destination": f"latlng:{_written(to_bd09(here))}|name:{name}", "mode": "walking", "coord_type": "bd09ll",
        "region": "上海", "output": "html", "src": f"webapp.{CALLER}",
    }  # fmt: skip
    tencent = {"type": "walk", "to": name, "tocoord": _written(gcj), "referer": CALLER}
    return [
        (_("Amap"), f"https://uri.amap.com/navigation?{urlencode(amap)}"),
        (_("Baidu Maps"), f"https://api.map.baidu.com/direction?{urlencode(baidu)}"),
        (_("Tencent Maps"), f"https://apis.map.qq.com/uri/v1/routeplan?{urlencode(tencent)}"),
        # In mainland China Apple's map is drawn in GCJ-02.
        (_("Apple Maps"), f"https://maps.apple.com/?{urlencode({'daddr': _written(gcj), 'q': name, 'dirflg': 'w'})}"),
        # RFC 5870: without another reference system named, geo: is WGS-84.
        (_("Another map app"), f"geo:{_written(here)}?q={_written(here)}({quote(name)})"),
    ]
