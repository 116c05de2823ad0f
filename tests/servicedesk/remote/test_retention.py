"""Recordings end when their time is over: key first, then files; the seal's list of hashes and the journal stay."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.base.clock import services as clock
from portal.base.journal import services as journal
from portal.base.keyring.services import KeyringError
from servicedesk.remote import dossier, retention
from servicedesk.remote import services as remote
from servicedesk.remote.models import RemoteSession
from tests.servicedesk.remote import calls

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


@pytest.fixture
def sealed(cast):
    """A sealed dossier whose session ended four years ago, and what it stands in."""
    session = calls.a_live_session(cast)
    folder = calls.recorded(session)
    remote.show(session, caption="请把结婚证放平")
    found = dossier.seal_session(calls.ended(session))
    RemoteSession.objects.filter(pk=session.pk).update(ended_at=timezone.now() - timedelta(days=4 * 365))
    return found, folder


def test_the_clock_destroys_key_and_files_and_keeps_the_proof(sealed, django_capture_on_commit_callbacks):
    found, folder = sealed
    with django_capture_on_commit_callbacks(execute=True):
        erased = clock.enforce_retention()
    assert erased["recording"] == 1 and not folder.exists()
    session = remote.get_session(str(found.pk))
    assert dossier.is_forgotten(session)
    with pytest.raises((KeyringError, ValueError)):
        remote.recording_key(session)
    found.refresh_from_db()
    assert '"tracks"' in found.manifest and found.signature
    entries = journal.entries_for(("session", found.pk))
    assert (entries[-1].action, entries[-1].reason) == ("forget_recording", "retention")
    assert journal.faults_of(entries) == []
    with django_capture_on_commit_callbacks(execute=True):
        assert clock.enforce_retention()["recording"] == 0, "once"


def test_a_young_recording_and_one_under_legal_hold_stay(sealed, cast):
    found, folder = sealed
    assert retention.forget_recordings(timezone.now() - timedelta(days=5 * 365)) == 0
    found.legal_hold = True
    found.save(update_fields=["legal_hold"])
    assert clock.enforce_retention()["recording"] == 0
    assert folder.exists() and remote.recording_key(remote.get_session(str(found.pk)))


def test_what_was_typed_in_a_call_goes_after_a_week(sealed):
    assert clock.enforce_retention()["session_words"] == 1
    assert RemoteSession.objects.get().caption == ""


def test_the_auditor_is_told_that_it_was_deleted(sealed, cast, client_for, django_capture_on_commit_callbacks):
    found, _folder = sealed
    with django_capture_on_commit_callbacks(execute=True):
        clock.enforce_retention()
    auditor = client_for(cast.auditor)
    page = auditor.get(f"/desk/dossiers/{found.pk}/")
    assert page.status_code == 200 and "录像已到期删除" in page.content.decode()
    assert "This dossier does not hold" not in page.content.decode()
    auditor.post(f"/desk/dossiers/{found.pk}/", {"reason": "inspection", "reference": "2026-1"})
    assert auditor.get(f"/desk/dossiers/{found.pk}/resident.webm").status_code == 404
