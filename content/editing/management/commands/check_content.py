"""`manage.py check_content [KEY ...]`: what the checks find in guides, materials, announcements and pages."""

from collections.abc import Iterator

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Model
from django.utils import translation
from wagtail.models import Page

from content.bulletin.models import Announcement
from content.editing.checks import findings_of
from content.items.models import ItemAtPlace, Material
from content.items.services import editions_in_force


def everything(keys: list[str]) -> Iterator[tuple[str, Model]]:
    """(name, row) of all that is checked; with keys the guides of those items alone."""
    editions = editions_in_force().select_related("item")
    for edition in editions.filter(item__key__in=keys) if keys else editions:
        yield f"guide {edition.item.key}", edition
    if keys:
        return
    for material in Material.objects.all():
        yield f"material {material.key}", material
    for rule in ItemAtPlace.objects.select_related("item", "place"):
        yield f"rule {rule.item.key}@{rule.place.code}", rule
    for announcement in Announcement.objects.all():
        yield f"announcement {announcement.pk}", announcement
    for page in Page.objects.live().filter(depth__gt=1).specific():
        yield f"page {page.url_path}", page


class Command(BaseCommand):
    help = "Lists what editors should look at: missing next steps, old laws, broken links, long sentences, jargon …"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("keys", nargs="*", help="keys of items; without any, everything is checked")
        parser.add_argument("--code", help="one kind of finding only, such as link")

    def handle(self, *args, **options) -> None:
        rows = list(everything(options["keys"]))
        if options["keys"] and not rows:
            raise CommandError("No published guide has such a key.")
        count = 0
        # The checks' sentences are for editors, whose language is Chinese.
        with translation.override("zh-hans"):
            for name, row in rows:
                for finding in findings_of(row):
                    if options["code"] in (None, finding.code):
                        count += 1
                        parts = (name, finding.code, finding.label, finding.message, finding.detail)
                        self.stdout.write("\t".join(part for part in parts if part))
        self.stdout.write(f"{count} findings in {len(rows)} texts")
