"""Sentences of Wagtail's scripts that its own Chinese catalogue lacks; locale/parts/wagtail.po has the rest of Wagtail."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_noop, ngettext
from django.views.i18n import JavaScriptCatalog
from wagtail.admin.localization import get_localized_response

SENTENCES = (
    gettext_noop("(%(number)s new items in this menu)"),
    gettext_noop("(1 new item in this menu)"),
    gettext_noop("(New)"),
    gettext_noop("A network error occurred."),
    gettext_noop("A server error occurred."),
    gettext_noop("Autosave in progress…"),
    gettext_noop("Blocks"),
    gettext_noop("Changes have been autosaved."),
    gettext_noop("Complex"),
    gettext_noop("Error while sending preview data."),
    gettext_noop("Fair"),
    gettext_noop("Good"),
    gettext_noop("Insert a block"),
    gettext_noop("Split block"),
    gettext_noop("Write something or type ‘/’ to insert a block"),
)


class _Words(JavaScriptCatalog):
    packages = ["wagtail.admin"]

    def get_catalog(self) -> dict[str, Any]:
        ours: dict[str, Any] = {sentence: gettext(sentence) for sentence in SENTENCES}
        ours |= {
            "%(num)s error": [ngettext("%(num)s error", "%(num)s errors", count) for count in (1, 2)],
            "%(num)s min": [ngettext("%(num)s min", "%(num)s mins", count) for count in (1, 2)],
            "%(num)s pixel": [ngettext("%(num)s pixel", "%(num)s pixels", count) for count in (1, 2)],
        }
        return ours | super().get_catalog()


_words = _Words.as_view()


def script_words(request: HttpRequest) -> HttpResponse:
    """Wagtail's catalogue for its scripts in the language of the account, with what it lacks."""
    return get_localized_response(_words, request)
