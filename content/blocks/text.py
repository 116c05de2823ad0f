"""The few blocks of which an ordinary page is made."""

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageChooserBlock

PLAIN_FEATURES = ["bold", "ol", "ul", "link", "document-link"]


class StepsBlock(blocks.StructBlock):
    title = blocks.CharBlock(label=_("heading"), required=False, max_length=60)
    steps = blocks.ListBlock(blocks.CharBlock(max_length=200), label=_("steps"))

    class Meta:
        icon = "list-ol"
        label = _("steps")
        template = "blocks/steps.html"


class NextStepBlock(blocks.StructBlock):
    """What cannot be done here, and what to do instead, in one block."""

    text = blocks.CharBlock(label=_("what cannot be done"), max_length=200)
    next_step = blocks.CharBlock(label=_("next step"), max_length=200)

    class Meta:
        icon = "arrow-right"
        label = _("not here, but there")
        template = "blocks/next_step.html"


class PictureBlock(blocks.StructBlock):
    image = ImageChooserBlock(label=_("image"))
    caption = blocks.CharBlock(label=_("caption"), required=False, max_length=120)

    class Meta:
        icon = "image"
        label = _("picture")
        template = "blocks/picture.html"


class BodyBlock(blocks.StreamBlock):
    heading = blocks.CharBlock(label=_("heading"), max_length=60, icon="title", template="blocks/heading.html")
    paragraph = blocks.RichTextBlock(label=_("paragraph"), features=PLAIN_FEATURES, template="blocks/paragraph.html")
    steps = StepsBlock()
    next_step = NextStepBlock()
    picture = PictureBlock()
