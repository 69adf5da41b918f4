"""What differs between two versions of a base's rules, in words: which setting, from what, to what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from b24app.pages.sections import labels
from b24app.pages.sections.facts import Facts
from mapping.rules import Rules
from mapping.trade_rules import Agreement, StatusRule

Names = Callable[[str, Any], str]
# Settings whose order or number of lines people change at once: shown line by line, by what a line is about.
_KEYS: Final[Mapping[type, Callable[[Any], Any]]] = {
    StatusRule: lambda rule: (rule.entity_type_id, rule.pipeline, rule.stage_id, rule.onec),
    Agreement: lambda terms: (terms.id, terms.name, terms.my_company, terms.pipeline),
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that is another one; "" = not set."""

    setting: str
    before: str
    after: str


def differences(before: Rules, after: Rules, facts: Facts) -> tuple[Difference, ...]:
    """Every setting that differs, in the order of the rules."""
    return tuple(_of(before, after, "", labels.names(facts)))


def _of(before: Any, after: Any, path: str, names: Names) -> Iterable[Difference]:
    for field in fields(before):
        one, other = getattr(before, field.name), getattr(after, field.name)
        if one == other:
            continue
        here = f"{path}.{field.name}".removeprefix(".")
        if is_dataclass(one):
            yield from _of(one, other, here, names)
        else:
            yield from _values(here, one, other, names)


def _values(path: str, before: Any, after: Any, names: Names) -> Iterable[Difference]:
    match before:
        case Mapping():
            for key in dict.fromkeys([*before, *after]):
                if before.get(key) != after.get(key):
                    yield Difference(
                        labels.keyed(path, key, names), *(_shown(path, side.get(key), names) for side in (before, after))
                    )
        case frozenset():
            gone, come = before - after, after - before
            for value in sorted(gone | come, key=str):
                yield Difference(labels.setting(path), *(names(path, value) if value in side else "" for side in (before, after)))
        case tuple():
            yield from _lines(path, before, after, names)
        case _:
            yield Difference(labels.setting(path), *(_shown(path, side, names) for side in (before, after)))


def _lines(path: str, before: tuple[Any, ...], after: tuple[Any, ...], names: Names) -> Iterable[Difference]:
    sides = [{_key(line): line for line in lines} for lines in (before, after)]
    for key in dict.fromkeys([*sides[0], *sides[1]]):
        if sides[0].get(key) != sides[1].get(key):
            yield Difference(labels.setting(path), *(labels.line(side[key], names) if key in side else "" for side in sides))


def _key(line: Any) -> Any:
    return _KEYS[type(line)](line) if type(line) in _KEYS else line


def _shown(path: str, value: Any, names: Names) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return names(path, value)
