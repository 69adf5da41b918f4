"""Shows what the next push of a base would change in the portal, without changing anything."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from exchange.imports.preview import PreviewImpossible, preview
from exchange.management.bases import find_base
from exchange.planning.previewed import ACTIONS, Preview


class Command(BaseCommand):
    help = "Shows what the next push of a base would change in the portal. Nothing is written, there or here."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base", required=True, metavar="KEY_OR_ID", help="the base's key, login or number")
        parser.add_argument("--examples", type=int, default=20, metavar="N")
        parser.add_argument("--seconds", type=float, default=600.0, help="how long it may take; the rest is left out")
        parser.add_argument("--json", action="store_true", help="print one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        base = find_base(options["base"])
        try:
            found = preview(base, seconds=options["seconds"], examples=options["examples"])
        except PreviewImpossible as error:
            raise CommandError(f"The portal cannot be asked now: {error}") from error
        if options["json"]:
            self.stdout.write(json.dumps(found.to_json(), ensure_ascii=False))
        else:
            self._table(found)

    def _table(self, found: Preview) -> None:
        self.stdout.write(f"{'':<14}" + "".join(f"{action:>10}" for action in ACTIONS))
        for kind, counts in found.kinds.items():
            self.stdout.write(f"{kind:<14}" + "".join(f"{getattr(counts, action):>10}" for action in ACTIONS))
        self.stdout.write(
            f"\nunchanged {found.unchanged}, not due yet {found.resting}{'' if found.complete else ', NOT COMPLETE'}"
        )
        for cause, count in sorted(found.troubles.items()):
            self.stdout.write(f"problem {cause}: {count}")
        for one in found.examples:
            told = "; ".join(
                f"{detail.field}: {detail.before + ' → ' if detail.before is not None else ''}{detail.after}"
                for detail in one.details
            )
            self.stdout.write(f"{one.action} {one.kind} «{one.name}» ({one.onec_id}) — {one.reason}{': ' + told if told else ''}")
