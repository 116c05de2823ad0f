"""`manage.py plan_bookings [--place CODE]`: give centres and points without a plan of appointments the usual one."""

from django.core.management.base import BaseCommand, CommandError

from portal.base.places.models import Place
from servicedesk.booking import services


class Command(BaseCommand):
    help = "Gives centres and points without a plan of appointments the usual one; plans that are there stay."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--place", help="only this place and what lies below it, by its code")

    def handle(self, *args, **options) -> None:
        places = Place.objects.all()
        if options["place"]:
            above = Place.objects.filter(code=options["place"]).first()
            if above is None:
                raise CommandError(f"No place has the code {options['place']}.")
            places = places.filter(path__startswith=above.path)
        self.stdout.write(f"{services.plan_where_none(places)} places got a plan.")
