"""Let stored events be handled again: the failed ones, or all received since a moment."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from b24app.events.handle import handle_waiting, replay


class Command(BaseCommand):
    help = "Hand stored portal events to their handlers again."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--failed", action="store_true", help="the events whose handling failed")
        which.add_argument("--since", metavar="TIME", help="all events received since this ISO time")

    def handle(self, *args: Any, **options: Any) -> None:
        since = None
        if options["since"]:
            try:
                since = dt.datetime.fromisoformat(options["since"])
            except ValueError as error:
                raise CommandError("--since takes an ISO time, such as 2026-05-31T12:00") from error
            since = since if since.tzinfo else timezone.make_aware(since)
        again = replay(failed=options["failed"], since=since)
        done = 0
        while closed := handle_waiting():
            done += closed
        self.stdout.write(f"{again} events again, {done} handled")
