"""A small catalogue as 1C exports it in full: groups, items, one with characteristics, prices, stock and a picture."""

from __future__ import annotations

import hashlib

from sandbox.onec.writers.upload import OutFile, Portion

ITEMS, CHARACTERISTICS = 6, 2
PICTURE = "import_files/1.png"
# What a person changes at the portal behind our back, for the reconciliation to find.
DRIFTING = "i2"


def portion(mark: str = "") -> Portion:
    """Both files and the picture, always the same bytes; `mark` begins every id, so that one portal can have several such catalogues."""
    noise = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(90))
    files = [OutFile("import.xml", _goods(mark).encode()), OutFile("offers.xml", _offers(mark).encode())]
    return Portion(files, [OutFile(PICTURE, b"\x89PNG\r\n\x1a\n" + noise)], is_full=True)


def _variants(item: int) -> list[str]:
    return [f"#{size}" for size in range(CHARACTERISTICS)] if item == 0 else [""]


def _goods(mark: str) -> str:
    groups = "".join(f"<Группа><Ид>{mark}g{n}</Ид><Наименование>Группа {mark}{n}</Наименование></Группа>" for n in range(2))
    items = "".join(
        f"<Товар><Ид>{mark}i{n}</Ид><Артикул>{mark}A{n}</Артикул><Наименование>Товар {mark}{n}</Наименование>"
        f"<Группы><Ид>{mark}g{n % 2}</Ид></Группы>" + (f"<Картинка>{PICTURE}</Картинка>" if n == 1 else "") + "</Товар>"
        for n in range(ITEMS)
    )
    return _document(
        f"<Классификатор><Ид>{mark}c</Ид><Наименование>К{mark}</Наименование><Группы>{groups}</Группы></Классификатор>"
        f'<Каталог СодержитТолькоИзменения="false"><Ид>{mark}k</Ид><Наименование>К{mark}</Наименование><Товары>{items}</Товары></Каталог>'
    )


def _offers(mark: str) -> str:
    rows = "".join(
        f"<Предложение><Ид>{mark}i{n}{size}</Ид><Наименование>Товар {mark}{n} {size}</Наименование><Цены><Цена><ИдТипаЦены>{mark}t</ИдТипаЦены>"
        f"<ЦенаЗаЕдиницу>{100 + n}.50</ЦенаЗаЕдиницу><Валюта>RUB</Валюта></Цена></Цены><Количество>{10 + n}</Количество></Предложение>"
        for n in range(ITEMS)
        for size in _variants(n)
    )
    return _document(
        f'<ПакетПредложений СодержитТолькоИзменения="false"><Ид>{mark}k#</Ид><Наименование>П{mark}</Наименование>'
        f"<ИдКаталога>{mark}k</ИдКаталога>"
        f"<ТипыЦен><ТипЦены><Ид>{mark}t</Ид><Наименование>Розничная {mark}</Наименование><Валюта>RUB</Валюта></ТипЦены></ТипыЦен>"
        f"<Предложения>{rows}</Предложения></ПакетПредложений>"
    )


def _document(inside: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><КоммерческаяИнформация ВерсияСхемы="2.07">{inside}</КоммерческаяИнформация>'
