"""Video calls as far as a test needs them: one placed, one live, one that is over with its recording on disk."""

import hashlib
from pathlib import Path
from typing import Any

from servicedesk.cases.models import Case
from servicedesk.ratings import services as ratings
from servicedesk.remote import nodes
from servicedesk.remote import services as remote
from servicedesk.remote.dossier import folder_of
from servicedesk.remote.media.sealing import SealedWriter
from servicedesk.remote.models import RemoteSession
from tests.cast import Cast
from tests.servicedesk.cases.at_desk import a_case, a_jpeg, a_kiosk, a_person, a_signed_form, a_ticket, an_item

STARTED_AT = "2026-11-23T01:00:00+00:00"
TRACKS = (
    ("voice-kiosk", "voice", "kiosk", "opus"),
    ("face-kiosk", "face", "kiosk", "vp8"),
    ("voice-clerk", "voice", "clerk", "opus"),
)


def a_placed_session(cast: Cast, *, has_card: bool = True, item: Any = None) -> RemoteSession:
    """A number drawn at the point's kiosk and called to the cast's counter."""
    device, _private = a_kiosk(cast.point)
    a_ticket(cast, person=a_person(cast.resident) if has_card else None, item=item, device=device)
    remote.call_next(cast.counter, clerk=cast.clerk, actor=f"user:{cast.clerk.pk}")
    session = remote.active_session_of(device)
    assert session is not None
    return session


def connected(session: RemoteSession) -> RemoteSession:
    """The notice agreed to, and both sides there."""
    remote.answer_notice(session, agreed=True, actor="resident")
    for side in ("kiosk", "clerk"):
        remote.leg_changed(session, side=side, is_connected=True)
    return remote.get_session(str(session.pk))


def a_live_session(cast: Cast, **more: Any) -> RemoteSession:
    return connected(a_placed_session(cast, **more))


def a_call_with_papers(cast: Cast) -> tuple[RemoteSession, Case]:
    """A call in which a case was opened, a page captured and a form signed."""
    item = an_item()
    session = a_live_session(cast, item=item)
    case = a_case(cast, session.ticket, item)
    from servicedesk.cases import services as cases

    cases.capture_page(case, jpeg=a_jpeg(), material="结婚证", actor=f"user:{cast.clerk.pk}")
    a_signed_form(case)
    return session, case


def recorded(session: RemoteSession, *, is_closed: bool = True) -> Path:
    """Sealed track files as a media node leaves them, and what the node says of them."""
    folder = folder_of(session)
    folder.mkdir(parents=True)
    key, told = remote.recording_key(session), []
    for name, kind, side, codec in TRACKS:
        description = {
            "session": str(session.pk), "track": name, "kind": kind, "side": side, "codec": codec,
            "started_at": STARTED_AT,
        }  # fmt: skip
        writer = SealedWriter(folder / f"{name}.seg", key=key, description=description)
        for part in range(3):
            writer.write(hashlib.sha256(f"{name} {part}".encode()).digest() * 20)
            writer.cut()
        writer.close()
        place = writer.position
        nodes.check_point(str(session.pk), track=name, count=place.count, head=place.head, size_bytes=place.bytes)
        told.append(description | {"count": place.count, "head": place.head, "bytes": place.bytes})
    if is_closed:
        nodes.close_tracks(str(session.pk), told)
    return folder


def ended(session: RemoteSession, *, level: int | None = 5) -> RemoteSession:
    remote.end_session(session, actor="user:1", reason="finished", outcome="done")
    ratings.rate(ticket=session.ticket, level=level, options=[], comment="", channel="kiosk", actor="resident")
    return remote.get_session(str(session.pk))
