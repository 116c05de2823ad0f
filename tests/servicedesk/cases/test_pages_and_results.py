"""What is captured or uploaded is what it says, bounded, encoded anew or checked, and sealed."""

import io

import pytest
from PIL import Image

from portal.base.journal import services as journal
from portal.base.keyring.services import KeyringError
from servicedesk.cases import services as cases
from servicedesk.cases.errors import BadUpload
from servicedesk.cases.models import CasePage, Result
from servicedesk.residents import services as residents
from tests.servicedesk.cases import at_desk

pytestmark = pytest.mark.django_db


def capture(case, jpeg: bytes, material: str = "居民身份证") -> CasePage:
    return cases.capture_page(case, jpeg=jpeg, material=material, actor="user:1")


def test_a_page_is_encoded_anew_sealed_and_opened_with_a_journal_entry(case):
    exif = Image.Exif()
    exif[0x010E] = "secret description"
    page = capture(case, at_desk.a_jpeg(exif=exif))
    plain = cases.open_page(page, actor="user:3")
    assert Image.open(io.BytesIO(plain)).size == (640, 480)
    assert b"secret description" not in plain
    assert plain[:50] not in bytes(page.image_sealed)
    actions = [(entry.action, entry.actor) for entry in journal.entries_for(("case", case.pk))]
    assert actions[-2:] == [("capture", "user:1"), ("view_page", "user:3")]
    assert [capture(case, at_desk.a_jpeg()).position for _ in range(2)] == [2, 3]


def test_a_page_moved_to_another_row_does_not_open(case):
    first, second = capture(case, at_desk.a_jpeg()), capture(case, at_desk.a_jpeg(320, 200))
    CasePage.objects.filter(pk=second.pk).update(image_sealed=first.image_sealed)
    with pytest.raises(KeyringError):
        cases.open_page(CasePage.objects.get(pk=second.pk), actor="user:1")


def test_a_large_picture_is_made_smaller(case):
    page = capture(case, at_desk.a_jpeg(5000, 3000))
    assert (page.width_px, page.height_px) == (4000, 2400)


def test_png_is_taken_as_well(case):
    assert capture(case, at_desk.a_jpeg(kind="PNG")).width_px == 640


@pytest.mark.parametrize(
    "upload",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + bytes(100),
        b"\xff\xd8\xff\xe0" + bytes(200),
        at_desk.a_jpeg()[:2000],
        at_desk.a_jpeg(kind="TIFF"),
        b"\xff" * (12 * 1024 * 1024 + 1),
        at_desk.a_jpeg(9000, 6000),
    ],
    ids=["nothing", "svg", "gif", "noise", "cut", "tiff", "over 12 MB", "54 million pixels"],
)
def test_an_upload_that_is_not_what_it_says_gets_a_sentence(case, upload):
    with pytest.raises(BadUpload) as refused:
        capture(case, upload)
    assert str(refused.value)
    assert not case.pages.exists()


def attach(case, cast, pdf: bytes) -> Result:
    return cases.attach_result(case, pdf=pdf, title="档案证明", clerk=cast.clerk, actor="user:1")


def test_a_result_keeps_its_bytes_sealed(case, cast):
    pdf = at_desk.a_pdf(pages=2)
    result = attach(case, cast, pdf)
    assert (result.pages, cases.result_pdf(result)) == (2, pdf)
    assert b"%PDF" not in bytes(result.pdf_sealed)


@pytest.mark.parametrize(
    "pdf",
    [
        b"",
        b"%PDF-1.7 but nothing else",
        at_desk.a_jpeg(),
        at_desk.a_pdf()[:300],
        at_desk.a_pdf(program="app.alert('x')"),
        at_desk.a_pdf(attachment=b"hidden"),
        at_desk.a_pdf(password="locked"),
        at_desk.a_pdf(pages=61),
        b"%PDF-" + bytes(12 * 1024 * 1024),
    ],
    ids=[
        "nothing",
        "header only",
        "picture",
        "cut",
        "with a program",
        "with a file",
        "locked",
        "61 pages",
        "over 12 MB",
    ],
)
def test_a_malformed_pdf_gets_a_sentence(case, cast, pdf):
    with pytest.raises(BadUpload) as refused:
        attach(case, cast, pdf)
    assert str(refused.value)
    assert not Result.objects.exists()


def test_after_an_erasure_nothing_of_it_opens(case, cast):
    page, result, form = (
        capture(case, at_desk.a_jpeg()),
        attach(case, cast, at_desk.a_pdf()),
        at_desk.a_signed_form(case),
    )
    residents.erase(case.applicant, actor="user:9", reason="asked_for")
    for attempt in (
        lambda: cases.open_page(page, actor="user:1"),
        lambda: cases.result_pdf(result),
        lambda: cases.form_values(form),
        lambda: cases.strokes_of(form.signatures.get(), case.applicant),
    ):
        with pytest.raises(residents.Erased):
            attempt()
    assert journal.chain_faults(("case", case.pk)) == []


def test_papers_of_long_closed_cases_go_and_the_chain_holds(case, cast):
    from datetime import timedelta

    from django.utils import timezone

    from portal.base.clock import services as clock
    from servicedesk.cases.models import Case, Signature

    capture(case, at_desk.a_jpeg())
    at_desk.a_signed_form(case)
    left = at_desk.papers_left(case, "resident", "clerk")
    cases.return_papers(left, actor="user:1")
    attach(case, cast, at_desk.a_pdf())
    cases.move_case(case, "finish", actor="user:1")
    assert clock.enforce_retention()["case_papers"] == 0
    Case.objects.filter(pk=case.pk).update(closed_at=timezone.now() - timedelta(days=1826))
    assert clock.enforce_retention()["case_papers"] == 5
    assert not Signature.objects.exists() and Case.objects.filter(pk=case.pk).exists()
    assert journal.chain_faults(("case", case.pk)) == []
