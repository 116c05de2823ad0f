"""What is printed says what was filled in: the PDF's text is the form's, the ticket's bytes decode to the ticket."""

import io
import re

import pytest
from django.utils import translation
from PIL import Image
from pypdf import PdfReader

from servicedesk.cases import services as cases
from servicedesk.printouts import services as printouts
from servicedesk.printouts.fonts import missing_glyphs
from servicedesk.printouts.render_paper import Paper, Row, SignatureBox, render_paper, stamp
from servicedesk.printouts.render_ticket import WIDTH_PX, TicketSlip, render_ticket
from tests.equipment.escpos_decoder import decode_escpos, find_qr_codes
from tests.servicedesk.cases import at_desk


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def paper(**changes) -> Paper:
    values = {
        "title": "业务申请表", "rows": [Row("申请人", "邻小安")], "signatures": [SignatureBox("申请人签名")],
        "case_number": "019-261123-0042", "sha256": "ab" * 32, "url": "http://portal.example/track/c/AbCdEf/",
        "printed": "2026-11-23 14:13", "place": "大宁路街道第1居委会",
    }  # fmt: skip
    return Paper(**values | changes)


def pictures(pdf: bytes) -> list[Image.Image]:
    """The pages as a printer would draw them."""
    import subprocess

    drawn = subprocess.run(["pdftoppm", "-r", "150", "-gray", "-"], input=pdf, capture_output=True, check=True).stdout
    found, at = [], 0
    while at < len(drawn):
        header = re.match(rb"P5\s(\d+) (\d+)\s255\s", drawn[at:])
        width, height = int(header[1]), int(header[2])
        start = at + header.end()
        found.append(Image.frombytes("L", (width, height), drawn[start : start + width * height]))
        at = start + width * height
    return found


@pytest.mark.django_db
def test_the_pdf_says_what_the_form_says(case, cast):
    form = at_desk.a_signed_form(case)
    text = squeezed(text_of(printouts.form_pdf(form)))
    with translation.override("zh-hans"):
        view = cases.form_view(form, masked=False)
    for row in view["rows"]:
        assert squeezed(row["label"]) in text
        assert squeezed(row["value"]) in text, row["name"]
    for part in (view["title"], case.number, form.sha256[:32], form.sha256[32:]):
        assert squeezed(part) in text


@pytest.mark.django_db
def test_the_code_in_the_footer_leads_to_the_case(case, settings):
    pdf = printouts.form_pdf(at_desk.a_signed_form(case))
    assert find_qr_codes(pictures(pdf)[0]) == [f"{settings.PORTAL_URL}/track/c/{case.track_code}/"]


@pytest.mark.django_db
def test_the_signature_is_drawn_and_an_unsigned_form_has_an_empty_box(case):
    form = cases.offer_form(at_desk.a_form(case), actor="user:1")
    empty = pictures(printouts.form_pdf(form))[0]
    cases.sign_form(form, strokes=at_desk.STROKES, sha256=form.sha256, role="resident", actor="resident")
    signed = pictures(printouts.form_pdf(form))[0]
    dark = [sum(page.histogram()[:100]) for page in (empty, signed)]
    assert dark[1] > dark[0] + 500


def test_the_font_is_embedded_as_a_small_subset():
    pdf = render_paper(paper())
    fonts = PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/Font"]
    ours = [font.get_object() for font in fonts.values() if "+" in str(font.get_object()["/BaseFont"])]
    assert ours and all("/FontFile2" in font["/FontDescriptor"] for font in ours)
    assert len(pdf) < 120_000


def test_all_choices_are_printed_and_only_the_chosen_box_is_ticked():
    choices = ("在服务点打印", "到受理中心领取")
    shots = [pictures(render_paper(paper(rows=[Row("怎么拿", value, choices)])))[0] for value in choices]
    for value in choices:
        text = text_of(render_paper(paper(rows=[Row("怎么拿", value, choices)])))
        assert all(choice in text for choice in choices)
    assert shots[0].tobytes() != shots[1].tobytes()


def test_a_long_paper_goes_over_pages_and_counts_them():
    rows = [Row(f"第{n}行", "很长的一段话，" * 30) for n in range(12)]
    pdf = render_paper(paper(rows=rows))
    pages = PdfReader(io.BytesIO(pdf)).pages
    with translation.override("en"):
        texts = [page.extract_text() for page in PdfReader(io.BytesIO(render_paper(paper(rows=rows)))).pages]
    assert len(pages) == len(texts) > 1
    for number, text in enumerate(texts, start=1):
        assert f"page {number} of {len(texts)}" in text
        assert "019-261123-0042" in text
    assert squeezed("".join(texts)).count("很长的一段话，") == 12 * 30


def test_no_line_begins_with_a_stop():
    text = text_of(render_paper(paper(rows=[Row("备注", "这是一段很长的备注，用来看看换行。" * 12)])))
    assert not [line for line in text.splitlines() if line[:1] in "，。"]


def test_a_character_that_no_font_has_is_printed_as_a_mark_and_told():
    assert missing_glyphs("邻小安䶮㛃") == []
    assert missing_glyphs("𠮷") == ["𠮷"]
    text = text_of(render_paper(paper(rows=[Row("申请人", "𠮷小安")])))
    assert "〓小安" in text and "U+20BB7" in text


def test_a_reprint_says_so_on_paper_and_the_first_print_does_not():
    assert "补打" in text_of(render_paper(paper(is_reprint=True)))
    assert "补打" not in text_of(render_paper(paper()))


def test_a_stamp_is_on_every_page_and_the_content_stays():
    stamped = stamp(at_desk.a_pdf("certificate", pages=3), "副本", "019-261123-0042")
    for page in PdfReader(io.BytesIO(stamped)).pages:
        text = page.extract_text()
        assert "副本" in text and "certificate" in text and "019-261123-0042" in text


# --- the ticket --------------------------------------------------------------------------------------------------


def slip(**changes) -> TicketSlip:
    values = {
        "number": "Y017", "kind": "远程号", "item": "婚姻登记档案查询", "centre": "大宁路街道社区事务受理服务中心",
        "point": "慧芝湖居委会", "ahead": "前面还有2位。", "wait": "多半等6分钟，很少超过11分钟。",
        "url": "http://portal.example/track/t/AbCdEfGhIjKlMnOp/", "issued": "2026-11-23 14:06",
    }  # fmt: skip
    return TicketSlip(**values | changes)


def test_the_slips_bytes_decode_to_one_cut_slip_with_its_code():
    slips = decode_escpos(render_ticket(slip()))
    assert len(slips) == 1 and slips[0].was_cut
    assert slips[0].qr_codes == ["http://portal.example/track/t/AbCdEfGhIjKlMnOp/"]
    assert slips[0].image.width >= WIDTH_PX and 0.03 < slips[0].ink < 0.4


def test_every_part_of_the_slip_is_drawn():
    whole = decode_escpos(render_ticket(slip()))[0].image.tobytes()
    changed = {
        "number": "Y018", "kind": "号", "item": "社保卡", "centre": "别处", "point": "别处", "ahead": "前面还有3位。",
        "wait": "多半等7分钟。", "issued": "2026-11-23 14:07", "is_reprint": True,
    }  # fmt: skip
    for name, value in changed.items():
        assert decode_escpos(render_ticket(slip(**{name: value})))[0].image.tobytes() != whole, name


def test_a_very_long_item_breaks_and_stays_on_the_slip():
    long = slip(item="城乡居民基本养老保险参保登记及待遇资格认证与补缴申请（含代理）", centre="很长" * 20)
    image = decode_escpos(render_ticket(long))[0].image.convert("L")
    right_edge = image.crop((WIDTH_PX - 8, 0, WIDTH_PX, image.height))
    assert min(right_edge.tobytes()) == 255
    assert find_qr_codes(image)


@pytest.mark.django_db
def test_the_slip_holds_nothing_of_the_person(ticket, cast):
    printed = printouts.slip_of(ticket)
    assert cast.resident.name not in str(printed) and cast.resident.number not in str(printed)
    assert ticket.number == printed.number and ticket.track_code in printed.url
