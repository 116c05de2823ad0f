"""The bridge's own sentences in the language of its configuration, from the same catalogue as the portal's."""

import gettext
from pathlib import Path
from typing import Final

_LOCALE_DIR: Final = Path(__file__).resolve().parent.parent / "locale"
_translations: gettext.NullTranslations = gettext.NullTranslations()


def use_language(language: str) -> None:
    """Speak this language from now on; without a compiled catalogue the English sentences stay."""
    global _translations
    _translations = gettext.translation("django", localedir=_LOCALE_DIR, languages=[language], fallback=True)


def _(sentence: str) -> str:
    """Return the sentence in the chosen language."""
    return _translations.gettext(sentence)
