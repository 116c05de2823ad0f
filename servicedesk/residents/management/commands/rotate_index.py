"""After a new key was added to KEYRING: rebuild the blind indexes and wrap persons' keys anew."""

from django.core.management.base import BaseCommand

from servicedesk.residents import services


class Command(BaseCommand):
    help = "Rebuilds blind indexes under the newest index key and wraps persons' keys under the newest field key."

    def handle(self, *args: object, **options: object) -> None:
        rebuilt, rewrapped = services.rotate_index(), services.rewrap_keys()
        self.stdout.write(
            f"{rebuilt} indexes rebuilt, {rewrapped} keys wrapped anew. The old keys may leave KEYRING now.\n"
        )
