"""The hall display: numbers and windows alone, spoken late rather than never, live over its socket."""

import shutil
import wave
from io import StringIO

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from django.utils import translation

from servicedesk.queueing import services as queueing
from servicedesk.queueing import voice
from servicedesk.queueing.models import Call
from tests.cast import make_cast
from tests.servicedesk.queueing.conftest import a_person


@pytest.mark.django_db
def test_it_shows_the_last_call_and_those_before_it(draw, cast, finish):
    for _n in range(7):
        draw()
        finish(queueing.call_next(cast.counter, actor="user:1"))
    shown = queueing.board_snapshot(cast.centre)
    assert shown["current"]["number"] == "A007"
    assert [call["number"] for call in shown["recent"]] == ["A006", "A005", "A004", "A003", "A002"]
    assert shown["say"] == [], "a number that was served need not be called any more"


@pytest.mark.django_db
def test_it_says_nothing_of_the_person_or_the_item(draw, cast):
    draw("remote", person=a_person(), classes=("elderly",))
    queueing.call_next(cast.counter, actor="user:1")
    shown = queueing.board_snapshot(cast.centre)
    assert set(shown["current"]) == {
        "id", "number", "letter", "digits", "remote", "counter", "called_at", "is_spoken",
    }  # fmt: skip
    assert set(shown["say"][0]) == set(shown["current"]) | {"text", "clips"}
    assert "elderly" not in str(shown)


@pytest.mark.django_db
def test_a_call_stays_to_be_said_until_a_display_has_said_it(draw, cast):
    draw("remote")
    queueing.call_next(cast.counter, actor="user:1")
    (due,) = queueing.board_snapshot(cast.centre)["say"]
    assert due["text"] == "请 Y 零 零 一 号，到服务点视频接通。"
    assert not due["is_spoken"]
    assert queueing.mark_spoken(cast.centre, due["id"])
    assert not queueing.mark_spoken(cast.centre, due["id"]), "only the first is kept"
    assert not queueing.mark_spoken(cast.other_centre, due["id"])
    assert not queueing.mark_spoken(cast.centre, "no id")
    assert queueing.board_snapshot(cast.centre)["say"][0]["is_spoken"]


@pytest.mark.django_db
def test_the_rule_that_is_shown_is_the_rule_that_is_set(cast, client):
    queueing.set_rule(cast.centre, overtakes=5, minutes=45, actor="user:1")
    with translation.override("en"):
        text = queueing.board_snapshot(cast.centre)["rule"]
    assert "5" in text
    assert "45" in text
    page = client.get(f"/board/{cast.centre.code}/").content.decode()
    assert "5" in page.split("data-rule>")[1].split("<")[0]


@pytest.mark.django_db
def test_the_list_leads_to_every_centre(cast, client):
    page = client.get("/board/").content.decode()
    assert f'href="/board/{cast.centre.code}/"' in page
    assert f'href="/board/{cast.other_centre.code}/"' in page


@pytest.mark.django_db
def test_only_a_centre_has_a_display(cast, client):
    assert client.get(f"/board/{cast.centre.code}/").status_code == 200
    assert client.get(f"/board/{cast.point.code}/").status_code == 404


@pytest.mark.django_db(transaction=True)
async def test_the_display_follows_the_queue(socket_for):
    cast = await sync_to_async(make_cast)()
    socket = socket_for(f"/ws/board/{cast.centre.code}/?lang=en")
    accepted, _code = await socket.connect(timeout=10)
    assert accepted
    first = await socket.receive_json_from(timeout=10)
    assert first["data"]["current"] is None

    def draw_and_call() -> str:
        queueing.issue_ticket(centre=cast.centre, channel="onsite", actor="resident")
        queueing.call_next(cast.counter, actor="user:1")
        return str(Call.objects.get().pk)

    call_id = await sync_to_async(draw_and_call)()
    shown = await socket.receive_json_from(timeout=10)
    while shown["data"]["current"] is None:
        shown = await socket.receive_json_from(timeout=10)
    assert shown["data"]["current"]["number"] == "A001"
    await socket.send_json_to({"type": "spoken", "id": "1", "call": call_id})
    answer = await socket.receive_json_from(timeout=10)
    while answer.get("id") != "1":
        answer = await socket.receive_json_from(timeout=10)
    assert answer == {"type": "done", "id": "1", "data": {"first": True}}
    await socket.send_json_to({"type": "dance", "id": "2"})
    refused = await socket.receive_json_from(timeout=10)
    assert (refused["type"], refused["code"]) == ("refused", "malformed")
    await socket.disconnect()


def test_numbers_are_read_digit_by_digit():
    assert voice.spoken_text("A", 42, counter=12, is_remote=False) == "请 A 零 四 二 号，到十二号窗口。"
    assert voice.clip_names("A", 42, counter=3, is_remote=False) == [
        "please", "letter-A", "digit-0", "digit-4", "digit-2", "to", "counter-3", "window",
    ]  # fmt: skip
    assert [voice.number_in_words(number) for number in (3, 10, 20, 21)] == ["三", "十", "二十", "二十一"]


def test_every_clip_of_an_announcement_is_made():
    for letter in queueing.LETTERS.values():
        for is_remote in (False, True):
            names = voice.clip_names(letter, 17, counter=voice.HIGHEST_COUNTER, is_remote=is_remote)
            assert set(names) <= set(voice.clip_texts())


@pytest.mark.django_db
def test_clips_are_made_once_and_served(tmp_path, settings, client):
    settings.DATA_DIR = tmp_path
    assert shutil.which("espeak-ng"), "script/setup installs espeak-ng"
    assert client.get("/board/clips/please.wav").status_code == 404
    call_command("make_clips", stdout=StringIO())
    assert voice.has_clips()
    with wave.open(str(voice.clips_folder() / "digit-7.wav")) as clip:
        assert 0.2 < clip.getnframes() / clip.getframerate() < 1.5
    again = StringIO()
    call_command("make_clips", stdout=again)
    assert again.getvalue().startswith("0 clips")
    served = client.get("/board/clips/please.wav")
    assert (served.status_code, served["Content-Type"]) == (200, "audio/wav")
    assert client.get("/board/clips/secret.wav").status_code == 404


def test_without_the_speaker_the_command_says_what_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(CommandError, match="espeak-ng"):
        call_command("make_clips")
