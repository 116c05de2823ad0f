"""What an editor is warned of: one function a check, used by the form, the dashboard and `manage.py check_content`.

Nothing here blocks saving or publishing; logical faults of rules, which do, are the rules' own.
"""

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Model
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Page, Site

from content.editing.written import Text, Written, written_of
from content.items.models import ServiceItem

LONGEST_SENTENCE = 40
SENTENCE_ENDS = re.compile(r"[。！？；!?;\n]+")
WORDS_FILE = Path(__file__).parent / "data/plain_words.tsv"
# A mobile number, a landline with or without its area code and extension, a service number, a 400 or 800 number.
PHONE = re.compile(r"^(1[3-9]\d{9}|(0\d{2,3}-?)?\d{7,8}(-\d{1,6})?|1[0-2]\d{3}|9\d{4,5}|[48]00-?\d{3}-?\d{4})$")
SAID_PHONE = re.compile(r"(?:电话|热线|致电|拨打)(?:号码)?[：:\s]*([0-9０-９][0-9０-９\-－—\s转]{1,20})")
AMOUNT = re.compile(r"\d[\d,，.]*\s*(?:万)?元")
YEAR = re.compile(r"(?:19|20)\d{2}")
ADDRESS = re.compile(r"https?://[^\s，。；）)\"'<>]+|(?<![\w/:.])/[a-z][\w\-./]*", re.ASCII)
RICH_LINK = re.compile(r'<a [^>]*linktype="page"[^>]*\bid="(\d+)"|<a [^>]*\bid="(\d+)"[^>]*linktype="page"')


@dataclass(frozen=True)
class Finding:
    """One thing to look at: which check, where, what is wrong and what to do, and the words in question."""

    code: str
    field: str
    label: str
    message: str
    detail: str = ""


Check = Callable[[Written], Iterator[Finding]]

CODES = {
    "next_step": gettext_lazy("no next step"),
    "law": gettext_lazy("legal basis past its date"),
    "link": gettext_lazy("broken link"),
    "long": gettext_lazy("long sentence"),
    "jargon": gettext_lazy("official word"),
    "phone": gettext_lazy("telephone"),
    "amount": gettext_lazy("amount without a date"),
}


def missing_next_step(written: Written) -> Iterator[Finding]:
    """A refusal that does not say what to do instead."""
    for field, refused, next_step in written.refusals:
        if not next_step.strip():
            yield Finding("next_step", field, refused, _("Say what people can do instead."))


def law_past_its_date(written: Written) -> Iterator[Finding]:
    """A legal basis that is no longer in force."""
    today = timezone.localdate()
    for law in written.laws:
        if law.valid_until and law.valid_until < today:
            message = _("In force only until %s. Look for what took its place.") % law.valid_until.isoformat()
            yield Finding("law", "bases", law.title, message)


def broken_links(written: Written) -> Iterator[Finding]:
    """An address of this site that leads nowhere, or a link to a page that is not there any more."""
    for text in written.texts:
        for address in ADDRESS.findall(text.words):
            if not _leads_somewhere(address):
                yield Finding("link", text.field, text.label, _("This address leads nowhere here."), address)
        for found in RICH_LINK.finditer(text.html):
            page_id = int(found.group(1) or found.group(2))
            if not Page.objects.live().filter(pk=page_id).exists():
                yield Finding("link", text.field, text.label, _("It links to a page that is not published."))


def _leads_somewhere(address: str) -> bool:
    """Whether an address of ours is answered; those of others are taken as they are."""
    parts = urlsplit(address)
    if parts.netloc and parts.netloc != urlsplit(settings.PORTAL_URL).netloc:
        return True
    path = parts.path.rstrip(".") or "/"
    if path.startswith("/en/"):
        path = path[3:]
    if not path.endswith("/") and "." not in path.rsplit("/", 1)[-1]:
        path += "/"
    if found := re.fullmatch(r"/guides/([\w-]+)/", path):
        return ServiceItem.objects.filter(key=found.group(1), is_active=True).exists()
    try:
        with translation.override(settings.LANGUAGE_CODE):
            match = resolve(path)
    except Resolver404:
        return False
    if match.url_name != "wagtail_serve":
        return True
    site = Site.objects.filter(is_default_site=True).select_related("root_page").first()
    return bool(site) and Page.objects.live().filter(url_path=site.root_page.url_path.rstrip("/") + path).exists()


def long_sentences(written: Written) -> Iterator[Finding]:
    """A sentence of more than 40 characters."""
    for text in written.texts:
        for sentence in SENTENCE_ENDS.split(text.words):
            sentence = sentence.strip()
            if len(re.sub(r"\s", "", sentence)) > LONGEST_SENTENCE:
                message = _("Longer than 40 characters: make two sentences of it.")
                yield Finding("long", text.field, text.label, message, Truncator(sentence).chars(30))


@functools.cache
def plain_words() -> dict[str, str]:
    """By official word the plain one, longest first, so that the longer of two overlapping words is found."""
    lines = [line.split("\t") for line in WORDS_FILE.read_text("utf-8").splitlines() if line and line[0] != "#"]
    return dict(sorted(((word, plain) for word, plain in lines), key=lambda pair: -len(pair[0])))


@functools.cache
def _jargon() -> re.Pattern[str]:
    # A single character counts only where it begins a sentence: inside, it is mostly part of another word.
    words = [re.escape(word) if len(word) > 1 else rf"(?:^|(?<=[。；，\n])){word}" for word in plain_words()]
    return re.compile("|".join(words))


def official_words(written: Written) -> Iterator[Finding]:
    """A word of offices, with the plain word beside it; each once a field."""
    for text in written.texts:
        if text.field == "name":
            continue  # What an item is called is not for us to change.
        for word in dict.fromkeys(_jargon().findall(text.words)):
            message = _("“%(word)s”: people say “%(plain)s”.") % {"word": word, "plain": plain_words()[word]}
            yield Finding("jargon", text.field, text.label, message)


def telephones_that_are_none(written: Written) -> Iterator[Finding]:
    """A telephone that cannot be dialled."""
    said = [
        Text(text.field, text.label, number.strip(" -－—"))
        for text in written.texts
        for number in SAID_PHONE.findall(text.words)
    ]
    for phone in [*written.phones, *said]:
        for number in re.split(r"[、，,/；;]", phone.words):
            plain = re.sub(r"[\s－—]", "-", number.strip().replace("转", "-"))
            if not PHONE.match(re.sub(r"-{2,}", "-", plain)):
                message = _("This is no telephone number that can be dialled.")
                yield Finding("phone", phone.field, phone.label, message, number.strip())


def amounts_without_date(written: Written) -> Iterator[Finding]:
    """An amount of money of which nobody knows when it was right."""
    told = False
    for text in written.texts:
        if AMOUNT.search(text.words) and not YEAR.search(text.words) and not written.amounts_as_of:
            told = True
            message = _("Say as of when this amount holds.")
            yield Finding("amount", text.field, text.label, message, AMOUNT.search(text.words).group())  # type: ignore[union-attr]
    if written.has_amounts and not written.amounts_as_of and not told:
        yield Finding("amount", written.amount_field, "", _("Say as of when the fees hold."))


CHECKS: tuple[Check, ...] = (
    missing_next_step,
    law_past_its_date,
    broken_links,
    telephones_that_are_none,
    amounts_without_date,
    long_sentences,
    official_words,
)


def findings_of(row: Model) -> list[Finding]:
    """All that the checks find in a row as it stands in memory."""
    written = written_of(row)
    return [finding for check in CHECKS for finding in check(written)]
