"""Reads generated files back with the standard library, knowing every dialect's place for a thing: the tests' own witness."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from decimal import Decimal
from typing import Any

from sandbox.onec.expecting import number
from sandbox.onec.writers.upload import Portion

CURRENCIES = {"руб": "RUB", "руб.": "RUB", "643": "RUB", "USD": "USD", "грн": "UAH"}


class Said:
    """All that the XML files of some portions say, merged in order."""

    def __init__(self, portions: list[Portion]) -> None:
        self.roots = [_bare(ET.fromstring(file.data)) for portion in portions for file in portion.xml]
        self.pictures = {file.name: file.data for portion in portions for file in portion.pictures}
        self.units = {_text(u, "Ид"): _text(u, "Код").strip() for u in self.all("ЕдиницаИзмерения") if u.find("Ид") is not None}
        self.properties = {_text(p, "Ид"): p for p in self.all("Свойство")}
        self.products = {_text(p, "Ид"): p for p in self.all("Товары/Товар")}
        self.offers = self._merged_offers()

    def all(self, path: str) -> list[ET.Element]:
        return [found for root in self.roots for found in root.iterfind(f".//{path}")]

    def groups(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}

        def walk(element: ET.Element, parent: str) -> None:
            for group in element.iterfind("Группы/Группа"):
                found[_text(group, "Ид")] = {"name": _text(group, "Наименование").strip(), "parent": parent}
                walk(group, _text(group, "Ид"))

        for root in self.roots:
            for classifier in root.iterfind("Классификатор"):
                walk(classifier, "")
        return found

    def price_types(self) -> dict[str, dict[str, str]]:
        return {
            _text(k, "Ид"): {"name": _text(k, "Наименование").strip(), "currency": CURRENCIES[_text(k, "Валюта")]}
            for k in self.all("ТипЦены")
        }

    def warehouses(self) -> dict[str, dict[str, str]]:
        return {
            _text(s, "Ид"): {"name": _text(s, "Наименование").strip()}
            for s in self.all("Склады/Склад")
            if s.find("Ид") is not None
        }

    def product(self, id_: str) -> dict[str, Any]:
        p = self.products[id_]
        marks = (p.get("Статус"), p.findtext("Статус"), p.findtext("ПометкаУдаления"))
        if "Удален" in marks or "true" in marks:
            return {"deleted": True}
        requisites = {_text(r, "Наименование"): _text(r, "Значение") for r in p.iterfind("ЗначенияРеквизитов/ЗначениеРеквизита")}
        unit = p.find("БазоваяЕдиница")
        assert unit is not None
        html = requisites.get("ОписаниеВФорматеHTML")
        description = html or p.findtext("Описание") or ""
        weight = requisites.get("Вес") or p.findtext("Вес") or ""
        return {
            "deleted": False,
            "name": _text(p, "Наименование").strip(),
            "full_name": next(v for k, v in requisites.items() if k in ("Полное наименование", "Повне найменування")).strip(),
            "article": (p.findtext("Артикул") or "").strip(),
            "group": _text(p, "Группы/Ид"),
            "service": requisites["ТипНоменклатуры"] == "Услуга",
            "unit": (unit.get("Код") or self.units.get(unit.text or "", "")).strip(),
            "vat": _vat(p.findtext("СтавкиНалогов/СтавкаНалога/Ставка")),
            "description": description,
            "weight": weight if weight not in ("", "0") else None,
            "maker": p.findtext("Изготовитель/Наименование"),
            "properties": self._values(p),
            "pictures": [hashlib.sha256(self.pictures[c.text or ""]).hexdigest() for c in p.iterfind("Картинка")],
        }

    def offer(self, id_: str) -> dict[str, Any]:
        o = self.offers[id_]
        traits = {_text(t, "Наименование"): _text(t, "Значение") for t in o.iterfind("ХарактеристикиТовара/ХарактеристикаТовара")}
        traits |= self._traits_by_id(o)
        stores = {s.attrib["ИдСклада"]: number(Decimal(s.attrib["КоличествоНаСкладе"])) for s in o.iterfind("Склад")}
        stores |= {_text(s, "Ид"): number(Decimal(_text(s, "Количество"))) for s in o.iterfind("Остатки/Остаток/Склад")}
        return {
            "product": id_.partition("#")[0],
            "name": _text(o, "Наименование").strip(),
            "traits": traits,
            "barcode": o.findtext("Штрихкод") or "",
            "prices": {
                _text(p, "ИдТипаЦены"): {
                    "price": number(Decimal(_text(p, "ЦенаЗаЕдиницу"))),
                    "currency": CURRENCIES[_text(p, "Валюта")],
                }
                for p in o.iterfind("Цены/Цена")
            },
            "stock": {store: quantity for store, quantity in stores.items() if quantity != "0"},
            "quantity": o.findtext("Количество"),
        }

    def _merged_offers(self) -> dict[str, ET.Element]:
        merged: dict[str, ET.Element] = {}
        for offer in self.all("Предложения/Предложение"):
            characteristic = offer.findtext("ИдХарактеристики")
            id_ = _text(offer, "Ид") + (f"#{characteristic}" if characteristic else "")
            merged.setdefault(id_, ET.Element("Предложение")).extend(offer)
        return merged

    def _values(self, product: ET.Element) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for value in product.iterfind("ЗначенияСвойств/ЗначенияСвойства"):
            kind = _text(self.properties[_text(value, "Ид")], "ТипЗначений")
            texts = [_plain(kind, v.text or "") for v in value.iterfind("Значение") if v.text]
            if texts:
                found[_text(value, "Ид")] = texts
        return found

    def _traits_by_id(self, offer: ET.Element) -> dict[str, str]:
        found = {}
        for value in offer.iterfind("ЗначенияСвойств/ЗначенияСвойства"):
            prop = self.properties[_text(value, "Ид")]
            options = {_text(o, "ИдЗначения"): _text(o, "Значение") for o in prop.iterfind("ВариантыЗначений/Справочник")}
            found[_text(prop, "Наименование")] = options[_text(value, "Значение")]
        return found


def _bare(root: ET.Element) -> ET.Element:
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _text(element: ET.Element, path: str) -> str:
    found = element.findtext(path)
    assert found is not None, f"no {path} in {element.tag}"
    return found


def _plain(kind: str, text: str) -> str:
    if kind == "Число":
        return str(Decimal(text.replace("\u00a0", "").replace(",", ".")))
    return text.removesuffix("T00:00:00") if kind in ("Время", "Дата") else text


def _vat(text: str | None) -> str | None:
    return "exempt" if text in ("Без НДС", "Без налога") else text
