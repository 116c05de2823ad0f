"""The one thing to do now: what the kiosk may ask of the resident, each with its picture."""

from django.utils.translation import gettext_lazy as _

INSTRUCTIONS = {
    "card_on_reader": _("Put the identity card on the reader"),
    "card_under_camera": _("Put the card under the camera"),
    "page_under_camera": _("Put the paper under the camera"),
    "look_here": _("Look into the camera"),
    "read_form": _("Read the form on the second screen"),
    "sign": _("Sign on the second screen"),
    "take_print": _("Take the paper from the printer"),
    "wait": _("Please wait a moment"),
}
