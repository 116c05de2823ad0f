"""Drawing an uploaded picture anew, so that nothing but its pixels comes in."""

import io
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

MAX_SIDE_PX = 2560
MAX_PIXELS = 50_000_000
KEPT_FORMATS = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp"}


def redraw(upload: File) -> ContentFile:
    """The same picture as bytes of our own: turned upright, at most 2560 px a side, without metadata.

    JPEG, PNG and WebP stay what they are; every other readable format becomes PNG.

    Raises:
        ValidationError: it is no picture, or has more pixels than we are willing to open.
    """
    upload.seek(0)
    try:
        with Image.open(upload) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise ValidationError(_("This picture is too large. Make it smaller than 50 million pixels first."))
            kept = picture.format if picture.format in KEPT_FORMATS else "PNG"
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
            has_alpha = "A" in upright.getbands() or "transparency" in upright.info
            drawn = upright.convert("RGBA" if has_alpha and kept != "JPEG" else "RGB")
    except ValidationError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValidationError(
            _("This file cannot be opened as a picture. Save it as JPEG or PNG and try again.")
        ) from error
    # A fresh image carries no info dictionary, so no EXIF, comment or profile can follow.
    clean = Image.new(drawn.mode, drawn.size)
    clean.paste(drawn)
    out = io.BytesIO()
    by_format: dict[str, dict[str, int]] = {"JPEG": {"quality": 88, "optimize": 1}, "WEBP": {"quality": 88}, "PNG": {}}
    clean.save(out, kept, **by_format[kept])
    return ContentFile(out.getvalue(), name=PurePath(upload.name or "picture").stem[:80] + KEPT_FORMATS[kept])
