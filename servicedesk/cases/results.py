"""What came out of a case: a PDF, kept byte for byte as the office sealed it."""

import hashlib
import io
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.base.accounts.models import User
from servicedesk.cases.errors import BadUpload
from servicedesk.cases.locking import lock, note
from servicedesk.cases.models import Case, Result
from servicedesk.residents import services as residents

if TYPE_CHECKING:
    from pypdf import PdfReader

MAX_PDF_BYTES = 12 * 1024 * 1024
MAX_PDF_PAGES = 60


def attach_result(case: Case, *, pdf: bytes, title: str, clerk: User, actor: str) -> Result:
    """Attach what came out of the case, a PDF that can be opened.

    Raises:
        BadUpload: it is no PDF, is locked, or has too many pages.
    """
    # Here and not above: every start would wait half a second for what is used when a result comes back.
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    if len(pdf) > MAX_PDF_BYTES:
        raise BadUpload(_("The PDF is larger than 12 MB."))
    try:
        reader = PdfReader(io.BytesIO(pdf), strict=False)
        pages = len(reader.pages)
        is_locked = reader.is_encrypted
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        raise BadUpload(
            _("This is not a PDF that can be opened. Export it again from the acceptance system.")
        ) from error
    if _has_active_content(reader):
        raise BadUpload(_("The PDF carries a program or attached files. Print it to a new PDF, then attach that one."))
    if is_locked or not 0 < pages <= MAX_PDF_PAGES:
        raise BadUpload(_("The PDF is locked, empty, or longer than %(count)d pages.") % {"count": MAX_PDF_PAGES})
    with transaction.atomic():
        case = lock(case)
        result = Result(
            case=case,
            title=title,
            sha256=hashlib.sha256(pdf).hexdigest(),
            pages=pages,
            attached_by=clerk,
            attached_at=timezone.now(),
        )
        result.pdf_sealed = residents.seal_for(case.applicant, pdf, aad=f"cases.result.pdf:{result.pk}")
        result.save(force_insert=True)
        note(
            case,
            "attach_result",
            actor=actor,
            facts={"result": str(result.pk), "sha256": result.sha256, "pages": pages},
        )
    return result


def _has_active_content(reader: "PdfReader") -> bool:
    """Whether the PDF runs something or carries files (ISO 32000-1, 7.11.4 and 12.6).

    Its bytes stay as the office sealed them: encoding them anew would break its electronic seal.
    """
    if reader.is_encrypted:
        return False
    root = reader.root_object
    names = root.get("/Names")
    names = names.get_object() if names is not None else {}
    if "/JavaScript" in names or "/EmbeddedFiles" in names or "/AA" in root:
        return True
    opened = root.get("/OpenAction")
    opened = opened.get_object() if opened is not None else None
    return isinstance(opened, dict) and opened.get("/S") in ("/JavaScript", "/Launch", "/URI", "/SubmitForm")


def result_pdf(result: Result) -> bytes:
    """The result's PDF as it was attached."""
    return residents.open_for(result.case.applicant, result.pdf_sealed, aad=f"cases.result.pdf:{result.pk}")
