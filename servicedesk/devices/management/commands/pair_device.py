"""Registers a kiosk by the public half of its key; without one it makes the pair and prints the private half once."""

import base64
import binascii
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.base.errors import DomainError
from portal.base.keyring import services as keyring
from portal.base.places.models import Place
from servicedesk.devices import services


class Command(BaseCommand):
    help = "Registers a kiosk: --key takes its Ed25519 public key (base64 or hex); without it a pair is made."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--code", required=True, help="the device's code, such as DN-03-K1")
        parser.add_argument("--place", required=True, help="the code of the service point where it stands")
        parser.add_argument("--name", required=True)
        parser.add_argument("--key", default="", help="public key: 32 bytes in base64 or hex")
        parser.add_argument("--virtual", action="store_true", help="its peripherals are programs")

    def handle(self, *args: Any, **options: Any) -> None:
        place = Place.objects.filter(code=options["place"]).first()
        if place is None:
            raise CommandError(f"There is no place {options['place']}. Look at /points/ or the district's workbook.")
        private = b""
        if options["key"]:
            public = _key_from(options["key"])
        else:
            private, public = keyring.new_signing_key()
        try:
            device = services.pair(
                code=options["code"],
                name=options["name"],
                place=place,
                public_key=public,
                is_virtual=options["virtual"],
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        if private:
            # The private half is shown this once and kept nowhere here; it belongs in the kiosk's own configuration.
            self.stdout.write(base64.b64encode(private).decode())
        else:
            self.stdout.write(f"{device.code} is registered at {place.name}.")


def _key_from(text: str) -> bytes:
    try:
        return bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise CommandError("--key is neither hex nor base64.") from error
