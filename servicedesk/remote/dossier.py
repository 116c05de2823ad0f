"""The sealed dossier of a session: what is gathered, signed and, when something arrives later, added.

A dossier is the session's folder below RECORDINGS_DIR: the sealed track files of the media node, `papers/` (sealed page
images, forms and the journal as JSON), `dossier.json` (canonical JSON manifest) and `dossier.sig` (Ed25519, base64).
`verification.py` checks all of it without a database.
"""

import base64
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portal.base.journal import services as journal
from portal.base.keyring import services as keyring
from portal.base.places.models import Place
from servicedesk.cases.models import Case
from servicedesk.remote.media.sealing import measure_track, verify_track
from servicedesk.remote.models import CentreKey, Dossier, DossierAddendum, RecordingTrack, RemoteSession
from servicedesk.remote.sessions import get_session, move_session
from servicedesk.remote.states import SessionState

SEAL_AFTER_S = 150
UNCLOSED_AFTER_S = 600


def folder_of(session: RemoteSession) -> Path:
    return Path(settings.RECORDINGS_DIR) / str(session.pk)


def is_forgotten(session: RemoteSession) -> bool:
    """Whether the recording's time was over and it was destroyed; see retention.py."""
    return not bytes(session.key_sealed)


@transaction.atomic
def centre_key(centre: Place) -> CentreKey:
    """The centre's signing key, made at first need."""
    Place.objects.select_for_update().get(pk=centre.pk)
    key = CentreKey.objects.filter(centre=centre).order_by("-made_at").first()
    if key is None:
        private, public = keyring.new_signing_key()
        sealed = keyring.seal("signing", private, aad=f"remote.centre_key:{centre.code}".encode())
        key = CentreKey.objects.create(centre=centre, public=public, private_sealed=sealed)
    return key


def sign(key: CentreKey, message: bytes) -> bytes:
    private = keyring.open_sealed(key.private_sealed, aad=f"remote.centre_key:{key.centre.code}".encode())
    return keyring.sign(private, message)


def canonical(body: dict[str, Any]) -> str:
    """The one spelling of a JSON object that is signed."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def seal_finished_sessions() -> int:
    """Seal every ended session whose recording is closed and whose resident has rated or had time to."""
    late = timezone.now() - timedelta(seconds=SEAL_AFTER_S)
    sealed = 0
    ended = RemoteSession.objects.filter(state=SessionState.ENDED, live_at__isnull=False)
    for session in ended.filter(Q(ticket__rating__isnull=False) | Q(ended_at__lt=late)):
        open_tracks = session.tracks.filter(is_closed=False).exists() or not session.tracks.exists()
        if open_tracks and session.ended_at and session.ended_at > timezone.now() - timedelta(seconds=UNCLOSED_AFTER_S):
            continue
        seal_session(session)
        sealed += 1
    return sealed


def seal_session(session: RemoteSession) -> Dossier:
    """Write papers and manifest into the session's folder, sign the manifest, and close the session for good."""
    session = get_session(str(session.pk))
    folder = folder_of(session)
    papers = folder / "papers"
    papers.mkdir(parents=True, exist_ok=True)
    for name, content in gather_papers(session).items():
        (papers / name).write_bytes(content)
    manifest = canonical(
        {
            "version": 1,
            "session": str(session.pk),
            "ticket": session.ticket.number,
            "day": session.ticket.day.isoformat(),
            "centre": session.centre.code,
            "placed_at": session.placed_at.isoformat(),
            "live_at": session.live_at.isoformat() if session.live_at else None,
            "ended_at": session.ended_at.isoformat() if session.ended_at else None,
            "tracks": [describe_for_manifest(session, track) for track in session.tracks.order_by("name")],
            "files": {
                f"papers/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(papers.iterdir())
            },
        }
    )
    key = centre_key(session.centre)
    signature = sign(key, manifest.encode())
    (folder / "dossier.json").write_text(manifest, encoding="utf-8")
    (folder / "dossier.sig").write_text(base64.b64encode(signature).decode(), encoding="ascii")
    with transaction.atomic():
        move_session(
            session, "seal", actor="clock", facts={"manifest_sha256": hashlib.sha256(manifest.encode()).hexdigest()}
        )
        return Dossier.objects.create(
            session=session, manifest=manifest, signature=signature, key=key, sealed_at=timezone.now()
        )


def describe_for_manifest(session: RemoteSession, track: RecordingTrack) -> dict[str, Any]:
    """A track's final numbers; a file that a killed node left is measured and held against its last check-point."""
    path = folder_of(session) / f"{track.name}.seg"
    entry: dict[str, Any] = {"name": track.name, "count": track.segments, "head": track.head, "faults": []}
    if not track.is_closed:
        faults = verify_track(path, None, track.segments, track.head, is_final=False) if track.segments else []
        entry["faults"] = ["interrupted", *(fault.code for fault in faults)]
        if path.exists() and not faults:
            position = measure_track(path)
            entry |= {"count": position.count, "head": position.head}
    return entry


def gather_papers(session: RemoteSession) -> dict[str, bytes]:
    """The files of `papers/` by name: journal and rating as JSON, pages and forms as the database seals them."""
    ticket, files = session.ticket, {}
    subjects: list[tuple[str, Any]] = [("session", session.pk), ("ticket", ticket.pk)]
    for case in Case.objects.filter(ticket=ticket):
        subjects.append(("case", case.pk))
        for page in case.pages.all():
            files[f"page-{case.number}-{page.position}.sealed"] = bytes(page.image_sealed)
        for form in case.forms.all():
            files[f"form-{form.pk}.sealed"] = bytes(form.values_sealed)
            for signature in form.signatures.all():
                files[f"signature-{signature.pk}.sealed"] = bytes(signature.strokes_sealed)
    entries = [journal.export(entry) for subject in subjects for entry in journal.entries_for(subject)]
    files["journal.json"] = json.dumps(entries, ensure_ascii=False, indent=1, default=str).encode()
    # Ratings stand above this room: it knows theirs by the ticket alone, and imports nothing of it.
    rating = getattr(ticket, "rating", None)
    if rating is not None:
        files["rating.json"] = canonical(
            {"level": rating.level, "options": rating.options, "at": rating.at.isoformat()}
        ).encode()
    return files


@transaction.atomic
def add_to_sealed_dossier(session: RemoteSession, body: dict[str, Any]) -> DossierAddendum:
    """Something arrived after sealing, such as a rating by telephone: a signed addendum beside the manifest."""
    dossier = Dossier.objects.select_for_update().get(session=session)
    text = canonical(body | {"session": str(session.pk), "manifest_sha256": _sha256(dossier.manifest)})
    key = centre_key(session.centre)
    addendum = DossierAddendum.objects.create(
        dossier=dossier, body=text, signature=sign(key, text.encode()), key=key, at=timezone.now()
    )
    journal.append(("session", session.pk), action="addendum", actor="portal", place=session.centre)
    path = folder_of(session) / f"addendum-{addendum.pk}.json"
    path.write_text(text, encoding="utf-8")
    path.with_suffix(".sig").write_text(base64.b64encode(addendum.signature).decode(), encoding="ascii")
    return addendum


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
