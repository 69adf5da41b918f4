"""Which company or contact of the portal a counterparty of 1C is: rule by rule, and never by a guess. Pure.

A rule that finds exactly one decides; one that finds several asks a person; one that finds none leaves it to the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from exchange.planning.parties import name_key
from exchange.planning.trade import COMPANY, CONTACT, Party, PartyKind

Key = tuple[int, int]
Rule = Literal["id", "tax_id_and_branch", "tax_id", "phone_or_email", "name", "chosen"]
# Candidates that a person is shown.
MOST_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Numbers:
    """One set of requisites of a candidate."""

    tax_id: str
    branch: str = ""
    requisite_id: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A company or contact that may be the one.

    `holder` is the id of the other counterparty of this base that it is linked with ("" = none, or one that 1C has deleted).
    """

    key: Key
    name: str
    numbers: tuple[Numbers, ...] = ()
    own: bool = False  # one of the portal's "my companies"
    holder: str = ""
    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()

    def facts(self) -> dict[str, Any]:
        """What a person is shown of it."""
        number = self.numbers[0] if self.numbers else Numbers("")
        return {"type": self.key[0], "id": self.key[1], "name": self.name, "tax_id": number.tax_id, "branch": number.branch}


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule found: one candidate with the requisites that speak for it, or several rivals (then `candidate` is None)."""

    rule: Rule
    candidate: Candidate | None = None
    requisite_id: int = 0
    rivals: tuple[Candidate, ...] = ()


def by_tax_id(party: Party, candidates: Iterable[Candidate], *, branch_rule: bool, tax_rule: bool) -> Match | None:
    """The payer with this tax id. Branches are apart: where both sides name one, another branch is another payer."""
    number, branch = party.tax_id or "", party.tax_branch or ""
    if not number:
        return None
    hits = [(one, numbers) for one in candidates if not one.own for numbers in one.numbers if numbers.tax_id == number]
    if branch_rule and branch:
        exact = [(one, numbers) for one, numbers in hits if numbers.branch == branch]
        if exact:
            return _one("tax_id_and_branch", exact)
        # What names another branch is not ours, whatever the next rule says.
        hits = [(one, numbers) for one, numbers in hits if not numbers.branch]
    return _one("tax_id", hits) if tax_rule and hits else None


def by_communication(party: Party, candidates: Iterable[Candidate]) -> Match | None:
    """The one with such a phone or e-mail; `candidates` are those the portal named for them."""
    return _of_kind("phone_or_email", party, candidates)


def by_name(party: Party, candidates: Iterable[Candidate]) -> Match | None:
    """The one of exactly this name, legal forms, quotes and case aside."""
    wanted = name_key(party.name)
    same = [one for one in candidates if wanted and wanted == name_key(one.name)]
    return _of_kind("name", party, same)


def _of_kind(rule: Rule, party: Party, candidates: Iterable[Candidate]) -> Match | None:
    """Persons among contacts, legal entities among companies, sole traders among companies first; nobody else's, and no other payer."""
    left = [one for one in candidates if not one.own and not one.holder and not _contradicts(party, one)]
    for entity in kinds_of(party):
        if hits := [(one, Numbers("")) for one in left if one.key[0] == entity]:
            return _one(rule, hits)
    return None


def kinds_of(party: Party) -> tuple[int, ...]:
    """The entity types of the portal that a party may be, the usual one first."""
    if party.kind is PartyKind.PERSON:
        return (CONTACT,)
    return (COMPANY, CONTACT) if party.kind is PartyKind.SOLE_TRADER else (COMPANY,)


def _contradicts(party: Party, candidate: Candidate) -> bool:
    """Whether requisites say that they are different payers, or different branches of one."""
    known = [numbers for numbers in candidate.numbers if numbers.tax_id]
    if not party.tax_id or not known:
        return False
    return not any(
        numbers.tax_id == party.tax_id and (not numbers.branch or not party.tax_branch or numbers.branch == party.tax_branch)
        for numbers in known
    )


def speaks_for(party: Party, candidate: Candidate) -> bool:
    """Whether anything but a document's word says that the two are one: the same tax id, name, phone or e-mail, and nothing against it."""
    if candidate.own or _contradicts(party, candidate):
        return False
    return (
        any(numbers.tax_id == party.tax_id for numbers in candidate.numbers if numbers.tax_id)
        or name_key(party.name) == name_key(candidate.name)
        or bool(candidate.phones & set(party.phones or ()) or candidate.emails & set(party.emails or ()))
    )


def _one(rule: Rule, hits: Sequence[tuple[Candidate, Numbers]]) -> Match:
    """One candidate, whichever of its requisites fit; or all of them for a person to choose."""
    by_key = {one.key: (one, numbers) for one, numbers in reversed(hits)}
    if len(by_key) > 1:
        free = {key: hit for key, hit in by_key.items() if not hit[0].holder}
        # What belongs to another counterparty of the same base already is no rival of a free one.
        by_key = free if len(free) == 1 else by_key
    if len(by_key) == 1:
        candidate, numbers = next(iter(by_key.values()))
        return Match(rule, candidate, numbers.requisite_id)
    return Match(rule, rivals=tuple(sorted((one for one, _ in by_key.values()), key=lambda one: one.key))[:MOST_SHOWN])


def identities(party: Party) -> frozenset[str]:
    """What two counterparties of one payer have in common: they must not be settled at the same time, or both would be made."""
    found = {f"id:{party.id}"} if party.id else set()
    if party.tax_id:
        found.add(f"tax:{party.tax_id}")
    found |= {f"phone:{value}" for value in party.phones or ()} | {f"email:{value}" for value in party.emails or ()}
    for person in party.people or ():
        found |= {f"phone:{value}" for value in person.phones} | {f"email:{value}" for value in person.emails}
        if person.id:
            found.add(f"person:{person.id}")
    if key := name_key(party.name):
        found.add(f"name:{key}")
    return frozenset(found)
