"""Of a reconciliation: sections, price types, warehouses and properties, of which it is asked whether they are there as we left them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from exchange.imports.commands import LOOKUP_SIZE
from exchange.imports.flows import Flow
from exchange.imports.portal_lists import Portal, pages, read_portal
from exchange.models import OneCBase, StateRow
from exchange.planning.reconciled import Difference, Reconciled
from mapping import links
from mapping.rules import Rules

# One less than a page of a list: a full page would have to be followed by an empty one.
CHUNK: Final = LOOKUP_SIZE - 1
# Kind of links → the portal's rows.
_DICTIONARIES: Final = (
    ("price_type", "price_types"),
    ("warehouse", "stores"),
    ("property", "properties"),
    ("offer_property", "offer_properties"),
)


class ReferenceCheck:
    """Compares what elements refer to."""

    def __init__(self, base: OneCBase, target: Portal, rules: Rules, found: Reconciled) -> None:
        self.base = base
        self.target = target
        self.rules = rules
        self.found = found

    def flows(self) -> Iterator[Flow]:
        """One flow for the dictionaries, and one for each page of sections."""
        yield self._dictionaries()
        linked = links.to_b24(self.base.portal_id, self.base.pk, "group")
        told = {row.onec_id: row for row in StateRow.objects.filter(base=self.base, kind="group")}
        held = sorted(linked.items())
        for start in range(0, len(held), CHUNK):
            yield self._sections(held[start : start + CHUNK], told, linked)

    def _dictionaries(self) -> Flow:
        """Whether what we link to is still there."""
        yield from read_portal(self.target)
        for kind, rows in _DICTIONARIES:
            there = {int(row["id"]) for row in getattr(self.target, rows)}
            for onec_id, b24_id in sorted(links.to_b24(self.base.portal_id, self.base.pk, kind).items()):
                tally = self.found.tally(rows)
                if b24_id in there:
                    tally.agree += 1
                else:
                    tally.missing += 1
                    self.found.differences.append(Difference("missing", kind, onec_id, b24_id))
        return None

    def _sections(self, held: Sequence[tuple[str, int]], told: Mapping[str, StateRow], linked: Mapping[str, int]) -> Flow:
        select = ["id", "iblockId", "name", "xmlId", "iblockSectionId", "active"]
        filter = {"iblockId": self.target.iblock_id, "id": [b24_id for _, b24_id in held]}
        rows = yield from pages("catalog.section.list", "sections", select, filter)
        there = {int(row["id"]): row for row in rows}
        for onec_id, b24_id in held:
            tally, row, ours = self.found.tally("sections"), there.get(b24_id), told.get(onec_id)
            if ours is not None and ours.pushed_version < ours.version:
                self.found.unsettled += 1
            elif row is None:
                tally.missing += 1
                self.found.differences.append(Difference("missing", "group", onec_id, b24_id))
            elif ours is not None and (wrong := self._section(ours, row, linked)):
                tally.differ += 1
                self.found.differences += [Difference("differs", "group", onec_id, b24_id, *fields) for fields in wrong]
            else:
                tally.agree += 1
        return None

    def _section(self, ours: StateRow, row: Mapping[str, Any], linked: Mapping[str, int]) -> list[tuple[str, str, str]]:
        main = ours.main or {}
        pairs = [
            ("name", str(main.get("name") or ours.onec_id)[:255], str(row["name"]), "name"),
            ("section", str(linked.get(ours.parent_id, 0)), str(int(row.get("iblockSectionId") or 0)), "sections"),
            ("active", str(not main.get("deleted")), str(row.get("active", "Y") == "Y"), "active"),
        ]
        return [(field, one, other) for field, one, other, group in pairs if one != other and group not in self.rules.portal_owns]
