"""`manage.py issue_api_token --role clerk --place CODE`: a service account's token; prints the token alone."""

from django.core.management.base import BaseCommand, CommandError

from portal.base.accounts import services
from portal.base.places.models import Place
from portal.base.rights.models import Role


class Command(BaseCommand):
    help = "Issues an API token for a service account that holds a role at a place; prints the token alone, once."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--role", required=True, choices=Role.values)
        parser.add_argument("--place", required=True, help="the code of a place, e.g. a centre")
        parser.add_argument("--name", default="", help="the service account's name; made when it is not there")

    def handle(self, *args, **options) -> None:
        place = Place.objects.filter(code=options["place"]).first()
        if place is None:
            raise CommandError(f"There is no place with the code {options['place']}.")
        try:
            _token, text = services.issue_token(role=options["role"], place=place, name=options["name"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(text)
