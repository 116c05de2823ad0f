"""The datums of Chinese maps against pairs that others publish, and the links that use them."""

from urllib.parse import parse_qs, urlsplit

import pytest

from content.points.coordinates import to_bd09, to_gcj02
from content.points.directions import links_to
from portal.base.places.positions import distance_m

# (WGS-84, GCJ-02): Shanghai, Shenzhen and Beijing, as the well-known converters publish them in their tests.
PAIRS = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
]
# (WGS-84, BD-09), likewise.
BAIDU_PAIRS = [((31.1774276, 121.5272106), (31.181328606874466, 121.53801568643858))]


@pytest.mark.parametrize(("wgs", "gcj"), PAIRS)
def test_gcj02_agrees_with_published_pairs(wgs, gcj):
    assert to_gcj02(wgs) == pytest.approx(gcj, abs=1e-9)
    assert 300 < distance_m(wgs, gcj) < 700


@pytest.mark.parametrize(("wgs", "bd"), BAIDU_PAIRS)
def test_bd09_agrees_with_published_pairs(wgs, bd):
    assert to_bd09(wgs) == pytest.approx(bd, abs=1e-9)


def test_abroad_nothing_is_shifted():
    assert to_gcj02((51.5, -0.1)) == (51.5, -0.1)
    assert to_bd09((51.5, -0.1)) == (51.5, -0.1)


@pytest.mark.django_db
def test_each_map_gets_its_own_datum(cast):
    links = [address for _app, address in links_to(cast.point, cast.point.name)]
    amap, baidu, tencent, apple, geo = links
    wgs = (cast.point.latitude, cast.point.longitude)
    gcj, bd = to_gcj02(wgs), to_bd09(wgs)
    longitude, latitude, name = parse_qs(urlsplit(amap).query)["to"][0].split(",")
    assert (float(latitude), float(longitude)) == pytest.approx(gcj, abs=1e-6) and name == cast.point.name
    assert f"{bd[0]:.6f},{bd[1]:.6f}" in parse_qs(urlsplit(baidu).query)["destination"][0]
    assert parse_qs(urlsplit(tencent).query)["tocoord"] == [f"{gcj[0]:.6f},{gcj[1]:.6f}"]
    assert parse_qs(urlsplit(apple).query)["daddr"] == [f"{gcj[0]:.6f},{gcj[1]:.6f}"]
    assert geo.startswith(f"geo:{wgs[0]:.6f},{wgs[1]:.6f}?")
    cast.point.latitude = None
    assert links_to(cast.point, "x") == []
