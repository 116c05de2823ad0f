"""The kiosk's pages know their device by its session alone; the live card of a point tells whether it is open."""

import pytest

from portal.base.journal import services as journal
from portal.base.places.models import OpeningInterval
from servicedesk.devices import services as devices
from tests.servicedesk.cases.at_desk import a_kiosk
from tests.servicedesk.kiosk.screens import device_client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("page", "mark"), [("/kiosk/", b'data-stream="/ws/kiosk/"'), ("/kiosk/second/", b"/ws/kiosk/second/")]
)
def test_an_unknown_browser_is_asked_for_its_device_first(cast, client, page, mark):
    unknown = client.get(page)
    assert b"data-connect" in unknown.content and mark not in unknown.content
    device, _private = a_kiosk(cast.point)
    browser = device_client(device)
    known = browser.get(page)
    assert mark in known.content and b"data-connect" not in known.content
    devices.revoke(device, actor="user:1", reason="stolen")
    assert b"data-connect" in browser.get(page).content


def test_a_points_card_says_open_closed_or_that_it_is_not_known(cast, client):
    url = f"/live/point/{cast.point.code}/"
    says_open = client.get(url).content
    assert b"sill-card__wait" in says_open
    OpeningInterval.objects.filter(place=cast.point).delete()
    unknown = client.get(url).content
    assert b"sill-card__wait" not in unknown and unknown != says_open
    assert client.get("/live/point/none/").status_code == 404
    assert client.get(f"/live/point/{cast.centre.code}/").status_code == 404


def test_the_kiosk_itself_chooses_the_camera_that_looks_at_papers(cast, client):
    device, _private = a_kiosk(cast.point)
    browser = device_client(device)
    assert browser.post("/kiosk/setup/", {"document_camera": " USB 高拍仪 "}).status_code == 302
    device.refresh_from_db()
    assert device.document_camera == "USB 高拍仪"
    entry = journal.entries_for(("device", device.pk))[-1]
    assert (entry.action, entry.actor) == ("document_camera", f"device:{device.code}")
    assert 'data-document-camera="USB 高拍仪"' in browser.get("/kiosk/").content.decode()
    browser.post("/kiosk/setup/", {"document_camera": "x" * 500})
    device.refresh_from_db()
    assert len(device.document_camera) == 120
    # A browser that is no kiosk changes nothing, and is asked for its device.
    assert b"data-connect" in client.post("/kiosk/setup/", {"document_camera": ""}).content
    device.refresh_from_db()
    assert device.document_camera != ""
