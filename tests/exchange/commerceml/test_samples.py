"""Files that real 1C bases and sites wrote, where a folder of them is at hand: every object they hold is found.

The folder (ONEC_SAMPLES) has an INDEX.tsv with a row per file, which counts the elements of each kind by their usual names.
Without the folder there is nothing to go through, and the cases are none.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings

from exchange.commerceml import Oddities, UnreadableFile, pieces, read
from exchange.commerceml.errors import NotCommerceML
from exchange.records import Counterparty, Group, Offer, OrderDocument, PriceType, Product, Property, Record, Warehouse

FOLDER = Path(os.environ.get("ONEC_SAMPLES", settings.BASE_DIR.parent / "shared" / "samples" / "commerceml"))
KINDS: dict[type, str] = {
    Group: "groups",
    Property: "properties",
    Product: "products",
    Offer: "offers",
    PriceType: "price_types",
    Warehouse: "warehouses",
    OrderDocument: "documents",
    Counterparty: "counterparties",
}

# Where the index counts otherwise than the reader, by the end of the file's name: columns and why the reader is right.
SECTION_PROPERTIES = "СвойстваЭлементов and СвойстваГрупп hold properties too; the index looks into Свойства only"
BARE = "a Представитель that holds its fields itself is a party too; the index counts elements Контрагент"
VERSION_1 = "CommerceML 1 keeps groups, products and properties in attributes of Каталог, and names the same parties again"
EXCEPTIONS: dict[str, tuple[dict[str, int], str]] = {
    "1C-CommerceML-Exchange77-8x/Sale77.xml": ({"groups": 31, "properties": 1, "products": 52, "counterparties": 4}, VERSION_1),
    "1C-CommerceML-Exchange77-8x/Transformed77-Order8x.xml": ({"products": 56, "counterparties": 2}, VERSION_1),
    "@history_0f959fee_tests_import.xml": ({"properties": 5}, "2.04 calls a property СвойствоНоменклатуры"),
    "@history_7cebbbf9_tests_import.xml": ({"properties": 5}, "2.04 calls a property СвойствоНоменклатуры"),
    "etalons_import_1.xml": ({"offers": 1}, "a Товар with prices of its own sets an offer besides the product"),
    "upload_catalogs.goods.xml": ({"properties": 12}, SECTION_PROPERTIES),
    "upload_catalogs.rewiews.xml": ({"properties": 10}, SECTION_PROPERTIES),
    "skrtoha__skindex/upload_offers.xml": ({"properties": 10}, SECTION_PROPERTIES),
    "eshop_site_services_iblock_xml_ru_catalog.xml": ({"properties": 38}, "the index gave up on its false encoding"),
    "contragents_contragents.xml": ({"counterparties": 54}, BARE),
    "bitrix-module-6_documents_2_documents.xml": ({"counterparties": 8}, BARE),
    "bitrix-module-6_documents_1_documents.xml": ({"counterparties": 37}, BARE),
    "irpsv__commerceml/tests_assets_off-doc-1c_orders.xml": ({"counterparties": 2}, BARE),
    "order-export-org-warehouse-diagnostic.xml": ({"warehouses": 2}, "the index leaves warehouses of documents out"),
}


def with_parties(party: Counterparty) -> Iterator[Counterparty]:
    yield party
    for representative in party.representatives:
        yield from with_parties(representative.party)


def everything(records: Iterable[Record]) -> Iterator[Record]:
    """The records, and the documents, parties and warehouses within documents."""
    for record in records:
        if isinstance(record, Counterparty):
            yield from with_parties(record)
            continue
        yield record
        if isinstance(record, OrderDocument):
            yield from (party for head in record.parties for party in with_parties(head))
            yield from record.warehouses
            yield from everything(record.subordinates)


def rows() -> list[dict[str, str]]:
    index = FOLDER / "INDEX.tsv"
    if not index.is_file():
        return []
    with index.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def expected(row: dict[str, str]) -> dict[str, int]:
    counts = {column: int(row[column]) for column in KINDS.values()}
    for ending, (others, _) in EXCEPTIONS.items():
        if row["file"].endswith(ending):
            counts |= others
    return counts


def found(path: Path) -> dict[str, int]:
    counts = Counter(KINDS[type(record)] for record in everything(read(path)) if type(record) in KINDS)
    return {column: counts[column] for column in KINDS.values()}


class TestSamples:
    def test_finds_every_object_of_every_file(self) -> None:
        wrong = {}
        for row in rows():
            if row["kind"] == "xsd":
                continue
            try:
                counted = found(FOLDER / row["file"])
            except UnreadableFile as error:
                wrong[row["file"]] = str(error)
                continue
            if counted != expected(row):
                wrong[row["file"]] = f"{dict(set(counted.items()) - set(expected(row).items()))} but {expected(row)}"
        assert not wrong

    def test_cutting_gives_what_reading_gives(self) -> None:
        different = []
        for row in rows():
            if row["kind"] == "xsd":
                continue
            by_reading, by_walking = Oddities(), Oddities()
            whole = list(read(FOLDER / row["file"], oddities=by_reading))
            found: list[Record] = []
            for part in pieces.walk(FOLDER / row["file"], slice_size=100, oddities=by_walking):
                found += [*part.records, *pieces.parse(part.pieces, oddities=by_walking)]
            if found != whole or sorted(by_reading) != sorted(by_walking):
                different.append(row["file"])
        assert not different

    def test_refuses_every_schema_with_its_own_error(self) -> None:
        read_anyway = []
        for row in rows():
            if row["kind"] != "xsd":
                continue
            try:
                found(FOLDER / row["file"])
            except NotCommerceML:
                continue
            read_anyway.append(row["file"])
        assert not read_anyway

    def test_makes_no_exception_for_a_file_that_is_not_there(self) -> None:
        names = [row["file"] for row in rows()]
        assert not names or all(any(name.endswith(ending) for name in names) for ending in EXCEPTIONS)
