"""Runs a media node: relays and records video sessions."""

import asyncio

import uvloop
from django.core.management.base import BaseCommand, CommandParser

from servicedesk.remote.media.client import run
from servicedesk.remote.node_settings import node_settings


class Command(BaseCommand):
    help = "Runs a media node that talks to the portal at PORTAL_URL."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", help="the node's name; the host's name unless given")
        parser.add_argument("--capacity", type=int, default=8, help="sessions at once; 8 a core are safe")

    def handle(self, *args: object, **options) -> None:
        settings = node_settings(name=options["name"], capacity=options["capacity"])
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(settings, handles_signals=True))
