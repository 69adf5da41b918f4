"""Whose a document of 1C is: its organisation's own company in the portal, by the setting, else by the tax number; never made."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from b24app.rest.batching import Outcome
from exchange.imports.flows import Ask
from exchange.planning.document_words import ORGANISATION, ORGANISATION_TAX_ID
from exchange.planning.trade import INVOICE, Party, PartyKind
from exchange.settling.document_tools import DocumentTools
from exchange.settling.flows import DocumentWork, Learnt
from exchange.settling.memory import Memory
from exchange.settling.party_flow import OWN_MISSING, find_own_company

_FOUND: Final = Memory(600.0)


def own_company(work: DocumentWork, tools: DocumentTools, log: Learnt) -> Generator[Ask, list[Outcome], int | None]:
    """The own company of the organisation that 1C names; 0 where it names none, None where a person is asked. Raises RestError.

    Without a setting only documents that 1C made first are asked about: the others have theirs from the portal. Deals have no field
    for it. The only own company is taken when 1C does not say the organisation's tax number.
    """
    onec = work.onec_side
    if onec is None:
        return 0
    chosen = work.base.rules.trade.organisations.get(onec.organisation or "", 0)
    facts = dict(onec.facts)
    name, tax_id = facts.get(ORGANISATION) or onec.organisation or "", facts.get(ORGANISATION_TAX_ID, "")
    made_in_onec = work.b24_id is None or work.known.get("origin") == "onec"
    if not chosen and made_in_onec and work.entity_type_id == INVOICE and (name or tax_id):
        remembered = (tools.member_id, tax_id or name)
        chosen = _FOUND.get(remembered) or 0
        if not chosen:
            party = Party(kind=PartyKind.LEGAL, name=name, tax_id=tax_id)
            found = yield from find_own_company(party, work.key, log, work.base.country)
            if found is None:
                return None
            chosen = found[1]
            _FOUND.keep(remembered, chosen)
    if chosen:
        log.over[work.key] = log.over.get(work.key, frozenset()) | {OWN_MISSING}
    return chosen
