"""`manage.py clock`: run the periodic jobs; of several such processes one leads."""

import signal
import threading

from django.core.management.base import BaseCommand

from portal.base.clock import services


class Command(BaseCommand):
    help = "Runs the periodic jobs until it is told to stop; of several processes one leads."

    def add_arguments(self, parser) -> None:
        parser.add_argument("--once", action="store_true", help="run every job once, now, and end")
        parser.add_argument("--list", action="store_true", help="name the jobs and how often they run")

    def handle(self, *args, **options) -> None:
        if options["list"]:
            for job in services.jobs().values():
                self.stdout.write(f"{job.name}\tevery {job.every_s:g} s")
            return
        if options["once"]:
            failed = [job.name for job in services.jobs().values() if not services.run_job(job)]
            if failed:
                raise SystemExit(f"These jobs failed; the log says why: {', '.join(failed)}")
            return
        stop = threading.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_args: stop.set())
        services.run_clock(stop)
