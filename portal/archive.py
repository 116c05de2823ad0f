"""The file format of a backup: one tar with a manifest, checked by hash and MAC; no Django, so that it opens anywhere.

`python -m portal.archive keys FILE` prints the environment's secrets of a backup, which a new machine needs before
anything of the portal can start. Layout of the tar, in this order:

    secrets.sealed     JSON: scrypt's salt, nonce and AES-256-GCM ciphertext of {"KEYRING", "SECRET_KEY"}
    database/…         linban.sqlite3 (SQLite's backup API) or linban.dump (pg_dump's custom format)
    media/… recordings/…
    manifest.json      format, made_at, engine, key_ids, files: path → {bytes, sha256}
    manifest.mac       HMAC-SHA-256 over manifest.json, under a second key of the same passphrase
"""

import base64
import hashlib
import hmac
import io
import json
import os
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT: Final = 1
MIN_PASSPHRASE_CHARACTERS: Final = 12
BLOCK_BYTES: Final = 1024 * 1024
# RFC 7914; 64 MiB and about a quarter of a second: dear for guessing, cheap for one opening.
SCRYPT: Final = {"n": 2**16, "r": 8, "p": 1, "maxmem": 128 * 1024 * 1024, "dklen": 64}
TREES: Final = ("media", "recordings")


class ArchiveError(Exception):
    """A backup cannot be made or read; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Keys:
    """The two keys that a passphrase and a salt give: one seals the secrets, one signs the manifest."""

    sealing: bytes
    signing: bytes


def derive_keys(passphrase: str, salt: bytes) -> Keys:
    """Both keys from the passphrase. Raises `ArchiveError` when it is too short."""
    if len(passphrase) < MIN_PASSPHRASE_CHARACTERS:
        raise ArchiveError(f"The passphrase is too short; it needs at least {MIN_PASSPHRASE_CHARACTERS} characters.")
    material = hashlib.scrypt(passphrase.encode(), salt=salt, **SCRYPT)
    return Keys(sealing=material[:32], signing=material[32:])


def seal_secrets(secrets: dict[str, str], passphrase: str) -> tuple[bytes, Keys]:
    """The bytes of secrets.sealed, and the keys that went into it."""
    salt, nonce = os.urandom(16), os.urandom(12)
    keys = derive_keys(passphrase, salt)
    sealed = AESGCM(keys.sealing).encrypt(nonce, json.dumps(secrets).encode(), b"linban-backup-secrets")
    fields = {"salt": salt, "nonce": nonce, "sealed": sealed}
    return json.dumps({name: base64.b64encode(value).decode() for name, value in fields.items()}).encode(), keys


def open_secrets(blob: bytes, passphrase: str) -> tuple[dict[str, str], Keys]:
    """The inverse of `seal_secrets`. Raises `ArchiveError` for a wrong passphrase or a changed file."""
    try:
        fields = {name: base64.b64decode(value, validate=True) for name, value in json.loads(blob).items()}
        keys = derive_keys(passphrase, fields["salt"])
        opened = AESGCM(keys.sealing).decrypt(fields["nonce"], fields["sealed"], b"linban-backup-secrets")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArchiveError("secrets.sealed cannot be read: it is damaged, or this is no backup of Linban.") from error
    except InvalidTag as error:
        raise ArchiveError("The passphrase does not open this backup, or its secrets were changed.") from error
    return json.loads(opened), keys


class _Hashing(io.RawIOBase):
    """Reads `size` bytes of a file and no more, hashing them: a recording may grow while it is copied."""

    def __init__(self, source: IO[bytes], size: int) -> None:
        self.source, self.left, self.digest = source, size, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.source.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(block)
        self.digest.update(block)
        return block


class Writer:
    """Writes one backup; used with `with`, which leaves either the whole file or none."""

    def __init__(self, target: Path, *, secrets: dict[str, str], passphrase: str) -> None:
        sealed, self._keys = seal_secrets(secrets, passphrase)
        self.target = target
        self._unfinished = target.with_name(target.name + ".part")
        self._files: dict[str, dict[str, Any]] = {}
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._raw = os.fdopen(descriptor, "wb")
        self._tar = tarfile.open(fileobj=self._raw, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._add_bytes("secrets.sealed", sealed)

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: object, _trace: object) -> None:
        self._tar.close()
        if kind is None:
            self._raw.flush()
            os.fsync(self._raw.fileno())
        self._raw.close()
        if kind is None:
            self._unfinished.rename(self.target)
        else:
            self._unfinished.unlink(missing_ok=True)

    def _add_bytes(self, name: str, content: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(content), 0o600
        self._tar.addfile(entry, io.BytesIO(content))

    def add_file(self, name: str, path: Path) -> bool:
        """Add one file under `name`; False when it has gone in the meantime (retention may remove it)."""
        try:
            source = path.open("rb")
        except FileNotFoundError:
            return False
        with source:
            status = os.fstat(source.fileno())
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = status.st_size, 0o600, status.st_mtime
            hashing = _Hashing(source, status.st_size)
            self._tar.addfile(entry, hashing)  # type: ignore[arg-type]
            self._files[name] = {"bytes": status.st_size, "sha256": hashing.digest.hexdigest()}
        return True

    def add_tree(self, name: str, folder: Path) -> int:
        """Add every regular file below the folder; their number. Links and half-written parts are left out."""
        added = 0
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            if path.is_file() and not path.is_symlink():
                added += self.add_file(f"{name}/{path.relative_to(folder).as_posix()}", path)
        return added

    def finish(self, facts: dict[str, Any]) -> None:
        """Write the manifest and its MAC; nothing can be added after it."""
        manifest = json.dumps({"format": FORMAT, **facts, "files": self._files}, indent=1, sort_keys=True).encode()
        self._add_bytes("manifest.json", manifest)
        self._add_bytes("manifest.mac", hmac.new(self._keys.signing, manifest, hashlib.sha256).hexdigest().encode())


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in archive:
        path = PurePosixPath(member.name)
        if not member.isreg() or path.is_absolute() or ".." in path.parts:
            raise ArchiveError(f"{member.name}: this is no plain file inside the backup.")
        yield member


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    assert stream is not None, "regular members have content"
    return stream.read()


def _open(path: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(path, "r:")
    except FileNotFoundError as error:
        raise ArchiveError(f"{path} is not there.") from error
    except (tarfile.TarError, OSError) as error:
        raise ArchiveError(f"{path} is no backup of Linban: {error}.") from error


def read_secrets(path: Path, passphrase: str) -> dict[str, str]:
    """KEYRING and SECRET_KEY as they were when the backup was made."""
    with _open(path) as archive:
        try:
            member = archive.getmember("secrets.sealed")
        except (KeyError, tarfile.TarError) as error:
            raise ArchiveError(f"{path} holds no secrets; it is no backup of Linban.") from error
        return open_secrets(_read(archive, member), passphrase)[0]


def verify(path: Path, passphrase: str) -> dict[str, Any]:
    """The manifest, after every byte was checked against it.

    Raises:
        ArchiveError: a wrong passphrase; something changed, cut, missing or added.
    """
    found: dict[str, dict[str, Any]] = {}
    small: dict[str, bytes] = {}
    with _open(path) as archive:
        try:
            for member in _members(archive):
                if member.name in {"secrets.sealed", "manifest.json", "manifest.mac"}:
                    small[member.name] = _read(archive, member)
                    continue
                digest = hashlib.sha256()
                stream = archive.extractfile(member)
                assert stream is not None, "regular members have content"
                while block := stream.read(BLOCK_BYTES):
                    digest.update(block)
                found[member.name] = {"bytes": member.size, "sha256": digest.hexdigest()}
        except (tarfile.TarError, EOFError, OSError) as error:
            raise ArchiveError(f"{path} is cut or damaged: {error}.") from error
    missing = {"secrets.sealed", "manifest.json", "manifest.mac"} - set(small)
    if missing:
        raise ArchiveError(f"{path} is cut: {sorted(missing)[0]} is missing.")
    keys = open_secrets(small["secrets.sealed"], passphrase)[1]
    expected = hmac.new(keys.signing, small["manifest.json"], hashlib.sha256).hexdigest().encode()
    if not hmac.compare_digest(expected, small["manifest.mac"]):
        raise ArchiveError("manifest.json was changed.")
    manifest: dict[str, Any] = json.loads(small["manifest.json"])
    if manifest["format"] != FORMAT:
        raise ArchiveError(f"This backup has format {manifest['format']}; this version reads {FORMAT}.")
    for name in sorted(set(manifest["files"]) | set(found)):
        if name not in found:
            raise ArchiveError(f"{name} is missing.")
        if name not in manifest["files"]:
            raise ArchiveError(f"{name} was added.")
        if found[name] != manifest["files"][name]:
            raise ArchiveError(f"{name} was changed.")
    return manifest


def extract(path: Path, prefix: str, target: Path) -> int:
    """Write the files below `prefix/` into the target folder; their number. Call `verify` first."""
    count = 0
    with _open(path) as archive:
        for member in _members(archive):
            if not member.name.startswith(prefix + "/"):
                continue
            place = target / member.name.removeprefix(prefix + "/")
            place.parent.mkdir(parents=True, exist_ok=True)
            stream = archive.extractfile(member)
            assert stream is not None, "regular members have content"
            with place.open("wb") as output:
                while block := stream.read(BLOCK_BYTES):
                    output.write(block)
            os.utime(place, (member.mtime, member.mtime))
            count += 1
    return count


def read_passphrase(path: str | None) -> str:
    """From the file's first line, or from BACKUP_PASSPHRASE; never from the command line, which others can see."""
    if path:
        try:
            lines = Path(path).read_text("utf-8").splitlines()
        except OSError as error:
            raise ArchiveError(f"{path} cannot be read: {error.strerror}.") from error
        return lines[0] if lines else ""
    passphrase = os.environ.get("BACKUP_PASSPHRASE", "")
    if not passphrase:
        raise ArchiveError("There is no passphrase: set BACKUP_PASSPHRASE, or give --passphrase-file FILE.")
    return passphrase


def main(arguments: list[str]) -> int:
    has_file = len(arguments) == 4 and arguments[2] == "--passphrase-file"
    if arguments[:1] != ["keys"] or not (len(arguments) == 2 or has_file):
        sys.stderr.write("Usage: python -m portal.archive keys FILE [--passphrase-file FILE]\n")
        return 2
    try:
        found = read_secrets(Path(arguments[1]), read_passphrase(arguments[3] if arguments[2:] else None))
    except ArchiveError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, value in found.items():
        sys.stdout.write(f"{name}='{value}'\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
