"""A still of the document camera comes from the device that was asked, once, and lands in the case."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from servicedesk.cases.models import CasePage
from servicedesk.kiosk import captures
from tests.servicedesk.cases.at_desk import a_case, a_jpeg, a_kiosk, an_item
from tests.servicedesk.kiosk.screens import device_client
from tests.servicedesk.remote.calls import a_live_session

pytestmark = pytest.mark.django_db


def upload(content: bytes) -> dict:
    return {"page": SimpleUploadedFile("page.jpg", content, content_type="image/jpeg")}


def test_only_the_asked_device_delivers_and_only_once(cast, client, monkeypatch):
    item = an_item()
    session = a_live_session(cast, item=item)
    case = a_case(cast, session.ticket, item)
    told = []
    monkeypatch.setattr(captures.streams, "announce", lambda group, message: told.append(message))
    token = captures.ask(case=case, device=session.device, material="结婚证", actor="user:7")
    assert told == [{"type": "relay", "message": {"type": "capture", "token": token}}]
    url = f"/kiosk/capture/{token}/"

    assert client.post(url, upload(a_jpeg())).status_code == 403
    foreign, _private = a_kiosk(cast.second_point, "DN-02-K1")
    refused = device_client(foreign).post(url, upload(a_jpeg()))
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_capture")
    own = device_client(session.device)
    assert own.post(url).status_code == 403 and own.get(url).status_code == 405
    assert not CasePage.objects.exists()

    answer = own.post(url, upload(a_jpeg()))
    assert (answer.status_code, answer.json()) == (200, {"position": 1})
    page = CasePage.objects.get()
    assert (page.case, page.material) == (case, "结婚证")
    assert own.post(url, upload(a_jpeg())).status_code == 400
    assert CasePage.objects.count() == 1


def test_what_is_no_picture_or_too_large_stays_out(cast, settings):
    item = an_item()
    session = a_live_session(cast, item=item)
    case = a_case(cast, session.ticket, item)
    own = device_client(session.device)

    def send(content: bytes):
        token = captures.ask(case=case, device=session.device, material="", actor="user:7")
        return own.post(f"/kiosk/capture/{token}/", upload(content))

    refused = send(b"%PDF-1.7 not a picture")
    assert refused.status_code >= 400 and refused.json()["message"]
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert send(a_jpeg()).status_code == 413
    assert not CasePage.objects.exists()
