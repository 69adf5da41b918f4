"""Three ways into one: what the portal shall have of a party, what 1C has to hear of, and where both changed the same thing. Pure.

Each side is compared with what it itself said when both were last settled (`agreed` for the portal, `told` for 1C), so differences
that both live with (1C's short names, a user's own extra phone) are no changes. What 1C leaves empty is never cleared: a document's
counterparty says less than a counterparties file. Lists are merged item by item: what one side added or took away is carried over,
everything else stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from exchange.planning.parties import name_key
from exchange.planning.portal_parties import as_kept
from exchange.planning.trade import Account, Party, PartyKind, Person, PostalAddress

T = TypeVar("T")
# Fields of one value, and the group (trade_rules.PARTY_FIELDS) whose owner decides about them.
SINGLE: Final[Mapping[str, str]] = {
    "name": "name",
    "last_name": "name",
    "first_name": "name",
    "middle_name": "name",
    "full_name": "requisites",
    "tax_id": "requisites",
    "tax_branch": "requisites",
    "registration": "requisites",
    "comment": "comment",
}
PERSON_FIELDS: Final = ("last_name", "first_name", "middle_name", "position")


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed a field since they agreed, each to another value, and nobody has the last word."""

    field: str
    portal: str
    onec: str


@dataclass(frozen=True, slots=True)
class PartyMerge:
    """`wanted` is what the portal shall have; `agreed` and `told` are what to compare each side with next time.

    `for_onec` names the fields that the portal changed; `from_onec` those that 1C did.
    """

    wanted: Party
    agreed: Party
    told: Party
    for_onec: frozenset[str]
    from_onec: frozenset[str]
    conflicts: tuple[Conflict, ...] = ()


def merge_party(
    *,
    portal: Party,
    onec: Party,
    agreed: Party | None,
    told: Party | None,
    owners: Mapping[str, str],
    decided: Mapping[str, str] | None = None,
) -> PartyMerge:
    """Merge the two sides, both in normal form. `agreed` None: they never met; then blanks are filled from the other side."""
    merging = _Merging(portal, onec, agreed, told, owners, decided or {})
    return merging.run()


class _Merging:
    def __init__(
        self,
        portal: Party,
        onec: Party,
        agreed: Party | None,
        told: Party | None,
        owners: Mapping[str, str],
        decided: Mapping[str, str],
    ) -> None:
        self.portal, self.onec, self.was, self.told = portal, onec, agreed, told
        self.owners, self.decided = owners, decided
        self.wanted: dict[str, Any] = {}
        self.next_agreed: dict[str, Any] = {}
        self.next_told: dict[str, Any] = {}
        self.for_onec: set[str] = set()
        self.from_onec: set[str] = set()
        self.conflicts: list[Conflict] = []

    def run(self) -> PartyMerge:
        person = self.portal.kind is PartyKind.PERSON or (self.portal.b24 or (0, 0))[0] == 3
        for name, group in SINGLE.items():
            # A person's name is made of its parts, which only persons have.
            if name == "name" if person else name in ("last_name", "first_name", "middle_name"):
                continue
            self._single(name, group)
        self._mapping("codes", "requisites", dict(self.portal.codes or ()), _codes)
        self._values("phones")
        self._values("emails")
        self._mapping("addresses", "addresses", {item.kind.value: item for item in self.portal.addresses or ()}, _addresses)
        self._mapping("accounts", "accounts", {item.number: item for item in self.portal.accounts or ()}, _accounts)
        return PartyMerge(
            replace(self.portal, **self.wanted),
            replace(self.portal, **{**self.wanted, **self.next_agreed}),
            replace(self.onec, **self.next_told),
            frozenset(self.for_onec),
            frozenset(self.from_onec),
            tuple(self.conflicts),
        )

    def owner(self, group: str) -> str:
        return self.owners.get(group, "last")

    def _single(self, name: str, group: str) -> None:
        portal, onec = getattr(self.portal, name), getattr(self.onec, name)
        was = getattr(self.was, name) if self.was is not None else None
        told = getattr(self.told, name) if self.told is not None else None
        if not onec:
            # Said nothing: what it said before stays what it is compared with.
            self.next_told[name] = told or onec
            if self.was is not None and (portal or "") != (was or ""):
                self.for_onec.add(name)
            return
        verdict = _verdict(portal, onec, was, told, known=self.was is not None, owner=self.owner(group))
        if verdict == "conflict" and name in self.decided:
            verdict = self.decided[name]
        if verdict == "onec":
            self.wanted[name] = onec
            self.from_onec.add(name)
        elif verdict == "portal":
            self.for_onec.add(name)
        elif verdict == "conflict":
            self.conflicts.append(Conflict(name, str(portal or ""), str(onec)))
            self.next_agreed[name], self.next_told[name] = was, told

    def _values(self, name: str) -> None:
        """Phones and e-mails: 1C's additions and removals are carried over, a changed one takes the place of the old."""
        portal = tuple(getattr(self.portal, name) or ())
        was = getattr(self.was, name) if self.was is not None else None
        if was is not None and set(was) != set(portal):
            self.for_onec.add(name)
        onec = getattr(self.onec, name)
        told = (getattr(self.told, name) if self.told is not None else None) or ()
        if not onec:
            self.next_told[name] = told or onec
            return
        if self.owner(name) == "portal" and portal:
            return
        # What the portal took away stays away while 1C only repeats it.
        added = [value for value in onec if value not in told and value not in portal]
        if self.was is None:
            added = [value for value in onec if value not in portal]
        gone = {value for value in told if value not in onec and value in (was or ())}
        wanted = _exchanged(portal, gone, added)
        if wanted != portal:
            self.wanted[name] = wanted
            self.from_onec.add(name)

    def _mapping(self, name: str, group: str, portal: dict[str, Any], keyed: Callable[[Party], dict[str, Any]]) -> None:
        """Items with a key (codes, addresses, accounts): each is merged like a single value; 1C's own removals are carried over."""
        onec, was, told = keyed(self.onec), keyed(self.was or Party()), keyed(self.told or Party())
        if self.was is not None and _plain_all(portal) != _plain_all(was):
            self.for_onec.add(name)
        if not onec:
            self.next_told[name] = getattr(self.told, name) if told else getattr(self.onec, name)
            return
        wanted, disputed = dict(portal), []
        for key, value in onec.items():
            mine, theirs = _plain(portal.get(key)), _plain(value)
            verdict = _verdict(
                mine, theirs, _plain(was.get(key)), _plain(told.get(key)), known=self.was is not None, owner=self.owner(group)
            )
            verdict = self.decided.get(f"{name}.{key}", verdict) if verdict == "conflict" else verdict
            if verdict == "onec":
                wanted[key] = _with_id(value, portal.get(key))
            elif verdict == "conflict":
                disputed.append(key)
                self.conflicts.append(Conflict(f"{name}.{key}", _shown(portal.get(key)), _shown(value)))
        for key in told:
            if key not in onec and key in was and _plain(portal.get(key)) == _plain(was[key]) and name != "codes":
                wanted.pop(key, None)
        if disputed:
            self.next_agreed[name] = _stored(name, _with_old(wanted, was, disputed))
            self.next_told[name] = _stored(name, _with_old(onec, told, disputed))
        if _plain_all(wanted) != _plain_all(portal):
            self.wanted[name] = _stored(name, wanted)
            self.from_onec.add(name)


def merge_person(portal: Person, onec: Person, was: Person | None, told: Person | None) -> tuple[Person, bool]:
    """What the portal's contact shall have of 1C's contact person, and whether the portal changed something itself."""
    values: dict[str, Any] = {}
    for name in PERSON_FIELDS:
        mine, theirs = getattr(portal, name), getattr(onec, name)
        if theirs and _verdict(
            mine, theirs, getattr(was, name, ""), getattr(told, name, ""), known=was is not None, owner="last"
        ) in ("onec", "conflict"):
            values[name] = theirs
    for name in ("phones", "emails"):
        mine, theirs = getattr(portal, name), getattr(onec, name)
        before, heard = getattr(was, name, ()), getattr(told, name, ())
        added = [value for value in theirs if value not in mine and (was is None or value not in heard)]
        gone = {value for value in heard if theirs and value not in theirs and value in before}
        values[name] = _exchanged(mine, gone, added)
    changed = was is not None and any(
        getattr(portal, name) != getattr(was, name) for name in (*PERSON_FIELDS, "phones", "emails")
    )
    return replace(portal, **values), changed


def for_onec(portal: Party, onec: Party | None, sent: Iterable[str], onec_id: str, people: Mapping[str, str]) -> Party:
    """The party as 1C shall get it: the portal's, but in what 1C said and the portal has not changed since (`sent`) 1C's own words.

    So a short name in the portal never renames a counterparty of 1C. `people`: portal's contact → 1C's id of the contact person.
    """
    known = tuple(
        replace(one, id=found if " " not in (found := people.get(str(one.contact_id), "")) else "") for one in portal.people or ()
    )
    party = replace(portal, id=onec_id, people=known if portal.people is not None else None)
    if onec is None:
        return party
    kept = set(sent)
    own = [name for name in (*SINGLE, "addresses", "accounts", "codes") if name not in kept and name != "comment"]
    values = {name: value for name in own if (value := getattr(onec, name))}
    return replace(party, **values, kind=onec.kind or portal.kind)


def _verdict(portal: Any, onec: Any, was: Any, told: Any, *, known: bool, owner: str) -> str:
    """Whose value holds: "same", "onec" (write it to the portal), "portal" (tell 1C), "keep" (both keep theirs) or "conflict"."""
    if (portal or "") == onec:
        return "same"
    if not known:
        return "onec" if not portal or owner == "onec" else "keep"
    portal_changed = (portal or "") != (was or "")
    onec_changed = bool(told) and onec != told
    if not told and not portal and not portal_changed:
        onec_changed = True  # said for the first time, and the portal has nothing there
    if owner == "portal":
        return "portal" if portal_changed else "onec" if onec_changed and not portal else "keep"
    if owner == "onec":
        return "onec" if onec_changed or portal_changed else "keep"
    if portal_changed and onec_changed:
        return "conflict"
    return "portal" if portal_changed else "onec" if onec_changed else "keep"


def _exchanged(have: tuple[str, ...], gone: set[str], added: list[str]) -> tuple[str, ...]:
    """The values with the gone ones replaced by added ones, place by place; the rest of the added at the end."""
    fresh = list(added)
    found: list[str] = []
    for value in have:
        if value not in gone:
            found.append(value)
        elif fresh:
            found.append(fresh.pop(0))
    return tuple(dict.fromkeys([*found, *fresh]))


def _plain(value: Any) -> Any:
    """What is compared of an item: an address by its words, an account by what identifies it."""
    if isinstance(value, PostalAddress):
        return re.sub(r"\W+", " ", value.text.casefold()).strip()
    if isinstance(value, Account):
        return (value.number, value.bic, name_key(value.bank), value.correspondent)
    return value


def _plain_all(items: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in items.items()}


def _with_id(value: Any, old: Any) -> Any:
    """1C's item as the portal keeps it."""
    if isinstance(value, PostalAddress):
        return as_kept(value)
    return replace(value, id=old.id) if isinstance(value, Account) and isinstance(old, Account) else value


def _with_old(items: Mapping[str, Any], old: Mapping[str, Any], disputed: Iterable[str]) -> dict[str, Any]:
    """The items with the disputed ones as they were: so the next look still sees that both changed them."""
    found = {key: value for key, value in items.items() if key not in disputed}
    return found | {key: old[key] for key in disputed if key in old}


def _stored(name: str, items: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(items.items()) if name == "codes" else tuple(items.values())


def _shown(value: Any) -> str:
    if isinstance(value, PostalAddress):
        return value.text
    return f"{value.number} {value.bank}".strip() if isinstance(value, Account) else str(value or "")


def _codes(party: Party) -> dict[str, Any]:
    return dict(party.codes or ())


def _addresses(party: Party) -> dict[str, Any]:
    return {item.kind.value: item for item in party.addresses or ()}


def _accounts(party: Party) -> dict[str, Any]:
    return {item.number: item for item in party.accounts or ()}
