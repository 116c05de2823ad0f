"""Checking a dossier folder offline: needs the folder and the centre's public key, no database and no secret."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from servicedesk.remote.media.sealing import verify_track


def faults_of(folder: Path, public_key: bytes) -> list[str]:
    """What is wrong with the dossier, a sentence each; an empty list when all of it is as it was sealed."""
    manifest_path, signature_path = folder / "dossier.json", folder / "dossier.sig"
    if not manifest_path.is_file() or not signature_path.is_file():
        return ["dossier.json or dossier.sig is missing: this folder was never sealed, or they were removed."]
    manifest_bytes = manifest_path.read_bytes()
    if not _is_signed(public_key, manifest_bytes, signature_path):
        return ["dossier.json: the signature does not fit. It was changed, or another centre's key was given."]
    manifest = json.loads(manifest_bytes)
    faults = []
    for track in manifest["tracks"]:
        name = f"{track['name']}.seg"
        found = verify_track(folder / name, None, track["count"], track["head"], is_final=not track["faults"])
        faults += [f"{name}: {fault.message}" for fault in found]
    for name, digest in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{name}: the file is missing.")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            faults.append(f"{name}: the file was changed.")
    listed = set(manifest["files"])
    extra = [path for path in sorted((folder / "papers").glob("*")) if f"papers/{path.name}" not in listed]
    faults += [f"papers/{path.name}: the file is not in the manifest." for path in extra]
    tracks = {f"{track['name']}.seg" for track in manifest["tracks"]}
    faults += [f"{path.name}: not in the manifest." for path in sorted(folder.glob("*.seg")) if path.name not in tracks]
    faults += _journal_faults(folder / "papers/journal.json")
    for addendum in sorted(folder.glob("addendum-*.json")):
        if not _is_signed(public_key, addendum.read_bytes(), addendum.with_suffix(".sig")):
            faults.append(f"{addendum.name}: the signature does not fit.")
    return faults


def _is_signed(public_key: bytes, message: bytes, signature_path: Path) -> bool:
    try:
        signature = base64.b64decode(signature_path.read_text("ascii"))
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError, OSError):
        return False
    return True


def _journal_faults(path: Path) -> list[str]:
    """Each subject's entries must follow one another, and each hash must be its own content's."""
    if not path.is_file():
        return ["papers/journal.json: the file is missing."]
    faults: list[str] = []
    last: dict[tuple[str, str], Any] = {}
    for entry in json.loads(path.read_bytes()):
        subject_type, subject_id, position = entry["subject"]
        subject = (subject_type, subject_id)
        before = last.get(subject, {"position": 0, "hash": ""})
        if position != before["position"] + 1 or entry["previous"] != before["hash"]:
            faults.append(f"journal: entry {position} of {subject_type} does not follow the one before it.")
        if entry["hash"] != _digest(entry):
            faults.append(f"journal: entry {position} of {subject_type} was changed.")
        last[subject] = {"position": position, "hash": entry["hash"]}
    return faults


def _digest(entry: dict[str, Any]) -> str:
    body = {
        name: entry[name] for name in ("id", "subject", "at", "actor", "place", "action", "change", "facts", "previous")
    }
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
