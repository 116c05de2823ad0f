"""Signs of a point: real PDFs whose text says what the page says, and whose QR leads there."""

import io

import pytest
from pypdf import PdfReader
from reportlab.lib.pagesizes import A3, A4

from content.points import signs
from portal.base.places.models import Place

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(site, cast, client_for):
    return client_for(cast.editor)


def words(content: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).replace("\n", "")


def test_the_poster_says_what_people_need(editor, cast, settings):
    Place.objects.filter(pk=cast.point.pk).update(phone="021-5550 1234", address="演示路 1 号")
    for size, paper in (("a4", A4), ("a3", A3)):
        content = editor.get(f"/cms/points/{cast.point.code}/sign/{size}/").content
        page = PdfReader(io.BytesIO(content)).pages[0]
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(paper, abs=0.1)
        text = words(content)
        for wanted in (
            cast.point.name,
            "021-5550 1234",
            "演示路 1 号",
            "无台阶",
            "每天",
            f"/points/{cast.point.code}/",
        ):
            assert wanted in text, wanted


def test_a_sheet_of_door_signs_repeats_the_name(editor, cast):
    text = words(editor.get(f"/cms/points/{cast.point.code}/sign/doors/").content)
    assert text.count("邻办") == signs.DOORS_ACROSS * signs.DOORS_DOWN
    assert editor.get(f"/cms/points/{cast.point.code}/sign/a9/").status_code == 404


def test_the_colours_are_the_themes_own():
    assert signs.theme_colours("jingan")["brand"].hexval() == "0x14594c"
    assert signs.theme_colours("kaifu")["brand"].hexval() == "0x1a4e80"


def test_a_long_name_is_made_smaller_and_never_cut(cast):
    name = "上海市静安区大宁路街道慧芝湖花园第一第二第三居民委员会党群服务站暨老年人日间照料中心"
    sign = signs.Sign(
        name=name, kind="", url="https://x.example/", theme="kaifu", brand="邻办", place="", call_to_scan="扫"
    )
    assert name in words(signs.sign_pdf(sign, "a4"))
