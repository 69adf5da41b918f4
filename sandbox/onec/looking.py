"""What a file of 1C holds, seen with a plain reader of its own: the measure for what a server says it has read.

It knows the tree and nothing of what the elements mean. Where a file is not well-formed it says so and keeps what came before.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

_ENCODINGS = ("utf-8-sig", "cp1251")
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
ROOT = "КоммерческаяИнформация"
CATALOG, PACKAGES = "Каталог", ("ПакетПредложений", "ИзмененияПакетаПредложений")
# Column: an element, and those it must stand in (all of them, from its parent outwards, gaps allowed).
COUNTED: Mapping[str, tuple[str, tuple[tuple[str, ...], ...]]] = {
    "groups": ("Группа", (("Группы", "Классификатор"), ("Группы", "Группа"), (CATALOG, ROOT), ("Группа", CATALOG))),
    "properties": ("Свойство", (("Свойства", "Классификатор"), ("Свойства", "Категория"), (CATALOG, ROOT))),
    "products": ("Товар", (("Товары", CATALOG), (CATALOG, ROOT), ("Группа", CATALOG))),
    "offers": ("Предложение", (("Предложения", PACKAGES[0]), ("Предложения", PACKAGES[1]), (PACKAGES[0], ROOT))),
    "price types": ("ТипЦены", (("ТипыЦен", "Классификатор"), ("ТипыЦен", PACKAGES[0]))),
    "warehouses": ("Склад", (("Склады", "Классификатор"), ("Склады", PACKAGES[0]))),
    "units": ("ЕдиницаИзмерения", (("ЕдиницыИзмерения",),)),
    "documents": ("Документ", ((ROOT,), ("Контейнер",))),
    "counterparties": ("Контрагент", (("Контрагенты", ROOT),)),
}
_ID, _CHARACTERISTIC = "Ид", "ИдХарактеристики"
_OLD_IDS = ("ИдентификаторТовара", "Идентификатор", "ИдентификаторВКаталоге")
# Columns whose ids are kept, to look for them in a portal.
_WITH_IDS = frozenset({"groups", "products", "offers", "properties"})


@dataclass(slots=True)
class Seen:
    """`root` is the name of the outermost element, `counts` what there is of each column, `ids` the different ids of some.

    `named`, `priced` and `stocked` count offers with a name, prices or stock. `fault` says why it could not be read to its end ("" = it
    could); `is_changes` whether it says that it holds changes only.
    """

    root: str = ""
    version: str = ""
    is_changes: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    ids: dict[str, set[str]] = field(default_factory=dict)
    named: int = 0
    priced: int = 0
    stocked: int = 0
    fault: str = ""

    @property
    def is_of_1c(self) -> bool:
        return self.root == ROOT

    @property
    def type(self) -> str:
        """The type of exchange such a file goes through; what holds no goods but documents or parties is a `sale`."""
        trade = self.counts["documents"] or self.counts["counterparties"]
        return "sale" if trade and not (self.counts["products"] or self.counts["offers"]) else "catalog"

    @property
    def kind(self) -> str:
        """A word for people."""
        if not self.is_of_1c:
            return "not CommerceML"
        for column in ("documents", "counterparties", "products", "offers"):
            if self.counts[column]:
                return {"products": "catalogue"}.get(column, column) if column != "offers" else self._kind_of_offers()
        return "references" if self.counts.total() else "empty"

    def _kind_of_offers(self) -> str:
        if self.priced and not self.stocked and not self.named:
            return "prices"
        return "stock" if self.stocked and not self.priced and not self.named else "offers"


def look(data: bytes) -> Seen:
    """Read a file; nothing that is wrong with it is raised."""
    seen = Seen()
    reader = _Reader(seen)
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(_DECLARATION.sub("", text_of(data)).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        seen.fault = str(error)
    return seen


def text_of(data: bytes) -> str:
    """The text, by its mark or by trying; the declaration may lie."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8-sig", "replace")


class _Reader:
    """Counts while expat reads."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.path: list[str] = []
        self.open: list[tuple[int, str, dict[str, str]]] = []  # depth, column, what is known of the object
        self.gathered = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        self.path.append(name)
        self.gathered = ""
        if len(self.path) == 1:
            self.seen.root, self.seen.version = name, attributes.get("ВерсияСхемы", "")
        if attributes.get("СодержитТолькоИзменения") == "true":
            self.seen.is_changes = True
        column = self._column(name)
        if column:
            self.seen.counts[column] += 1
            old = next((attributes[key] for key in _OLD_IDS if key in attributes), "")
            self.open.append((len(self.path), column, {"id": old} if old else {}))

    def end(self, tag: str) -> None:
        name = self.path.pop()
        if self.open:
            depth, column, known = self.open[-1]
            if len(self.path) == depth - 1:
                self.open.pop()
                self._close(column, known)
            elif len(self.path) == depth:
                self._child(name, column, known)
            elif name in ("ЦенаЗаЕдиницу", "КоличествоНаСкладе") or (name == "Количество" and "Остатки" in self.path):
                known["priced" if name == "ЦенаЗаЕдиницу" else "stocked"] = "yes"
        self.gathered = ""

    def text(self, piece: str) -> None:
        self.gathered += piece

    def _column(self, name: str) -> str:
        for column, (wanted, places) in COUNTED.items():
            if name == wanted and any(self._stands_in(place) for place in places):
                return column
        return ""

    def _stands_in(self, place: tuple[str, ...]) -> bool:
        outside = self.path[-2::-1]
        if not outside or outside[0] != place[0]:
            return False
        return all(step in outside[1:] for step in place[1:])

    def _child(self, name: str, column: str, known: dict[str, str]) -> None:
        text = self.gathered.strip()
        if name == _ID:
            known.setdefault("id", text)
        elif name == _CHARACTERISTIC and text:
            known["characteristic"] = text
        elif name in ("Количество", "Склад", "Цена"):
            known["priced" if name == "Цена" else "stocked"] = "yes"
        elif name == "Наименование" and column == "offers":
            self.seen.named += 1

    def _close(self, column: str, known: dict[str, str]) -> None:
        if column == "offers":
            self.seen.priced += "priced" in known
            self.seen.stocked += "stocked" in known
        found, more = known.get("id", ""), known.get("characteristic", "")
        if column in _WITH_IDS and found:
            self.seen.ids.setdefault(column, set()).add(f"{found}#{more}" if more and "#" not in found else found)
