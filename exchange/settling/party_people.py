"""Contact persons of a counterparty and the contacts of its company: found, made, linked and kept in line, never doubled."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from b24app.rest.errors import Fate, RestError
from exchange.imports.flows import Ask
from exchange.planning import party_merge, stored
from exchange.planning.parties import name_key, normal
from exchange.planning.portal_parties import PortalParty, Row, contact_ids, person_of, whole
from exchange.planning.trade import COMPANY, CONTACT, Party, Person
from exchange.settling import party_commands as commands
from exchange.settling.flows import Learnt, PartyWork
from exchange.settling.party_reading import contacts_by_id, listing
from exchange.settling.party_tools import PartyTools

PEOPLE_AMBIGUOUS = "person-ambiguous"
People = tuple[tuple[Person, ...], list[RestError]]


def settle_people(
    raw: PortalParty, onec: Party, known: dict[str, Any], work: PartyWork, tools: PartyTools, log: Learnt
) -> Generator[Ask, list[Outcome], People]:
    """Bring 1C's contact persons into the company; returns its people as they are then, and what the portal refused.

    Raises RestError for what passes by itself.
    """
    mine = tuple(raw.party.people or ())
    if raw.key[0] != COMPANY or not onec.people:
        return mine, []
    settling = _People(raw, onec, known, work, tools, log)
    return (yield from settling.run(mine))


class _People:
    def __init__(
        self, raw: PortalParty, onec: Party, known: dict[str, Any], work: PartyWork, tools: PartyTools, log: Learnt
    ) -> None:
        self.raw, self.onec, self.known, self.work, self.tools, self.log = raw, onec, known, work, tools, log
        self.rules = work.base.rules.trade.parties
        self.rows: dict[int, Row] = {whole(row["id"]): row for row in raw.contacts}
        self.links: dict[str, int] = {str(key): int(value) for key, value in (known.get("people") or {}).items()}
        self.errors: list[RestError] = []
        told = stored.from_data(Party, known["told"]) if known.get("told") else Party()
        self.told = {_key(person): person for person in told.people or ()}
        self.persons: dict[str, Any] = dict(known.get("persons") or {})

    def run(self, mine: tuple[Person, ...]) -> Generator[Ask, list[Outcome], People]:
        wanted = [person for person in self.onec.people or () if _key(person)]
        yield from self._find(wanted)
        asked: list[tuple[Person, int, Command]] = []
        for person in wanted:
            contact = self.links.get(_key(person), 0)
            if contact == -1:
                continue
            command = self._command(person, contact)
            if command is not None:
                asked.append((person, contact, command))
        if asked:
            outcomes = yield Ask(tuple(command for _, _, command in asked))
            for (person, contact, _), outcome in zip(asked, outcomes, strict=True):
                if outcome.error is not None:
                    self._failed(outcome.error)
                elif not contact:
                    self._made(person, whole(outcome.result["item"]["id"]))
        self.known["people"] = {key: value for key, value in self.links.items() if value > 0}
        self.known["persons"] = self.persons
        after = {person.contact_id: person for person in mine} | {
            contact: stored.from_data(Person, data)
            for contact, data in ((int(key), value) for key, value in self.persons.items())
        }
        return tuple(after.values()), self.errors

    def _failed(self, error: RestError) -> None:
        if error.fate in (Fate.RETRY, Fate.REFRESH):
            raise error
        self.errors.append(error)

    def _made(self, person: Person, contact: int) -> None:
        self.links[_key(person)] = contact
        self.persons[str(contact)] = stored.to_data(replace(person, id="", contact_id=contact))

    def _command(self, person: Person, contact: int) -> Command | None:
        """Make the contact, or change what differs; None when nothing does. Notes what it then is."""
        if not contact:
            return commands.add_contact(person, self.raw.key[1], self.work.base.originator)
        row = self.rows.get(contact)
        if row is None:
            return None
        have = _normal(person_of(row), self.raw.party.country)
        was = stored.from_data(Person, self.persons[str(contact)]) if str(contact) in self.persons else None
        wanted, _ = party_merge.merge_person(have, person, was, self.told.get(_key(person)))
        self.persons[str(contact)] = stored.to_data(replace(wanted, id="", contact_id=contact))
        return commands.update_contact(row, have, wanted, self.raw.key[1], self.raw.party.country)

    # finding

    def _find(self, wanted: Sequence[Person]) -> Generator[Ask, list[Outcome], None]:
        """Link those that are there: by what is known, among the company's contacts, by our mark, by phone or e-mail."""
        linked = self.tools.people([person.id for person in wanted if person.id])
        for person in wanted:
            if _key(person) not in self.links and (contact := linked.get(person.id)):
                self.links[_key(person)] = contact
        yield from self._read_missing()
        for person in wanted:
            if _key(person) not in self.links and (contact := self._among_own(person)):
                self.links[_key(person)] = contact
        left = [person for person in wanted if _key(person) not in self.links]
        if left:
            yield from self._search(left)

    def _read_missing(self) -> Generator[Ask, list[Outcome], None]:
        """Read linked contacts that the company no longer has; forget those that are gone."""
        missing = [contact for contact in self.links.values() if contact not in self.rows]
        if missing:
            outcomes = yield Ask((contacts_by_id(missing[:50]),))
            self.rows |= {whole(row["id"]): row for row in listing(outcomes[0])}
        self.links = {key: contact for key, contact in self.links.items() if contact in self.rows}

    def _among_own(self, person: Person) -> int:
        """The company's contact with such a phone, e-mail or name; 0 when none or several have it."""
        taken = set(self.links.values())
        own = [contact for contact in contact_ids(self.raw.item) if contact in self.rows and contact not in taken]
        people = {contact: _normal(person_of(self.rows[contact]), self.raw.party.country) for contact in own}
        reached = [
            one for one, had in people.items() if set(had.phones) & set(person.phones) or set(had.emails) & set(person.emails)
        ]
        if self.rules.by_phone_or_email and len(reached) == 1:
            return reached[0]
        named = [one for one, had in people.items() if _name(had) == _name(person)]
        return named[0] if len(named) == 1 else 0

    def _search(self, left: Sequence[Person]) -> Generator[Ask, list[Outcome], None]:
        ids = [person.id for person in left if person.id]
        asked = [commands.find_by_origin(CONTACT, self.work.base.originator, ids or ["-"])]
        of: list[Person] = []
        if self.rules.by_phone_or_email:
            for person in left:
                for kind, values in (("PHONE", person.phones), ("EMAIL", person.emails)):
                    if values:
                        asked.append(commands.find_by_communication(kind, values, "CONTACT"))
                        of.append(person)
        outcomes = yield Ask(tuple(asked))
        made = {str(row.get("originId")): row for row in listing(outcomes[0])}
        found: dict[str, list[int]] = {}
        for person, outcome in zip(of, outcomes[1:], strict=True):
            if outcome.error is not None:
                raise outcome.error
            found.setdefault(_key(person), []).extend(commands.found_ids(outcome.result, "CONTACT"))
        for person in left:
            if row := made.get(commands.origin_id(person.id)) if person.id else None:
                self._take(person, whole(row["id"]), row)
            elif hits := sorted(set(found.get(_key(person), ()))):
                self._hit(person, hits)
        yield from self._read_missing_after()

    def _hit(self, person: Person, hits: Sequence[int]) -> None:
        if len(hits) == 1:
            self._take(person, hits[0], None)
            return
        facts = [{"type": CONTACT, "id": contact} for contact in hits]
        self.log.trouble(self.work.key, _shown(person), PEOPLE_AMBIGUOUS, candidates=facts)
        self.links[_key(person)] = -1

    def _take(self, person: Person, contact: int, row: Row | None) -> None:
        self.links[_key(person)] = contact
        if row is not None:
            self.rows[contact] = row

    def _read_missing_after(self) -> Generator[Ask, list[Outcome], None]:
        missing = [contact for contact in self.links.values() if contact > 0 and contact not in self.rows]
        if missing:
            outcomes = yield Ask((contacts_by_id(missing[:50]),))
            self.rows |= {whole(row["id"]): row for row in listing(outcomes[0])}
            self.links = {key: contact for key, contact in self.links.items() if contact == -1 or contact in self.rows}


def _key(person: Person) -> str:
    """What names a contact person of 1C: its id, else its name."""
    return person.id or _name(person)


def _name(person: Person) -> str:
    return name_key(_shown(person))


def _shown(person: Person) -> str:
    return " ".join(part for part in (person.last_name, person.first_name, person.middle_name) if part)


def _normal(person: Person, country: str) -> Person:
    people = normal(Party(people=(person,)), country).people
    return people[0] if people else person
