"""Makes and looks after 1C bases on the command line: create, list, report, new-password, pause, resume, remove."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from b24app.lanes import DOCUMENTS, mark_due
from b24app.models import Portal
from exchange import removal, sessions
from exchange.accounts import accounts
from exchange.dialects import CONFIGURATIONS
from exchange.models import OneCBase


class Command(BaseCommand):
    help = "Makes and looks after the 1C bases of a portal."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="make a base; its password is shown once")
        create.add_argument("--portal", required=True, metavar="MEMBER_ID")
        create.add_argument("--name", action="append", help="repeated: a base for each")
        create.add_argument("--configuration", default="other", choices=CONFIGURATIONS)
        create.add_argument("--json", action="store_true", help="print one line of JSON")
        listing = verbs.add_parser("list", help="show the bases")
        listing.add_argument("--portal", metavar="MEMBER_ID")
        listing.add_argument("--json", action="store_true")
        report = verbs.add_parser("report", help="say what the bases of a portal sent and what became of it")
        report.add_argument("--portal", required=True, metavar="MEMBER_ID")
        report.add_argument("--json", action="store_true", help="print one line of JSON for each base")
        for verb, what in (
            ("new-password", "give a base another password; the old one stops working at once"),
            ("pause", "answer the base's exchanges with a failure"),
            ("resume", "end a pause"),
            ("remove", "remove a base with its history; what it brought into the portal stays there"),
        ):
            one = verbs.add_parser(verb, help=what)
            one.add_argument("base", metavar="LOGIN")
            one.add_argument("--json", action="store_true")
            if verb == "remove":
                one.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        verb = options["verb"]
        if verb == "create":
            self._create(options)
        elif verb == "list":
            self._list(options)
        elif verb == "report":
            self._report(options)
        else:
            try:
                base = OneCBase.objects.get(login=options["base"])
            except OneCBase.DoesNotExist as error:
                raise CommandError(f"No base has the login {options['base']}.") from error
            {"new-password": self._new_password, "pause": self._pause, "resume": self._resume, "remove": self._remove}[verb](
                base, options
            )

    def _create(self, options: dict[str, Any]) -> None:
        portal = _portal(options["portal"])
        for name in options["name"] or ["1C"]:
            base, password = sessions.create_base(portal, name, options["configuration"])
            self._show(base, password, as_json=options["json"])

    def _list(self, options: dict[str, Any]) -> None:
        bases = OneCBase.objects.select_related("portal").order_by("portal_id", "id")
        if options["portal"]:
            bases = bases.filter(portal=_portal(options["portal"]))
        for base in bases:
            told = {
                "login": base.login,
                "name": base.name,
                "configuration": base.configuration,
                "portal": base.portal.member_id,
                "exchange_url": sessions.exchange_url(base),
                "paused": base.paused_at is not None,
                "last_contact": base.last_contact_at.isoformat() if base.last_contact_at else None,
            }
            self.stdout.write(
                json.dumps(told, ensure_ascii=False) if options["json"] else "  ".join(str(item) for item in told.values())
            )

    def _report(self, options: dict[str, Any]) -> None:
        for account in accounts(_portal(options["portal"])):
            if options["json"]:
                self.stdout.write(json.dumps(account.as_json(), ensure_ascii=False))
            else:
                self.stdout.write("\n".join(account.sentences()))

    def _new_password(self, base: OneCBase, options: dict[str, Any]) -> None:
        self._show(base, sessions.new_password(base), as_json=options["json"])

    def _pause(self, base: OneCBase, options: dict[str, Any]) -> None:
        self._set_paused(base, paused=True)

    def _resume(self, base: OneCBase, options: dict[str, Any]) -> None:
        self._set_paused(base, paused=False)

    def _set_paused(self, base: OneCBase, *, paused: bool) -> None:
        OneCBase.objects.filter(pk=base.pk).update(paused_at=timezone.now() if paused else None)
        if not paused:
            mark_due(base.portal_id)  # what waited meanwhile goes on
            mark_due(base.portal_id, work=DOCUMENTS)
        self.stdout.write(f"{base.login}: {'paused' if paused else 'resumed'}")

    def _remove(self, base: OneCBase, options: dict[str, Any]) -> None:
        if not options["yes"] and input(f"Remove {base.name} ({base.login}) and its history? [y/N] ").strip().lower() != "y":
            raise CommandError("Nothing was removed.")
        removal.begin(base)
        while removal.carry_on():
            pass
        self.stdout.write(f"{base.login}: removed")

    def _show(self, base: OneCBase, password: str, *, as_json: bool) -> None:
        told = {"exchange_url": sessions.exchange_url(base), "login": base.login, "password": password}
        if as_json:
            self.stdout.write(json.dumps(told))
        else:
            self.stdout.write("\n".join(f"{key}: {value}" for key, value in told.items()))
            self.stdout.write("The password is shown this once.")


def _portal(member_id: str) -> Portal:
    try:
        return Portal.objects.get(member_id=member_id)
    except Portal.DoesNotExist as error:
        raise CommandError(f"No portal has the member id {member_id}.") from error
