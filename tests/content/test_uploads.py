"""Uploads: pictures are drawn anew without their metadata, and files must be what they say."""

import io

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image

from content.documents.models import PortalDocument
from content.images.models import PortalImage

pytestmark = pytest.mark.django_db


def jpeg(width: int, height: int) -> ContentFile:
    picture = Image.new("RGB", (width, height), "teal")
    exif = Image.Exif()
    exif[0x010E] = "taken at somebody's home"
    exif[0x0112] = 6
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    return ContentFile(out.getvalue(), name="Foto.jpeg")


def test_a_picture_loses_its_metadata_and_is_bounded_and_upright():
    image = PortalImage(title="门口", file=jpeg(4000, 2000))
    image.full_clean()
    image.save()
    assert (image.width, image.height) == (1280, 2560)
    with image.file.open() as stored, Image.open(stored) as picture:
        assert not picture.getexif()
        assert picture.format == "JPEG"


def test_a_picture_that_is_saved_by_a_script_is_drawn_anew_too():
    image = PortalImage(title="门口", file=jpeg(40, 20))
    image.save()
    with image.file.open() as stored:
        assert b"somebody's home" not in stored.read()


def test_what_is_no_picture_is_refused_in_words(chinese):
    image = PortalImage(title="门口", file=ContentFile(b"<svg onload=alert(1)>", name="x.png"), width=1, height=1)
    with pytest.raises(ValidationError) as refused:
        image.clean()
    assert "打不开这张图" in str(refused.value)


def test_a_document_must_be_what_its_name_says(chinese):
    document = PortalDocument(title="表", file=ContentFile(b"MZ not a pdf", name="form.pdf"))
    with pytest.raises(ValidationError) as refused:
        document.clean()
    assert "不符" in str(refused.value)
    PortalDocument(title="表", file=ContentFile(b"%PDF-1.7 ...", name="form.pdf")).clean()
