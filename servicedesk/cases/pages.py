"""Captured pages: nothing of an upload but its pixels comes in, sealed under the applicant's key."""

import hashlib
import io

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from portal.base.ids import new_id
from portal.base.journal import services as journal
from servicedesk.cases.errors import BadUpload
from servicedesk.cases.locking import lock, lock_open, note
from servicedesk.cases.models import Case, CasePage
from servicedesk.residents import services as residents

MAX_PICTURE_BYTES = 12 * 1024 * 1024
MAX_SIDE_PX = 4000
MAX_PIXELS = 40_000_000
MAX_PAGES = 60
JPEG_QUALITY = 85


def capture_page(case: Case, *, jpeg: bytes, material: str, actor: str) -> CasePage:
    """Put a captured page into the case, encoded anew and sealed under the applicant's key.

    Raises:
        BadUpload: it is no picture, or too large.
        CaseClosed: the case is over.
    """
    clean, width_px, height_px = _clean_jpeg(jpeg)
    with transaction.atomic():
        case = lock_open(case)
        if case.pages.count() >= MAX_PAGES:
            raise BadUpload(
                _("The case has %(count)d pages already. Open another case for more.") % {"count": MAX_PAGES}
            )
        page = CasePage(
            id=new_id(),
            case=case,
            position=case.pages.count() + 1,
            material=material[:120],
            sha256=hashlib.sha256(clean).hexdigest(),
            width_px=width_px,
            height_px=height_px,
            captured_at=timezone.now(),
        )
        page.image_sealed = residents.seal_for(case.applicant, clean, aad=f"cases.page.image:{page.pk}")
        page.save(force_insert=True)
        facts = {"page": str(page.pk), "position": page.position, "sha256": page.sha256}
        note(case, "capture", actor=actor, facts=facts)
    return page


@transaction.atomic
def open_page(page: CasePage, *, actor: str) -> bytes:
    """The page's JPEG; each look is journalled."""
    case = lock(page.case)
    jpeg = residents.open_for(case.applicant, page.image_sealed, aad=f"cases.page.image:{page.pk}")
    journal.append(("case", case.pk), action="view_page", actor=actor, place=case.centre, facts={"page": str(page.pk)})
    return jpeg


def _clean_jpeg(upload: bytes) -> tuple[bytes, int, int]:
    """The picture encoded anew: nothing of the upload but its pixels comes in."""
    if len(upload) > MAX_PICTURE_BYTES:
        raise BadUpload(_("The picture is larger than 12 MB. Take it again."))
    try:
        with Image.open(io.BytesIO(upload), formats=("JPEG", "PNG", "WEBP")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise BadUpload(_("The picture is too large. Take it again."))
            plain = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise BadUpload(_("This is not a picture. Take the page again.")) from error
    plain.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue(), plain.width, plain.height
