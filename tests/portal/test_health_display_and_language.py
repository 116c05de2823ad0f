"""Health, metrics, display mode and language."""

import pytest

from portal import health
from portal.base import probes
from portal.base.clock import services as clock

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_the_process_answers(client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_ready_means_database_and_channel_layer(client):
    body = client.get("/readyz").json()
    assert body["checks"] == {"database": True, "channel_layer": True}
    assert body["reports"]["clock"] == {"runs": False, "failing": []}
    clock.take_lease("a")
    assert client.get("/readyz").json()["reports"]["clock"]["runs"] is True


@pytest.mark.parametrize("part", ["_database_answers", "_channel_layer_answers"])
def test_a_missing_part_makes_it_not_ready(client, monkeypatch, part):
    monkeypatch.setattr(health, part, lambda: False)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"


def test_a_report_that_fails_never_fails_the_portal(client, monkeypatch):
    def away() -> object:
        raise RuntimeError("no node")

    monkeypatch.setitem(probes._reports, "media", away)
    response = client.get("/readyz")
    assert response.status_code == 200 and response.json()["reports"]["media"] == "unknown"


def test_metrics_speak_prometheus(client):
    text = client.get("/metrics").content.decode()
    assert "# TYPE linban_outbox_messages gauge" in text
    assert 'linban_outbox_messages{state="dead"} 0' in text


def test_labels_are_escaped():
    assert probes.as_text([probes.Metric("m", 1.5, "help", {"a": 'x"\n'})]).splitlines()[2] == 'm{a="x\\"\\n"} 1.5'


def test_display_mode_is_a_plain_cookie_and_leads_back(client):
    response = client.get("/display/?size=elder&contrast=high&next=/points/%3Fopen%3D1")
    assert (response.status_code, response["Location"]) == (302, "/points/?open=1")
    assert client.cookies["size"].value == "elder" and client.cookies["contrast"].value == "high"
    response = client.get("/display/?size=giant")
    assert response["Location"] == "/" and "size" not in response.cookies


@pytest.mark.parametrize("name", ["display", "language"])
@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_nobody_is_led_elsewhere(client, name, target):
    assert client.get(f"/{name}/", {"next": target, "lang": "en"})["Location"] in ("/", "/en/")


@pytest.mark.parametrize(
    ("language", "target", "expected"),
    [
        ("en", "/points/?open=1", "/en/points/?open=1"),
        ("zh-hans", "/en/points/?open=1", "/points/?open=1"),
        ("en", "/accounts/login/?next=/cms/", "/accounts/login/?next=/cms/"),
        ("en", "/", "/en/"),
        ("zh-hans", "/en/", "/"),
        ("fr", "/points/", "/points/"),
    ],
)
def test_language_leads_to_the_same_page(client, language, target, expected):
    response = client.get("/language/", {"language": language, "next": target})
    assert response["Location"] == expected
    assert (client.cookies.get("django_language") is not None) is (language != "fr")


def test_crawlers_stay_out_of_staff_rooms(client):
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /desk/" in text and "Disallow: /notices/" in text


def test_a_refusal_says_what_to_do(cast, client_for):
    response = client_for(cast.clerk).get("/outbox/")
    assert response.status_code == 403
    assert "系统管理员" in response.content.decode() or "system administrator" in response.content.decode()
    assert "/accounts/" in response.content.decode()
