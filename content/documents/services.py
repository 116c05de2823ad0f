"""Looking at an uploaded file before it is kept."""

from pathlib import PurePath

from django.core.files.base import File
from django.utils.translation import gettext as _

MAX_BYTES = 20 * 1024 * 1024
FIRST_BYTES = {
    ".pdf": b"%PDF-",
    ".docx": b"PK\x03\x04",
    ".xlsx": b"PK\x03\x04",
    ".odt": b"PK\x03\x04",
    ".ods": b"PK\x03\x04",
}


def file_fault(upload: File) -> str:
    """What is wrong with the upload, as a sentence; empty when nothing is."""
    if upload.size > MAX_BYTES:
        return _("This file is larger than 20 MB. Make it smaller, or split it.")
    suffix = PurePath(upload.name or "").suffix.lower()
    upload.seek(0)
    head = upload.read(1024)
    upload.seek(0)
    expected = FIRST_BYTES.get(suffix)
    if expected is not None and not head.startswith(expected):
        return _("This file is not what its name says (%(suffix)s). Save it again in that format.") % {"suffix": suffix}
    if suffix == ".txt" and b"\x00" in head:
        return _("This file is not plain text. Save it again as text.")
    return ""
