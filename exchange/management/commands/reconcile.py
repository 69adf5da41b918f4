"""Compares what the app believes of a portal's catalogue with what the portal holds, and marks what differs for mending."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from b24app.models import Portal
from exchange.imports.reconcile import ReconcileImpossible, reconcile
from exchange.management.bases import find_base
from exchange.models import OneCBase
from exchange.planning.reconciled import Reconciled

EXAMPLES = 20


class Command(BaseCommand):
    help = "Compares what the app believes with what the portal really holds. Nothing is written to the portal."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--base", metavar="KEY_OR_ID", help="one base, by its key, login or number")
        which.add_argument("--portal", metavar="MEMBER_ID", help="all bases of a portal, by its member id or domain")
        parser.add_argument("--repair", action="store_true", help="mark what differs, so that the next push mends it")
        parser.add_argument("--seconds", type=float, default=3600.0, help="how long one base may take; the rest is left out")
        parser.add_argument("--json", action="store_true", help="print one line of JSON per base")

    def handle(self, *args: Any, **options: Any) -> None:
        bases = [find_base(options["base"])] if options["base"] else _bases_of(options["portal"])
        for base in bases:
            try:
                found = reconcile(base, mend=options["repair"], seconds=options["seconds"])
            except ReconcileImpossible as error:
                raise CommandError(f"{base.login}: the portal cannot be asked now: {error}") from error
            if options["json"]:
                self.stdout.write(json.dumps({"base": base.login, **found.to_json(EXAMPLES)}, ensure_ascii=False))
            else:
                self._table(base, found)

    def _table(self, base: OneCBase, found: Reconciled) -> None:
        self.stdout.write(f"{base.name} ({base.login}), {found.at}{'' if found.complete else ', NOT COMPLETE'}")
        self.stdout.write(f"{'':<18}{'agree':>10}{'differ':>10}{'missing':>10}{'unknown':>10}")
        for kind, tally in found.kinds.items():
            self.stdout.write(f"{kind:<18}{tally.agree:>10}{tally.differ:>10}{tally.missing:>10}{tally.unknown:>10}")
        if found.unsettled:
            self.stdout.write(f"being changed just now: {found.unsettled}")
        for one in found.differences[:EXAMPLES]:
            told = f" {one.field}: ours «{one.ours}», the portal's «{one.portals}»" if one.field else ""
            self.stdout.write(f"{one.verdict} {one.kind} {one.onec_id} (id {one.b24_id}){told}")
        if found.repaired:
            self.stdout.write(f"marked for the next push: {found.repaired}")
        elif found.all_agree:
            self.stdout.write(f"everything agrees: {found.total('agree')} objects")


def _bases_of(named: str) -> list[OneCBase]:
    portal = Portal.objects.filter(Q(member_id=named) | Q(domain=named), uninstalled_at=None).order_by("pk").first()
    if portal is None:
        raise CommandError(f"No portal has the member id or domain {named}.")
    return list(
        OneCBase.objects.filter(portal=portal).exclude(observed__has_key="removed").select_related("portal").order_by("pk")
    )
