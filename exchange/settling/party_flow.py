"""One counterparty of 1C and its company or contact in the portal, brought in line in both directions. Without any I/O (see flows.py).

Found by what links them already, else by the rules (party_search.py), else made; then merged three ways (party_merge.py) and the
difference written: the item with its phones, requisites, accounts, addresses, contact persons. Everything is read fresh before it is
written, so a crash, a doubled event or a lost answer only makes it look again. What `known` of a row holds: `told` (1C's side when
it was last settled), `sent` (fields whose newest word is the portal's), `requisite_id`, `people` (1C's id → contact), `persons` (what
each contact person was), `alias` (the company of another counterparty of the same payer), `chosen` and `decided` (a person's words).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any, Final

from b24app.rest.batching import Outcome
from b24app.rest.errors import Fate, RestError
from exchange.imports.flows import Ask
from exchange.planning import party_merge, stored
from exchange.planning.parties import normal
from exchange.planning.party_matching import Match
from exchange.planning.portal_parties import PortalParty, whole
from exchange.planning.trade import COMPANY, Party
from exchange.settling import party_commands as commands
from exchange.settling.flows import Key, Learnt, PartyWork, fail
from exchange.settling.party_people import settle_people
from exchange.settling.party_reading import read_rows
from exchange.settling.party_search import Search, find_party, own_companies
from exchange.settling.party_tools import PartyTools, read_presets
from exchange.settling.party_writing import write_party
from mapping.trade_rules import PartyRules

PortalKey = tuple[int, int]
# Causes this flow reports about a party and closes again.
AMBIGUOUS: Final = "party-ambiguous"
CONFLICT: Final = "party-conflict"
TWICE: Final = "party-twice"
OWN_MISSING: Final = "own-company-missing"
REFUSED: Final = "portal-refused"


def settle_party(
    work: PartyWork, log: Learnt, tools: PartyTools, *, needed: bool = False
) -> Generator[Ask, list[Outcome], PortalKey | None]:
    """Bring the row in line; returns its company or contact, None when it has none (yet). What fails is logged, nothing is raised.

    `needed`: a document waits for it, so it is made anew even if somebody deleted it in the portal.
    """
    settling = _Settling(work, log, tools, needed)
    try:
        return (yield from settling.run())
    except RestError as error:
        fail(work.key, work.version, settling.name, error, log)
        return None


def find_own_company(party: Party, key: Key, log: Learnt, country: str = "") -> Generator[Ask, list[Outcome], PortalKey | None]:
    """The portal's own company with the organisation's tax id; never made: without one (or with several) a person is asked.

    Raises RestError.
    """
    wanted = normal(party, country)
    hits = yield from own_companies(wanted)
    if len(hits) == 1:
        return hits[0][0]
    candidates = [{"type": found[0], "id": found[1], "name": title} for found, title in hits]
    log.trouble(key, wanted.name, OWN_MISSING, tax_id=wanted.tax_id or "", candidates=candidates)
    return None


class _Settling:
    """The steps of one party."""

    def __init__(self, work: PartyWork, log: Learnt, tools: PartyTools, needed: bool) -> None:
        self.work, self.log, self.tools, self.needed = work, log, tools, needed
        self.rules: PartyRules = work.base.rules.trade.parties
        self.known: dict[str, Any] = dict(work.known)
        self.name = (work.onec_side or work.portal_side or Party()).name

    @property
    def country(self) -> str:
        return self.rules.country or self.work.base.country or self.tools.country

    def run(self) -> Generator[Ask, list[Outcome], PortalKey | None]:
        yield from read_presets(self.tools)
        onec = None if self.work.onec_side is None else normal(self.work.onec_side, self.country)
        key = self._linked(onec)
        raw = None if key is None else (yield from self._read(key, onec))
        if onec is None:
            return self._portal_only(raw)
        if raw is None:
            raw = yield from self._found(onec, vanished=key is not None and key == self.work.b24)
            if raw is None:
                return self._result
        elif self._alias(raw.key):
            return raw.key
        yield from self._bring_in_line(raw, onec)
        return raw.key

    _result: PortalKey | None = None

    def _linked(self, onec: Party | None) -> PortalKey | None:
        """The company or contact by what is known already: a person's word, the link, or the id we gave 1C for it."""
        if chosen := self.known.get("chosen"):
            return (int(chosen[0]), int(chosen[1]))
        if self.work.b24 is not None:
            return self.work.b24
        if onec is None or not self.rules.by_id:
            return None
        return self.tools.given(self.work.onec_id)

    def _read(self, key: PortalKey, onec: Party | None) -> Generator[Ask, list[Outcome], PortalParty | None]:
        found = yield from read_rows(
            [key],
            requisites={key: whole(self.known.get("requisite_id"))},
            country=self.country,
            presets=self.tools.presets,
            parties={key: replace(onec, id=self.work.onec_id)} if onec is not None else None,
        )
        return found.get(key)

    def _portal_only(self, raw: PortalParty | None) -> PortalKey | None:
        """A party that 1C has not told of: only what the portal has is noted, for the documents that name it."""
        work = self.work
        self.log.done[work.key] = work.version
        if raw is None:
            return None
        side = stored.to_data(raw.party)
        self.log.learn(work.key, agreed=side, known=self._noted(raw))
        if not _same(work.portal_side, raw.party):
            self.log.learn(work.key, portal_side=side)
        return raw.key

    # finding and making

    def _found(self, onec: Party, *, vanished: bool) -> Generator[Ask, list[Outcome], PortalParty | None]:
        """The company or contact of a party without one: matched, or made. None: `_result` is what there is to say."""
        work = self.work
        self.known.pop("chosen", None)
        self.known.pop("requisite_id", None)
        # Who was told by a person to make a new one only looks for what it may have made already.
        party = Party() if self.known.get("make_new") else onec
        match = yield from find_party(Search(party, work.onec_id, work.base.originator), self.tools, self.rules)
        if match is not None and match.candidate is None:
            facts = [rival.facts() for rival in match.rivals]
            self.log.trouble(work.key, onec.name, AMBIGUOUS, rule=match.rule, candidates=facts)
            self._leave()
            return None
        if match is not None and match.candidate is not None:
            return (yield from self._matched(match, onec))
        if vanished:
            self.log.learn(work.key, b24=(work.b24[0] if work.b24 else COMPANY, None))
        if onec.deleted or not self.rules.create or (vanished and not self._wanted(onec)):
            self._leave()
            return None
        return (yield from self._made(onec))

    def _wanted(self, onec: Party) -> bool:
        """Whether a party that somebody deleted in the portal is needed there again: by a document to come, or by 1C's changes."""
        told = self.known.get("told")
        if self.needed or told is None or self.tools.needed(self.work.onec_id):
            return True
        return stored.from_data(Party, told) != _comparable(onec)

    def _matched(self, match: Match, onec: Party) -> Generator[Ask, list[Outcome], PortalParty | None]:
        assert match.candidate is not None  # noqa: S101  (the caller looked)
        key = match.candidate.key
        if match.candidate.holder:
            self._note_twice(match, onec)
            return None
        if match.requisite_id:
            self.known["requisite_id"] = match.requisite_id
        self.log.learn(self.work.key, b24=key)
        return (yield from self._read(key, onec))

    def _note_twice(self, match: Match, onec: Party) -> None:
        """Two counterparties of 1C for one payer: both use its company, and only the first is kept in line with it."""
        candidate = match.candidate
        assert candidate is not None  # noqa: S101
        self._result = candidate.key
        self.known["alias"] = list(candidate.key)
        self.log.learn(self.work.key, known=dict(self.known))
        self.log.done[self.work.key] = self.work.version
        if len(candidate.numbers) < 2:
            facts = candidate.facts()
            self.log.trouble(self.work.key, onec.name, TWICE, other=candidate.holder, company=facts)
        self.log.over[self.work.key] = frozenset({AMBIGUOUS, REFUSED})

    def _alias(self, key: PortalKey) -> bool:
        """Whether a person chose the company of another counterparty: then it is used, not taken away from it."""
        holder = self.tools.holder(key)
        if (
            holder is None
            or holder.pk == self.work.pk
            or holder.gone
            or not holder.onec_id
            or holder.onec_id == self.work.onec_id
        ):
            self.known.pop("alias", None)
            if self.work.b24 != key:
                self.log.learn(self.work.key, b24=key)
            return False
        self.known["alias"] = list(key)
        self.log.learn(self.work.key, known=dict(self.known))
        self.log.done[self.work.key] = self.work.version
        self.log.over[self.work.key] = frozenset({AMBIGUOUS, REFUSED})
        return True

    def _leave(self) -> None:
        """Nothing can be done until something changes."""
        self.log.learn(self.work.key, known=dict(self.known))
        self.log.done[self.work.key] = self.work.version

    def _made(self, onec: Party) -> Generator[Ask, list[Outcome], PortalParty | None]:
        work = self.work
        command = commands.add_party(onec, work.base.originator, work.onec_id)
        outcomes = yield Ask((command,), (work.key,))
        if outcomes[0].error is not None:
            raise outcomes[0].error
        key = (int(command.params["entityTypeId"]), whole(outcomes[0].result["item"]["id"]))
        self.log.learn(work.key, b24=key)
        self.log.added.add(work.key)
        return (yield from self._read(key, onec))

    # bringing in line

    def _bring_in_line(self, raw: PortalParty, onec: Party) -> Generator[Ask, list[Outcome], None]:
        work = self.work
        agreed, told = self._baselines(raw.key)
        decided = dict(self.known.pop("decided", None) or {})
        owners = work.base.rules.trade.party_owners
        merge = party_merge.merge_party(portal=raw.party, onec=onec, agreed=agreed, told=told, owners=owners, decided=decided)
        if onec.deleted:
            # What 1C has marked for deletion is left as it is.
            merge = replace(merge, wanted=raw.party, agreed=raw.party)
        wanted = merge.wanted
        if raw.requisite is None:
            # Without requisites the portal does not say what kind of payer it is, nor of which country: 1C does.
            wanted = replace(wanted, kind=onec.kind if raw.key[0] == COMPANY else wanted.kind, country=onec.country)
        errors, requisite_id = yield from write_party(raw, wanted, work, self.tools)
        if requisite_id:
            self.known["requisite_id"] = requisite_id
        if not onec.deleted:
            people, more = yield from settle_people(raw, onec, self.known, work, self.tools, self.log)
            errors += more
            merge = replace(merge, agreed=replace(merge.agreed, people=people))
        if errors:
            _first_to_raise(errors)
            for error in errors[:1]:
                self.log.trouble(work.key, onec.name, REFUSED, code=error.code, answer=error.description)
            self._leave()
            return
        self._settled(raw, onec, merge)

    def _baselines(self, key: PortalKey) -> tuple[Party | None, Party | None]:
        """What each side was when both were last settled; nothing when they meet for the first time."""
        work = self.work
        if work.b24 is not None and work.b24 != key:
            self.known["sent"] = []
            return None, None
        told = stored.from_data(Party, self.known["told"]) if self.known.get("told") else None
        if told is None and work.agreed is not None and work.onec_id and work.onec_id == work.given_id:
            # 1C keeps it under the id we gave: what it got from us is what it had.
            return work.agreed, _without_lists(work.agreed)
        if told is not None:
            return work.agreed, told
        # 1C keeps it under an id of its own, and tells of it for the first time: it started from what we gave it.
        given = self.tools.confirmed(key)
        return (None, None) if given is None else (given, _without_lists(given))

    def _settled(self, raw: PortalParty, onec: Party, merge: party_merge.PartyMerge) -> None:
        work = self.work
        sent = (set(self.known.get("sent") or ()) | merge.for_onec) - merge.from_onec
        self.known |= {"told": stored.to_data(_comparable(merge.told)), "sent": sorted(sent)}
        for word in ("chosen", "alias", "make_new"):
            self.known.pop(word, None)
        self.log.learn(work.key, agreed=stored.to_data(merge.agreed), known=dict(self.known))
        after = replace(merge.wanted, requisite_id=whole(self.known.get("requisite_id")))
        if sorted(sent) != (work.known.get("sent") or []) or not _same(work.portal_side, after):
            # Documents that name the party are looked at anew only when 1C may have to hear of it.
            self.log.learn(work.key, portal_side=stored.to_data(after))
        self.log.done[work.key] = work.version
        over = {AMBIGUOUS, TWICE, REFUSED}
        if merge.conflicts:
            conflicts = [{"field": one.field, "portal": one.portal, "onec": one.onec} for one in merge.conflicts]
            self.log.trouble(work.key, onec.name, CONFLICT, conflicts=conflicts)
        else:
            over.add(CONFLICT)
        self.log.over[work.key] = frozenset(over)

    def _noted(self, raw: PortalParty) -> dict[str, Any]:
        if raw.requisite is not None:
            self.known["requisite_id"] = whole(raw.requisite["ID"])
        return dict(self.known)


def _without_lists(party: Party) -> Party:
    """What 1C surely took over of what it was given: lists it may keep in part."""
    return replace(party, phones=None, emails=None, addresses=None, accounts=None, codes=None, people=None)


def _same(before: Party | None, now: Party) -> bool:
    """Whether the portal's side is what it was."""
    return before is not None and replace(before, updated_at="") == replace(now, updated_at="")


def _comparable(party: Party) -> Party:
    """1C's side without what says nothing about the payer."""
    return replace(party, b24=None, updated_at="", requisite_id=0)


def _first_to_raise(errors: list[RestError]) -> None:
    """What passes by itself, or needs the portal's administrator, stops the party here: it is tried again as a whole."""
    for error in errors:
        if error.fate in (Fate.RETRY, Fate.REFRESH):
            raise error


__all__ = ["AMBIGUOUS", "CONFLICT", "OWN_MISSING", "REFUSED", "TWICE", "find_own_company", "settle_party"]
