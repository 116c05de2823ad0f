"""The portal is killed in a call, twenty times: nothing committed is lost, the recording plays to the end."""

import json
import subprocess
import time
import urllib.request
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.e2e.stack import CENTRE, Stack, wait_for
from tests.e2e.test_journey import Journey, assert_frames_rise

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.alone,
    pytest.mark.timeout(1500),
    pytest.mark.parametrize("stack", ["embedded"], indirect=True, scope="module"),
]
KILLS = 20
LOST_AT_MOST_S = 2.0


def issue_ticket(stack: Stack, token: str) -> str:
    """An onsite ticket over the API; its id once the portal has said that it is there."""
    request = urllib.request.Request(
        f"{stack.url}/api/v1/tickets",
        data=json.dumps({"centre": CENTRE, "channel": "onsite", "item": None, "classes": []}).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 201
        return json.load(answer)["id"]


def test_twenty_kills_in_a_call_lose_nothing(stack: Stack, browser: Browser, tmp_path: Path) -> None:
    token = stack.manage("issue_api_token", "--role", "clerk", "--place", CENTRE).stdout.strip()
    kept: list[str] = []
    killed_at: list[float] = []
    with stack.kiosk() as equipment:
        journey = Journey(stack, browser, equipment, tmp_path)
        journey.open_screens()
        journey.draw_a_number()
        journey.call_and_meet()
        journey.confirm_and_open_case()
        journey.capture_a_page()
        for _kill in range(KILLS):
            kept.append(issue_ticket(stack, token))
            stack.kill("portal")
            killed_at.append(time.time())
            stack.start()
            assert_frames_rise(journey.clerk, "face", within_s=90)
            assert_frames_rise(journey.kiosk, "face", within_s=90)
            # Some seconds of recording between two kills, so that each has something to lose.
            time.sleep(3)
        journey.finish_and_rate()
    found = stack.ask(
        "from servicedesk.queueing.models import Ticket\n"
        "from servicedesk.cases.models import Case, CasePage\n"
        "from servicedesk.printouts.models import PrintJob\n"
        "from servicedesk.ratings.models import Rating\n"
        "from portal.base.journal.models import JournalEntry\n"
        "from portal.base.journal import services as journal\n"
        "from servicedesk.remote.models import RemoteSession\n"
        "from servicedesk.remote import services\n"
        "import base64\n"
        "session = RemoteSession.objects.get()\n"
        "subjects = set(JournalEntry.objects.values_list('subject_type', 'subject_id'))\n"
        f"answer = {{'tickets': Ticket.objects.filter(pk__in={kept!r}).count(), 'cases': Case.objects.count(),"
        " 'pages': CasePage.objects.count(), 'prints': PrintJob.objects.filter(state='printed').count(),"
        " 'ratings': Rating.objects.count(), 'faults': [f for s in subjects for f in journal.chain_faults(s)],"
        " 'session': str(session.pk), 'key': base64.b64encode(services.recording_key(session)).decode()}"
    )
    assert found["tickets"] == KILLS
    assert (found["cases"], found["pages"], found["ratings"], found["faults"]) == (1, 1, 1, [])
    assert found["prints"] >= 1
    assert_recording_reaches(stack, found, killed_at, tmp_path)


def assert_recording_reaches(stack: Stack, found: dict, killed_at: list[float], folder: Path) -> None:
    """For every kill there is a file of the resident's face that decodes to within two seconds of it."""
    import base64

    from servicedesk.remote.media.sealing import describe_track, open_track

    spans = []
    for path in sorted((stack.folder / "data/recordings" / found["session"]).glob("face-kiosk*.seg")):
        plain = folder / f"{path.stem}.mkv"
        plain.write_bytes(open_track(path, base64.b64decode(found["key"])))
        probe = ["ffprobe", "-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", str(plain)]
        done = subprocess.run(probe, capture_output=True, text=True, check=True, timeout=120)
        times = [float(line.strip(",")) for line in done.stdout.split() if line.strip(",")]
        began = datetime.fromisoformat(describe_track(path)["started_at"]).timestamp()
        if times:
            spans.append((began, began + max(times)))
    for at in killed_at:
        covering = [at - end for begin, end in spans if begin < at]
        assert covering and min(abs(gap) for gap in covering) <= LOST_AT_MOST_S, (at, spans)


def test_a_kill_is_seen_and_the_number_kept(stack: Stack) -> None:
    """After all the kills the portal is ready again by itself."""
    assert wait_for(lambda: urllib.request.urlopen(f"{stack.url}/readyz", timeout=5).status == 200)
