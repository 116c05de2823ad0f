"""What the clock does for video sessions."""

from datetime import datetime

from portal.base.clock.services import kept, periodic, retention
from servicedesk.remote import dossier, services
from servicedesk.remote import retention as recordings

kept("remote.MediaNode", "remote.CentreKey", because="one row a node; a centre's keys, which prove old dossiers")
kept("remote.Leg", because="which side was connected, without a person")
kept("remote.Dossier", "remote.DossierAddendum", because="signed hashes, which still prove what was there")


@periodic(every_s=5, name="remote.lose_dropped")
def lose_dropped() -> None:
    """A side that did not come back within 30 s ends the call; the ticket returns first."""
    services.lose_dropped_sessions()


@periodic(every_s=20, name="remote.seal")
def seal() -> None:
    """Seals the dossiers of sessions whose recording is closed and whose resident has rated or left."""
    dossier.seal_finished_sessions()


@retention("recording", default_days=1095, of=("remote.RemoteSession", "remote.RecordingTrack"))
def forget_recordings(before: datetime) -> int:
    return recordings.forget_recordings(before)


@retention("session_words", default_days=7, of=("remote.RemoteSession",))
def forget_words(before: datetime) -> int:
    return recordings.forget_words(before)
