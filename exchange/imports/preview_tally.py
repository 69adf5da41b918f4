"""Counts what a rehearsed push would have written and what its flows said, and keeps some of it as examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from b24app.rest.commands import Command
from exchange.imports.commands import FIELD_NAMES
from exchange.imports.flows import Key, Log
from exchange.models import OneCBase, StateRow
from exchange.planning.changes import known_of
from exchange.planning.previewed import KINDS, Action, Counts, Detail, Example, Preview, chosen
from exchange.planning.references import References
from mapping import links

# Raw material for examples, per kind and action: enough to choose from.
KEPT: Final = 20
SHOWN: Final = 80
_ELEMENTS: Final = {
    "catalog.product": "products",
    "catalog.product.service": "products",
    "catalog.product.sku": "products",
    "catalog.product.offer": "offers",
}
_OTHERS: Final = {
    "catalog.section": "sections",
    "catalog.productProperty": "properties",
    "catalog.productPropertyEnum": "properties",
    "catalog.priceType": "price types",
    "catalog.store": "warehouses",
    "catalog.measure": "units",
    "catalog.vat": "VAT rates",
    "crm.currency": "currencies",
}
_ROW_KINDS: Final = {
    "group": "sections",
    "product": "products",
    "offer": "offers",
    "property": "properties",
    "offer_property": "properties",
    "price_type": "price types",
    "warehouse": "warehouses",
}


class _Seen(NamedTuple):
    """An example in the raw: the object is named by 1C's id or, where the command knows only that, by the portal's."""

    kind: str
    action: Action
    reason: str
    onec_id: str = ""
    b24_id: int = 0
    name: str = ""
    fields: Mapping[str, Any] = {}


class Tally:
    """What a rehearsed push of this base would do."""

    def __init__(self, base: OneCBase) -> None:
        self._base = base
        self._counts: dict[str, Counts] = {kind: Counts() for kind in KINDS}
        self._seen: dict[tuple[str, str], list[_Seen]] = {}
        self._troubles: Counter[str] = Counter()
        self._done: set[Key] = set()
        self._touched: set[str] = set()  # 1C ids with a write or a trouble
        self._written: set[int] = set()  # the portal's ids with a write
        self._matched: dict[Key, int] = {}
        self._changed_properties: set[int] = set()
        self._made_up: dict[int, str] = {}  # ids of objects that would be made → 1C id
        self._properties: Mapping[int, str] = {}

    def knows(self, references: References) -> None:
        """From now on properties can be called by 1C's id."""
        of = (references.properties, references.offer_properties)
        self._properties = {target.id: key for properties in of for key, target in properties.items()}

    def wrote(self, command: Command, answer: Any) -> None:
        """A command that would have written, and what it was answered."""
        of, _, verb = command.method.rpartition(".")
        fields = command.params.get("fields") or {}
        if command.method == "catalog.price.modify":
            self._prices(fields["product"])
        elif command.method == "catalog.document.element.add":
            self._see(
                _Seen("stock", "changed", "changed", b24_id=int(fields["elementId"]), fields={"quantity": fields["amount"]})
            )
        elif of == "catalog.productImage":
            action: Action = "made" if verb == "add" else "removed"
            product = int(fields.get("productId") or command.params.get("productId") or 0)
            self._see(_Seen("pictures", action, "new" if verb == "add" else "changed", b24_id=product))
        elif of in _ELEMENTS:
            self._element(_ELEMENTS[of], verb, int(command.params.get("id") or 0), fields, answer)
        elif of in _OTHERS:
            self._other(_OTHERS[of], of, verb, command, fields)

    def learnt(self, log: Log) -> None:
        """What flows said."""
        self._matched |= {key: b24_id for key, b24_id in log.linked.items() if b24_id > 0 and key[0] in _ROW_KINDS}
        self._done |= {key for key in log.done if key[0] in ("product", "offer")}
        blocked = {key for key, _, trouble in log.troubles if trouble.blocks}
        for (kind, onec_id), name, trouble in log.troubles:
            self._troubles[trouble.cause] += 1
            self._touched.add(onec_id)
            if trouble.blocks and kind in _ROW_KINDS:
                self._see(_Seen(_ROW_KINDS[kind], "skipped", trouble.cause, onec_id, name=name, fields=trouble.facts))
        for key in {**log.later, **log.again}.keys() - blocked:
            if key[0] in _ROW_KINDS and key[1] not in self._touched:
                self._see(_Seen(_ROW_KINDS[key[0]], "skipped", "waits", key[1]))

    def result(self, examples: int, *, resting: int, complete: bool, at: str) -> Preview:
        """The preview, with that many examples at most."""
        self._count_matched()
        touched = self._touched | set(self._onec_ids("stock", self._written).values())
        return Preview(
            kinds=self._counts,
            troubles=dict(self._troubles),
            examples=chosen(self._examples(), examples),
            unchanged=len({onec_id for _, onec_id in self._done} - touched),
            resting=resting,
            complete=complete,
            at=at,
        )

    def _see(self, seen: _Seen) -> None:
        self._counts.setdefault(seen.kind, Counts()).add(seen.action)
        if seen.onec_id:
            self._touched.add(seen.onec_id)
        elif seen.b24_id > 0:
            self._written.add(seen.b24_id)
        kept = self._seen.setdefault((seen.kind, seen.action), [])
        if len(kept) < KEPT:
            kept.append(seen)

    def _prices(self, product: Mapping[str, Any]) -> None:
        rows = product["prices"] or []
        action: Action = "removed" if not rows else "changed" if any(row.get("id") for row in rows) else "made"
        told = {f"price:{row['catalogGroupId']}": f"{row['price']} {row['currency']}" for row in rows}
        reason = {"made": "new", "changed": "changed", "removed": "deleted"}[action]
        self._see(_Seen("prices", action, reason, b24_id=int(product["id"]), fields=told))

    def _element(self, kind: str, verb: str, b24_id: int, fields: Mapping[str, Any], answer: Any) -> None:
        onec_id, name = str(fields.get("xmlId") or ""), str(fields.get("name") or "")
        own = {field: value for field, value in fields.items() if field not in _NOT_OWN}
        if verb == "add":
            b24_id = int(next(iter(answer.values()))["id"])
            self._made_up[b24_id] = onec_id
            self._see(_Seen(kind, "made", "new", onec_id, name=name, fields=own))
        elif onec_id.startswith("replaced:"):
            self._see(_Seen(kind, "removed", "replaced", onec_id.removeprefix("replaced:"), b24_id))
        elif fields.get("active") == "N":
            self._see(_Seen(kind, "removed", "deleted", b24_id=b24_id, name=name, fields=own))
        elif own:
            self._see(_Seen(kind, "changed", "changed", b24_id=b24_id, name=name, fields=own))
        made: Action = "made" if verb == "add" else "changed"
        reason = "new" if verb == "add" else "changed"
        if "quantity" in fields:
            self._see(_Seen("stock", made, reason, onec_id, b24_id, name, {"quantity": fields["quantity"]}))
        if picture := fields.get("detailPicture"):
            action: Action = "removed" if "remove" in picture else made
            self._see(_Seen("pictures", action, reason, onec_id, b24_id, name))

    def _other(self, kind: str, of: str, verb: str, command: Command, fields: Mapping[str, Any]) -> None:
        onec_id = str(fields.get("xmlId") or fields.get("code") or fields.get("CURRENCY") or "")
        name = str(fields.get("name") or fields.get("title") or fields.get("measureTitle") or "")
        b24_id = int(command.params.get("id") or 0)
        if of == "catalog.productPropertyEnum":
            property_id = int(fields["propertyId"])
            if property_id < 0 or property_id in self._changed_properties:
                return  # values of a new property, or more of one that is told already
            self._changed_properties.add(property_id)
            self._see(_Seen(kind, "changed", "changed", b24_id=property_id, fields={"value": fields["value"]}))
        elif verb == "add":
            self._see(_Seen(kind, "made", "new", onec_id, name=name))
        elif verb == "update":
            action: Action = "removed" if fields.get("active") == "N" else "changed"
            self._see(_Seen(kind, action, "deleted" if action == "removed" else "changed", onec_id, b24_id, name, fields))

    def _count_matched(self) -> None:
        """Links that are new, to objects that the portal has already."""
        for kind in {kind for kind, _ in self._matched}:
            ids = {onec_id: b24_id for (of, onec_id), b24_id in self._matched.items() if of == kind}
            link_kinds = ("product", "offer") if kind in ("product", "offer") else (kind,)
            for link_kind in link_kinds:
                of_kind = [i for i in ids if len(link_kinds) == 1 or ("#" in i) == (link_kind == "offer")]
                known = links.to_b24(self._base.portal_id, self._base.pk, link_kind, of_kind)
                for onec_id in of_kind:
                    if known.get(onec_id) != ids[onec_id]:
                        self._see(_Seen(_ROW_KINDS[link_kind], "matched", "found", onec_id, ids[onec_id]))

    def _ids(self) -> dict[str, dict[int, str]]:
        """1C's ids of the portal's objects among the examples, by kind of example."""
        wanted: dict[str, set[int]] = {}
        for heap in self._seen.values():
            for seen in heap:
                if not seen.onec_id and seen.b24_id > 0:
                    wanted.setdefault(seen.kind, set()).add(seen.b24_id)
        return {kind: self._onec_ids(kind, ids) for kind, ids in wanted.items()}

    def _onec_ids(self, kind: str, b24_ids: Iterable[int]) -> dict[int, str]:
        goods = ("product", "offer")
        kinds = goods if kind in ("prices", "stock", "pictures") else [row for row, of in _ROW_KINDS.items() if of == kind]
        found: dict[int, str] = {}
        for link_kind in kinds:
            found |= links.to_onec(self._base.portal_id, self._base.pk, link_kind, b24_ids)
        return found

    def _examples(self) -> Iterable[Example]:
        ids = self._ids()
        raw = [seen for heap in self._seen.values() for seen in heap]
        named = [
            seen._replace(onec_id=seen.onec_id or ids.get(seen.kind, {}).get(seen.b24_id, self._made_up.get(seen.b24_id, "")))
            for seen in raw
        ]
        rows = StateRow.objects.filter(base=self._base, onec_id__in={seen.onec_id for seen in named if seen.onec_id})
        by_id: dict[str, list[StateRow]] = {}
        for row in rows:
            by_id.setdefault(row.onec_id, []).append(row)
        for seen in named:
            of = by_id.get(seen.onec_id, [])
            told = next((str(row.main["name"]) for row in of if row.main and row.main.get("name")), "")
            # A price type's own name in the portal is a code.
            name = (told if seen.kind == "price types" else "") or seen.name or told or seen.onec_id
            known = next((found for row in of if (found := known_of(row.known)) is not None and seen.kind != "sections"), None)
            before = known.fields if known else {}
            yield Example(seen.kind, seen.action, seen.onec_id, name, seen.reason, tuple(self._details(seen.fields, before)))

    def _details(self, fields: Mapping[str, Any], before: Mapping[str, Any]) -> Iterable[Detail]:
        for field, value in fields.items():
            if field in ("iblockId", "xmlId", "parentId"):
                continue
            name = FIELD_NAMES.get(field, field)
            if field.startswith("property"):
                number = field.removeprefix("property")
                name = f"property:{self._properties.get(int(number), number)}" if number.lstrip("-").isdecimal() else field
                held = before.get(f"property:{number}")
            else:
                held = before.get(name)
            yield Detail(name, _shown(value), None if held is None or str(held).startswith("#") else _shown(held))


_NOT_OWN: Final = ("iblockId", "xmlId", "parentId", "quantity", "previewPicture", "detailPicture")


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("value", "")
    if isinstance(value, list):
        value = ", ".join(_shown(one) for one in value)
    text = {True: "Y", False: "N"}[value] if isinstance(value, bool) else str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
