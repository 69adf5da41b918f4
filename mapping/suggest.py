"""Suggestions for settings, from what both sides already have: names that mean the same are paired, the rest is left to a person.

A suggestion is only shown, never applied by itself. It is made when it is the only one possible: two 1C names for one stage, or one name
for two, suggest nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from typing import Final

from django.conf import settings
from django.utils.translation import override, pgettext_lazy

from mapping.trade_rules import StatusRule

# Names alike by at least so much are paired when nothing is alike exactly.
ALIKE: Final = 0.8
_BRACKETED: Final = re.compile(r"^\[[^\]]*\]\s*")
_WORDS: Final = re.compile(r"[^\W_]+")
# Stems of what both sides call the same thing by different words, parted by "|"; each translation holds its language's stems.
_SAME: Final = (
    pgettext_lazy("stems of statuses", "cancel|refus|lost"),
    pgettext_lazy("stems of statuses", "paid|payment"),
    pgettext_lazy("stems of statuses", "shipped|deliver"),
    pgettext_lazy("stems of statuses", "complet|closed|done|won|success"),
    pgettext_lazy("stems of statuses", "new"),
    pgettext_lazy("stems of statuses", "approv|agree"),
)


@dataclass(frozen=True, slots=True)
class Named:
    """Something with an id and a name for people, on either side."""

    id: str
    name: str


def status_rules(
    entity_type_id: int, pipeline: int, stages: Iterable[Named], statuses: Iterable[str], have: Iterable[StatusRule] = ()
) -> tuple[StatusRule, ...]:
    """Lines for the status mapping of one pipeline; stages and statuses that a line of `have` names already get none."""
    mine = [rule for rule in have if (rule.entity_type_id, rule.pipeline) == (entity_type_id, pipeline)]
    taken_stages, taken_statuses = {rule.stage_id for rule in mine}, {_normal(rule.onec) for rule in mine}
    free = [stage for stage in stages if stage.id not in taken_stages]
    told = [Named(status, status) for status in dict.fromkeys(statuses) if _normal(status) not in taken_statuses]
    found = pairs(free, told)
    return tuple(StatusRule(entity_type_id, pipeline, stage.id, found[stage.id]) for stage in free if stage.id in found)


def by_tax_id(organisations: Mapping[str, str], my_companies: Mapping[int, str]) -> dict[str, int]:
    """1C's organisation → the portal's own company: those with the same tax id, where exactly one on each side has it."""
    by_tax: dict[str, list[int]] = {}
    for company, tax_id in my_companies.items():
        if tax_id.strip():
            by_tax.setdefault(tax_id.strip(), []).append(company)
    known = [tax_id.strip() for tax_id in organisations.values()]
    return {
        organisation: by_tax[tax_id][0]
        for organisation, raw in organisations.items()
        if (tax_id := raw.strip()) and len(by_tax.get(tax_id, ())) == 1 and known.count(tax_id) == 1
    }


def pairs(left: Iterable[Named], right: Iterable[Named]) -> dict[str, str]:
    """Ids of the left → ids of the right that mean the same: by equal names, then by meaning, then by names nearly alike."""
    open_left, open_right = list(left), list(right)
    found: dict[str, str] = {}
    for same in (_equal, _one_meaning, _alike):
        mutual = _only_pairs(open_left, open_right, same)
        found |= {one.id: other.id for one, other in mutual}
        open_left = [item for item in open_left if item.id not in found]
        open_right = [item for item in open_right if item.id not in found.values()]
    return found


def _only_pairs(left: list[Named], right: list[Named], same: Callable[[str, str], bool]) -> list[tuple[Named, Named]]:
    """Pairs in which each has the other as its only match."""
    forth = {one.id: [other for other in right if same(one.name, other.name)] for one in left}
    back: dict[str, int] = {}
    for matches in forth.values():
        for other in matches:
            back[other.id] = back.get(other.id, 0) + 1
    return [(one, forth[one.id][0]) for one in left if len(forth[one.id]) == 1 and back[forth[one.id][0].id] == 1]


def _normal(name: str) -> str:
    return " ".join(_WORDS.findall(_BRACKETED.sub("", name).casefold()))


def _equal(one: str, other: str) -> bool:
    return bool(_normal(one)) and _normal(one) == _normal(other)


def _one_meaning(one: str, other: str) -> bool:
    return bool(_meanings(one)) and _meanings(one) == _meanings(other)


def _meanings(name: str) -> frozenset[int]:
    words = _normal(name).split()
    return frozenset(
        place for place, stems in enumerate(_stems()) if any(word.startswith(stem) for word in words for stem in stems)
    )


@cache
def _stems() -> tuple[tuple[str, ...], ...]:
    """The stems of every language we speak, by meaning: a portal and its 1C need not speak the same one."""
    found: list[list[str]] = [[] for _ in _SAME]
    for language, _ in settings.LANGUAGES:
        with override(language):
            for stems, texts in zip(found, _SAME, strict=True):
                stems += str(texts).split("|")
    return tuple(tuple(dict.fromkeys(stems)) for stems in found)


def _alike(one: str, other: str) -> bool:
    return bool(_normal(one)) and SequenceMatcher(None, _normal(one), _normal(other)).ratio() >= ALIKE
