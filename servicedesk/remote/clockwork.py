"""What the clock does for video sessions."""

from portal.base.clock.services import periodic
from servicedesk.remote import dossier, services


@periodic(every_s=5, name="remote.lose_dropped")
def lose_dropped() -> None:
    """A side that did not come back within 30 s ends the call; the ticket returns first."""
    services.lose_dropped_sessions()


@periodic(every_s=20, name="remote.seal")
def seal() -> None:
    """Seals the dossiers of sessions whose recording is closed and whose resident has rated or left."""
    dossier.seal_finished_sessions()
