"""`manage.py demo`: load the demo district once: places, staff, items, site, holidays, and the demo's own kiosk."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.tasks import task_backends
from django.tasks.backends.dummy import DummyBackend

from content.bulletin import demo as bulletin_demo
from content.editing import demo as editing_demo
from content.editing import groups
from content.editing.approval import ensure_workflows
from content.guides.services import build_site
from content.items.models import ServiceItem
from portal.base.accounts.models import User
from portal.base.calendars.services import load_shipped_holidays
from portal.base.clock.services import ensure_rules
from portal.base.keyring import services as keyring
from portal.base.places import district
from portal.base.places.models import Place
from portal.base.rights import services as rights
from portal.base.rights.models import Role
from servicedesk.booking import services as booking
from servicedesk.booking.models import SlotPlan
from servicedesk.devices.services import pair

ROOT = settings.BASE_DIR
DISTRICT_FILE = ROOT / "portal/base/places/data/demo_district.xlsx"
ITEMS_FILE = ROOT / "content/items/data/items.json"
ADDITIONS_FILES = (
    ROOT / "content/items/data/demo_additions.json",
    ROOT / "content/items/data/residents_words.json",
    ROOT / "content/items/data/life_events.json",
    ROOT / "content/items/data/demo_questions.json",
)
DISTRICT = "310106"
SUBDISTRICT = "310106019000"
CENTRE = "310106019000-C"
KIOSK = "JA-DN-01"
KIOSK_NAME = "慧芝湖双屏远程机（演示）"
KIOSK_PLACE = "310106019000-P01"
BRIDGE_CONFIG = """\
# The demo kiosk's bridge; made by `manage.py demo`. The private key is this machine's own: keep the file to yourself.
device = {device}
portal_url = {portal}
state_dir = {state}
private_key = {key}

[page]
allowed_origins = [{portal}]
"""


class Command(BaseCommand):
    help = "Loads the demo district; what is already there is left as it is."

    def handle(self, *args, **options) -> None:
        if not settings.DEMO:
            raise CommandError("DEMO is not 1: the demo district does not belong into a real installation.")
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        if Place.objects.filter(code=KIOSK_PLACE).exists():
            self.stdout.write("The district is there.")
        else:
            report = district.load(DISTRICT_FILE)
            self.stdout.write(", ".join(f"{count} {kind}" for kind, count in report.added.items()))
        load_shipped_holidays()
        ensure_rules()
        address = urlsplit(settings.PORTAL_URL)
        with tasks_left_out():
            build_site(
                theme="jingan",
                district_place=Place.objects.get(code=DISTRICT),
                hostname=address.hostname or "127.0.0.1",
                port=address.port or (443 if address.scheme == "https" else 80),
                is_demo=True,
            )
            is_first = not ServiceItem.objects.exists()
            if is_first:
                call_command("import_items", ITEMS_FILE, stdout=self.stdout, stderr=self.stderr)
                for path in ADDITIONS_FILES:
                    call_command("import_items", path, stdout=self.stdout, stderr=self.stderr)
            self._load_editors_side()
        if is_first:
            call_command("rebuild_references_index", verbosity=0)
        if not SlotPlan.objects.exists():
            booking.plan_where_none(Place.objects.all())
        self._pair_kiosk(settings.DATA_DIR / "kiosk_bridge.toml")
        # script/demo shows these on its screen; what it does not find here it knows itself.
        (settings.DATA_DIR / "addresses").write_text(f"board /board/{CENTRE}/\n", encoding="utf-8")

    def _load_editors_side(self) -> None:
        """An editor for one subdistrict, the groups' pages and files, approval, and what the bulletin tells."""
        place = Place.objects.get(code=SUBDISTRICT)
        editor, is_new = User.objects.get_or_create(
            username="editor.daning", defaults={"display_name": "大宁编辑（演示）", "password": "!"}
        )
        if is_new:
            rights.grant(editor, Role.EDITOR, place, by="demo")
        groups.refresh_groups()
        district_place = Place.objects.get(code=DISTRICT)
        ensure_workflows(district_place)
        bulletin_demo.load_demo(district=district_place, subdistrict=place)
        editing_demo.load_demo(owner=User.objects.filter(username="editor").first())

    def _pair_kiosk(self, path: Path) -> None:
        """Register the kiosk by the key in its configuration, which is made when it is missing."""
        private = _key_in(path)
        if private is None:
            private, public = keyring.new_signing_key()
            text = BRIDGE_CONFIG.format(
                device=_toml(KIOSK),
                portal=_toml(settings.PORTAL_URL),
                state=_toml(str(settings.DATA_DIR / "kiosk_bridge")),
                key=_toml(base64.b64encode(private).decode()),
            )
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
        else:
            public = keyring.public_of(private)
        with transaction.atomic():
            pair(
                code=KIOSK,
                name=KIOSK_NAME,
                place=Place.objects.get(code=KIOSK_PLACE),
                public_key=public,
                is_virtual=True,
                actor="demo",
            )


@contextmanager
def tasks_left_out() -> Iterator[None]:
    """Let publishing queue nothing: eight hundred small index tasks would keep the worker busy for minutes.

    The same indexes are built at once afterwards, in seconds.
    """
    usual = task_backends["default"]
    task_backends["default"] = DummyBackend("default", {})
    try:
        yield
    finally:
        task_backends["default"] = usual


def _toml(text: str) -> str:
    # A JSON string is a TOML basic string.
    return json.dumps(text, ensure_ascii=False)


def _key_in(path: Path) -> bytes | None:
    """The private key in the configuration; None when there is none."""
    if not path.exists():
        return None
    found = re.search(r'(?m)^private_key\s*=\s*"([^"]+)"', path.read_text(encoding="utf-8"))
    return base64.b64decode(found.group(1)) if found else None
