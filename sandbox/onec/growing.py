"""Grows random but believable contents for a base: the same seed gives the same base, byte for byte."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sandbox.onec import words
from sandbox.onec.pictures import jpeg, png
from sandbox.onec.things import (
    EXEMPT,
    Group,
    Item,
    Kind,
    Maker,
    Picture,
    PriceType,
    Property,
    Unit,
    Variant,
    Warehouse,
)

CENT = Decimal("0.01")
# Only every so many items may have a label that a batch of Bitrix24 would rewrite: real bases hardly have any, and each costs a request.
REWRITTEN = 60


@dataclass(frozen=True, slots=True)
class Shape:
    """How big and how varied the base is. Shares are 0…1; `pictures` is the share of items that have any."""

    items: int = 2000
    seed: int = 1
    characteristics: float = 1 / 3
    price_types: int = 3
    warehouses: int = 3
    pictures: float = 0.3
    services: float = 0.03
    awkward: float = 0.05


def guid(r: random.Random) -> str:
    digits = f"{r.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def money(r: random.Random, top: int = 500_000) -> Decimal:
    return (Decimal(r.randint(100, top)) / 100).quantize(CENT)


def grow_groups(r: random.Random, items: int) -> list[Group]:
    """A tree three levels deep, about one leaf for fifty items; parents stand before their children."""
    groups: list[Group] = []
    tops = [Group(guid(r), name) for name in r.sample(words.GROUPS, min(len(words.GROUPS), 3 + items // 200))]
    for top in tops:
        groups.append(top)
        for _ in range(r.randint(1, 4)):
            middle = Group(guid(r), f"{r.choice(words.GOODS)}, {r.choice(words.LOOKS)}", top.id)
            groups.append(middle)
            groups.extend(
                Group(guid(r), f"{r.choice(words.GOODS)} {r.randint(1, 99)}", middle.id)
                for _ in range(r.randint(0, 2 + items // 500))
            )
    return groups


def grow_properties(r: random.Random) -> list[Property]:
    def options(texts: tuple[str, ...]) -> dict[str, str]:
        return {guid(r): text for text in texts}

    return [
        Property(guid(r), "Материал", "list", options(("Сталь", "Пластик", "Дерево & металл", 'Резина "М"', "Бавовна"))),
        Property(guid(r), "Сезон", "list", options(("Зима", "Лето", "Демисезон")), multiple=True),
        Property(guid(r), "Надпись на этикетке", "string"),
        Property(guid(r), "Мощность, Вт", "number"),
        Property(guid(r), "Дата начала продаж", "date"),
        Property(guid(r), "Новинка", "boolean"),
    ]


def grow_kinds(r: random.Random) -> list[Kind]:
    return [Kind(guid(r), name) for name in ("Товар", "Одежда", "Инструмент", "Материал")] + [
        Kind(guid(r), "Услуга", service=True)
    ]


def grow_price_types(r: random.Random, count: int) -> list[PriceType]:
    return [
        PriceType(
            guid(r),
            words.PRICE_TYPES[i % len(words.PRICE_TYPES)] + (f" {i}" if i >= len(words.PRICE_TYPES) else ""),
            *words.CURRENCIES[i % len(words.CURRENCIES)],
            vat_included=i != 2,
        )
        for i in range(count)
    ]


def grow_warehouses(r: random.Random, count: int) -> list[Warehouse]:
    names = words.WAREHOUSES
    return [
        Warehouse(
            guid(r),
            names[i % len(names)] + (f" {i}" if i >= len(names) else ""),
            "" if i % 2 else f"г. Пример, ул. Складская, {i + 1}",
        )
        for i in range(count)
    ]


def grow_makers(r: random.Random) -> list[Maker]:
    return [Maker(guid(r), name) for name in words.MAKERS]


@dataclass(frozen=True, slots=True)
class Books:
    """The reference books items point into."""

    groups: list[Group]
    properties: list[Property]
    kinds: list[Kind]
    price_types: list[PriceType]
    warehouses: list[Warehouse]
    makers: list[Maker]


def grow_books(shape: Shape) -> Books:
    r = random.Random(f"books-{shape.seed}")
    return Books(
        grow_groups(r, shape.items),
        grow_properties(r),
        grow_kinds(r),
        grow_price_types(r, shape.price_types),
        grow_warehouses(r, shape.warehouses),
        grow_makers(r),
    )


def grow_items(shape: Shape, books: Books) -> Iterator[Item]:
    for number in range(1, shape.items + 1):
        yield grow_item(random.Random(f"item-{shape.seed}-{number}"), number, shape, books)


def grow_item(r: random.Random, number: int, shape: Shape, books: Books) -> Item:
    service = r.random() < shape.services
    kind = books.kinds[-1] if service else r.choice(books.kinds[:-1])
    awkward = r.random() < shape.awkward
    name = (
        f"{r.choice(words.AWKWARD)} {number}  "[: -2 if r.random() < 0.5 else None]
        if awkward
        else _plain_name(r, number, service)
    )
    unit = words.HOUR if service else r.choice(words.UNITS)
    description, is_html = _description(r, name)
    item = Item(
        id=guid(r),
        code=f"{number:011d}" if number % 7 else f"ЦБ-{number:08d}",
        article=_article(r, number),
        name=name,
        full_name=name.strip() if number % 3 else f"{name.strip()} (полное наименование)",
        group_id=r.choice(books.groups).id,
        kind=kind,
        unit=unit,
        vat=r.choice(("20", "20", "20", "22", "10", "0", EXEMPT)),
        description=description,
        is_html=is_html,
        weight=None if service or r.random() < 0.3 else Decimal(r.randint(1, 40_000)) / 1000,
        maker=None if service or r.random() < 0.4 else r.choice(books.makers),
        country=r.choice(words.COUNTRIES),
        values=dict(_values(r, number, books.properties)),
        pictures=[grow_picture(r, i) for i in range(r.randint(1, 4))] if r.random() < shape.pictures else [],
        variants=[],
    )
    item.variants = (
        grow_variants(r, r.randint(2, 5), unit, books)
        if not service and r.random() < shape.characteristics
        else [grow_variant(r, "", {}, unit, books, stocked=not service)]
    )
    return item


def grow_variants(r: random.Random, count: int, unit: Unit, books: Books) -> list[Variant]:
    """Characteristics by size and colour, no two alike."""
    pairs = [(size, colour) for size in words.SIZES for colour in words.COLOURS]
    return [
        grow_variant(r, guid(r), {"Размер": size, "Цвет": colour}, unit, books, stocked=True)
        for size, colour in r.sample(pairs, count)
    ]


def grow_variant(r: random.Random, id_: str, traits: dict[str, str], unit: Unit, books: Books, *, stocked: bool) -> Variant:
    base = money(r)
    prices = {
        kind.id: (base * Decimal(100 - 13 * i) / 100 if kind.iso != "USD" else base / 90).quantize(CENT)
        for i, kind in enumerate(books.price_types)
    }
    # A price of one type is missing here and there, and a few variants have none at all.
    chance = r.random()
    if chance < 0.02:
        prices = {}
    elif chance < 0.12 and len(prices) > 1:
        del prices[r.choice(list(prices))]
    stock = {store.id: grow_quantity(r, unit) for store in books.warehouses} if stocked else {}
    return Variant(id_, traits, _barcode(r), prices, stock)


def grow_quantity(r: random.Random, unit: Unit) -> Decimal:
    """Mostly whole numbers, decimals for measured goods, many zeros and now and then less than nothing."""
    chance = r.random()
    if chance < 0.25:
        return Decimal(0)
    number = Decimal(r.randint(1, 500_000)) / 1000 if unit.code in ("166", "006", "112", "055") else Decimal(r.randint(1, 400))
    return -number if chance < 0.3 else number


def grow_picture(r: random.Random, place: int) -> Picture:
    seed = r.getrandbits(32)
    is_png = bool(seed & 1)
    return Picture(
        guid(r), "png" if is_png else "jpg", png(seed) if is_png else jpeg(seed), "" if place % 2 else f"Вид {place + 1} & деталь"
    )


def _plain_name(r: random.Random, number: int, service: bool) -> str:
    if service:
        return f"{r.choice(words.SERVICES)} {number}"
    return f"{r.choice(words.GOODS)} {r.choice(words.LOOKS)} {r.randint(1, 99)}х{r.randint(1, 300)} мм №{number}"


def _article(r: random.Random, number: int) -> str:
    chance = r.random()
    if chance < 0.1:
        return ""
    article = f"{r.choice('ABCDEFАБВГД')}{r.choice('KLMN')}-{number:06d}"
    return f"{article} " if chance < 0.15 else article


def _barcode(r: random.Random) -> str:
    if r.random() < 0.3:
        return ""
    body = f"{r.choice(('460', '482', '594'))}{r.randint(0, 10**9 - 1):09d}"
    return body + str(-sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(body)) % 10)


def _description(r: random.Random, name: str) -> tuple[str, bool]:
    chance = r.random()
    if chance < 0.3:
        return "", False
    sentences = r.sample(words.SENTENCES, r.randint(1, 4))
    if chance < 0.75:
        return "\n".join(sentences), False
    return f"<p>{name.strip().replace('&', '&amp;').replace('<', '&lt;')}</p><ul>" + "".join(
        f"<li>{s}</li>" for s in sentences
    ) + "</ul>", True


def _values(r: random.Random, number: int, properties: list[Property]) -> Iterator[tuple[str, list[str]]]:
    for prop in properties:
        if r.random() < 0.4:
            continue
        match prop.kind:
            case "list":
                yield prop.id, r.sample(list(prop.options), r.randint(1, 2 if prop.multiple else 1))
            case "string":
                label = r.choice(words.LABELS)
                yield prop.id, [words.LABELS[0] if "$" in label and number % REWRITTEN else label]
            case "number":
                yield prop.id, [str(Decimal(r.randint(1, 30_000)) / 10)]
            case "date":
                yield prop.id, [f"{r.randint(2019, 2026)}-{r.randint(1, 12):02d}-{r.randint(1, 28):02d}"]
            case _:
                yield prop.id, [r.choice(("true", "false"))]
