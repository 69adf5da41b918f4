"""Writing what differs of one party: the item with its phones, the requisites, their accounts and addresses; in two asks at most."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import RestError
from exchange.imports.flows import Ask
from exchange.planning.portal_parties import PortalParty, Preset, whole
from exchange.planning.trade import Party
from exchange.settling import party_commands as commands
from exchange.settling import requisites
from exchange.settling.flows import PartyWork
from exchange.settling.party_tools import PartyTools


def write_party(
    raw: PortalParty, wanted: Party, work: PartyWork, tools: PartyTools
) -> Generator[Ask, list[Outcome], tuple[list[RestError], int]]:
    """Write the difference; what the portal refused, and the id of the requisites (0 = there are none).

    Requisites that are made get their accounts and addresses in a second ask.
    """
    originator, onec_id = work.base.originator, work.onec_id
    asked = [command] if (command := commands.update_party(raw, wanted, originator, onec_id)) else []
    country = wanted.country
    if raw.requisite is not None or requisites.needs_requisite(wanted):
        preset = _preset(raw, wanted, work, tools)
        if preset is not None:
            country = preset.country or tools.country
            made = requisites.requisite_command(raw, wanted, preset, originator, onec_id, tools.country)
            asked += [made] if made else []
    requisite_id = whole((raw.requisite or {}).get("ID"))
    if requisite_id:
        asked += _belongings(raw, wanted, requisite_id, country, originator)
    errors, added = yield from _send(asked)
    if added and not requisite_id:
        more, _ = yield from _send(_belongings(raw, wanted, added, country, originator))
        return errors + more, added
    return errors, requisite_id


def _preset(raw: PortalParty, wanted: Party, work: PartyWork, tools: PartyTools) -> Preset | None:
    own = tools.presets.get(whole((raw.requisite or {}).get("PRESET_ID")))
    chosen = work.base.rules.trade.parties.presets
    return own or requisites.preset_for(wanted, tools.presets.values(), chosen, tools.country)


def _belongings(raw: PortalParty, wanted: Party, requisite_id: int, country: str, originator: str) -> list[Command]:
    accounts = requisites.account_commands(raw, wanted, requisite_id, country, originator)
    return [*accounts, *requisites.address_commands(raw, wanted, requisite_id)]


def _send(asked: Sequence[Command]) -> Generator[Ask, list[Outcome], tuple[list[RestError], int]]:
    """Send the commands; the errors, and the id of requisites that were made.

    An address that came to be meanwhile is changed instead of added; one that is gone already is removed.
    """
    if not asked:
        return [], 0
    added, again = 0, []
    errors: list[RestError] = []
    outcomes = yield Ask(tuple(asked))
    for command, outcome in zip(asked, outcomes, strict=True):
        said = "" if outcome.error is None else f"{outcome.error.description} {outcome.error.code}"
        if outcome.error is None:
            added = whole(outcome.result) if command.method == "crm.requisite.add" else added
        elif command.method == "crm.address.add" and "exists" in said:
            again.append(requisites.address_again(command))
        elif not (command.method == "crm.address.delete" and "not found" in said):
            errors.append(outcome.error)
    if again:
        outcomes = yield Ask(tuple(again))
        errors += [outcome.error for outcome in outcomes if outcome.error is not None]
    return errors, added
