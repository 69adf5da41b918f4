"""Finding the company or contact that a counterparty of 1C is, by the rules of party_matching.py: asks as little as decides it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass

from b24app.rest.batching import Outcome
from b24app.rest.commands import Command
from exchange.imports.flows import Ask
from exchange.planning.parties import core_name, emails, phones, quoted
from exchange.planning.party_countries import COUNTRIES, country_row
from exchange.planning.party_matching import Candidate, Match, Numbers, by_communication, by_name, by_tax_id, kinds_of, speaks_for
from exchange.planning.portal_parties import Row, fm_values, tax_of, text, whole
from exchange.planning.trade import COMPANY, CONTACT, Party
from exchange.settling import party_commands as commands
from exchange.settling.party_reading import PAGE, all_rows
from exchange.settling.party_tools import Key, PartyTools
from mapping.trade_rules import PartyRules

# By what a counterparty is known again that 1C made of what it was given.
_GIVEN = ("name", "full_name", "tax_id", "tax_branch", "phones", "emails")
_NAMES = {COMPANY: "COMPANY", CONTACT: "CONTACT"}


@dataclass(frozen=True, slots=True)
class Search:
    """Whom to look for: the party in normal form, its id in 1C, and the mark of what we make for its base."""

    party: Party
    onec_id: str
    originator: str


def find_party(search: Search, tools: PartyTools, rules: PartyRules) -> Generator[Ask, list[Outcome], Match | None]:
    """The match, several rivals, or None when no rule finds any. Raises RestError."""
    party = search.party
    made, marked, requisites = yield from _by_marks_and_numbers(search)
    keys = [(CONTACT if "lastName" in row else COMPANY, whole(row["id"])) for row in made]
    moved = [_owner(row) for row in marked]
    hinted = list(tools.hints(search.onec_id))
    candidates = yield from _candidates([*keys, *moved, *hinted, *map(_owner, requisites)], tools, search)
    doubtful: tuple[Candidate, ...] = ()
    if rules.by_id:
        # An `add` whose answer was lost; requisites of ours that a merge in the portal moved; the buyer of its documents now.
        for named in (keys, moved, hinted):
            known = [candidates[key] for key in dict.fromkeys(named) if key in candidates and not candidates[key].own]
            if named is hinted:
                given = {one.key: _was_given(one, party, tools) for one in known}
                # It was made of what 1C got from us, and one of the two has corrected something since, be it the tax id.
                known = [one for one in known if not one.holder and (speaks_for(party, one) or given[one.key] in (0, 1))]
                doubtful = tuple(candidates[key] for key, differing in given.items() if differing > 1)
            if len(known) == 1:
                return Match("id", known[0], _requisite_of(marked, known[0].key))
    if match := by_tax_id(party, candidates.values(), branch_rule=rules.by_tax_id_and_branch, tax_rule=rules.by_tax_id):
        return match
    if rules.by_phone_or_email and (party.phones or party.emails):
        keys = yield from _by_communication(party)
        candidates = yield from _candidates(keys, tools, search)
        if match := by_communication(party, candidates.values()):
            return match
    if rules.by_name and party.name:
        keys = yield from _by_name(party)
        candidates = yield from _candidates(keys, tools, search)
        if match := by_name(party, candidates.values()):
            return match
    return Match("id", rivals=doubtful) if doubtful else None


def _was_given(candidate: Candidate, party: Party, tools: PartyTools) -> int:
    """In how many respects 1C's party is other than what 1C was given of this company (-1 = nothing, or nothing of it is left)."""
    given = tools.confirmed(candidate.key)
    if given is None or candidate.own or candidate.holder:
        return -1
    said = [(getattr(party, name), getattr(given, name)) for name in _GIVEN]
    pairs = [
        (set(one) if isinstance(one, tuple) else one, set(other) if isinstance(other, tuple) else other) for one, other in said
    ]
    told = [(one, other) for one, other in pairs if one and other]
    differing = sum(one != other for one, other in told)
    return differing if differing < len(told) else -1


def _by_marks_and_numbers(search: Search) -> Generator[Ask, list[Outcome], tuple[list[Row], list[Row], list[Row]]]:
    """Items that bear our mark, requisites that do, and requisites with the party's tax id in any field where people keep one."""
    asked = [commands.find_by_origin(entity, search.originator, [search.onec_id]) for entity in (COMPANY, CONTACT)]
    mark = commands.origin_id(search.onec_id)
    asked.append(commands.find_requisites(XML_ID=mark, ORIGINATOR_ID=search.originator))
    if number := search.party.tax_id:
        known = search.party.country in COUNTRIES
        fields = country_row(search.party.country).search if known else ("RQ_INN", "RQ_VAT_ID")
        asked += [commands.find_requisites(**{name: number}) for name in fields]
    companies, contacts, marked, *numbered = yield from all_rows(asked)
    return companies + contacts, marked, marked + [row for rows in numbered for row in rows]


def _by_communication(party: Party) -> Generator[Ask, list[Outcome], list[Key]]:
    asked: list[tuple[int, Command]] = []
    spelt = [spelling for value in party.phones or () for spelling in _spellings(value)]
    for entity in kinds_of(party):
        for kind, values in (("PHONE", spelt), ("EMAIL", list(party.emails or ()))):
            for start in range(0, len(values), 20):
                asked.append((entity, commands.find_by_communication(kind, values[start : start + 20], _NAMES[entity])))
    outcomes = yield Ask(tuple(command for _, command in asked))
    keys: list[Key] = []
    for (entity, _), outcome in zip(asked, outcomes, strict=True):
        if outcome.error is not None:
            raise outcome.error
        keys += [(entity, b24_id) for b24_id in commands.found_ids(outcome.result, _NAMES[entity])]
    return list(dict.fromkeys(keys))


def _spellings(phone: str) -> list[str]:
    """A phone as people write it in the portal: with its country, and from inside Russia or Kazakhstan."""
    plain = phone.partition(" ext.")[0]
    return [plain, f"8{plain[2:]}"] if plain.startswith("+7") else [plain]


def _by_name(party: Party) -> Generator[Ask, list[Outcome], list[Key]]:
    asked: list[tuple[int, Command]] = []
    for entity in kinds_of(party):
        core = core_name(party.name)
        names = (
            [core, party.name, party.full_name or "", *quoted(core)]
            if entity == COMPANY
            else [party.last_name or core.partition(" ")[0]]
        )
        names = list(dict.fromkeys(name for name in names if name))
        asked += [(entity, command) for command in commands.find_by_name(entity, names)] if names else []
    listed = yield from all_rows([command for _, command in asked], most_pages=4)
    return [(entity, whole(row["id"])) for (entity, _), rows in zip(asked, listed, strict=True) for row in rows]


def _candidates(keys: Iterable[Key], tools: PartyTools, search: Search) -> Generator[Ask, list[Outcome], dict[Key, Candidate]]:
    """What is there of these keys (what a requisite names may be gone), with their tax ids and phones."""
    pages: list[tuple[int, list[int]]] = []
    for kind in (COMPANY, CONTACT):
        ids = [b24_id for entity, b24_id in dict.fromkeys(keys) if entity == kind and b24_id]
        pages += [(kind, ids[start : start + PAGE]) for start in range(0, len(ids), PAGE)]
    asked = [commands.find_by_ids(entity, ids) for entity, ids in pages]
    asked += [commands.find_requisites(ENTITY_TYPE_ID=entity, ENTITY_ID=ids) for entity, ids in pages]
    listed = yield from all_rows(asked)
    numbers: dict[Key, list[Numbers]] = {}
    for row in (row for rows in listed[len(pages) :] for row in rows):
        number, branch, _ = tax_of(row)
        if text(row, "ACTIVE") != "N" and number:
            numbers.setdefault(_owner(row), []).append(Numbers(number, branch, whole(row["ID"])))
    found: dict[Key, Candidate] = {}
    for (entity, _), rows in zip(pages, listed, strict=False):
        for row in rows:
            key = (entity, whole(row["id"]))
            found[key] = _candidate(key, row, tuple(numbers.get(key, ())), tools, search)
    return found


def _candidate(key: Key, row: Row, numbers: tuple[Numbers, ...], tools: PartyTools, search: Search) -> Candidate:
    name = text(row, "title")
    if key[0] == CONTACT:
        name = " ".join(part for part in (text(row, "lastName"), text(row, "name"), text(row, "secondName")) if part)
    holder = tools.holder(key)
    other = holder.onec_id if holder is not None and not holder.gone and holder.onec_id != search.onec_id else ""
    return Candidate(
        key,
        name,
        numbers,
        own=text(row, "isMyCompany") == "Y",
        holder=other,
        phones=frozenset(phones(fm_values(row, "PHONE"), search.party.country)),
        emails=frozenset(emails(fm_values(row, "EMAIL"))),
    )


def _owner(requisite: Row) -> Key:
    return whole(requisite["ENTITY_TYPE_ID"]), whole(requisite["ENTITY_ID"])


def _requisite_of(rows: Iterable[Row], key: Key) -> int:
    return next((whole(row["ID"]) for row in rows if _owner(row) == key), 0)


def own_companies(party: Party) -> Generator[Ask, list[Outcome], list[tuple[Key, str]]]:
    """The portal's own companies with the party's tax id (of its branch, where several have it): key and title; without a tax id,
    all of them. Raises RestError."""
    mine = Command(
        "crm.item.list",
        {"entityTypeId": COMPANY, "select": ["id", "title"], "filter": {"=isMyCompany": "Y"}, "order": {"id": "ASC"}},
    )
    (rows,) = yield from all_rows([mine])
    titles: Mapping[int, str] = {whole(row["id"]): text(row, "title") for row in rows}
    if not titles or not party.tax_id:
        return [((COMPANY, company), title) for company, title in titles.items()]
    (rows,) = yield from all_rows([commands.find_requisites(ENTITY_TYPE_ID=COMPANY, ENTITY_ID=list(titles))])
    hits: dict[int, bool] = {}
    for row in rows:
        number, branch, _ = tax_of(row)
        company = whole(row["ENTITY_ID"])
        if number == party.tax_id and company in titles:
            hits[company] = hits.get(company, False) or branch == (party.tax_branch or "")
    exact = [company for company, same in hits.items() if same]
    return [((COMPANY, company), titles[company]) for company in (exact if len(exact) == 1 else hits)]
