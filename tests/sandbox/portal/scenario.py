"""One call of every method with documented facts, on a portal that has something of everything."""

from __future__ import annotations

from typing import Any

from tests.sandbox.portal.client import PICTURE, PNG, Client
from tests.sandbox.portal.crm_scenario import crm_parameters, furnish_crm

Parameters = dict[str, Any]


def furnish(rest: Client) -> dict[str, int]:
    """Put one of each thing on the portal; answers their ids."""
    one: dict[str, int] = {}
    one["spare"] = rest.ok("catalog.store.add", fields={"address": "ул. Лишняя, 3", "title": "Запасной"})["store"]["id"]
    one["section"] = rest.ok("catalog.section.add", fields={"iblockId": 23, "name": "Мебель", "code": "furniture"})["section"][
        "id"
    ]
    text = {"iblockId": 23, "name": "Материал", "propertyType": "S"}
    one["text"] = rest.ok("catalog.productProperty.add", fields=text)["productProperty"]["id"]
    colour = {"iblockId": 23, "name": "Цвет", "propertyType": "L", "multiple": "Y"}
    one["list"] = rest.ok("catalog.productProperty.add", fields=colour)["productProperty"]["id"]
    enum = {"propertyId": one["list"], "value": "Белый", "xmlId": "white"}
    one["enum"] = rest.ok("catalog.productPropertyEnum.add", fields=enum)["productPropertyEnum"]["id"]
    feature = {"propertyId": one["list"], "moduleId": "iblock", "featureId": "DETAIL_PAGE_SHOW", "isEnabled": "Y"}
    rest.ok("catalog.productPropertyFeature.add", fields=feature)
    full = {
        "previewPicture": PICTURE,
        "detailPicture": PICTURE,
        "iblockSectionId": one["section"],
        "purchasingPrice": 10,
        "quantity": 5,
    }
    full |= {"purchasingCurrency": "RUB", "vatId": 4, f"property{one['list']}": [one["enum"]], f"property{one['text']}": "дуб"}
    one["product"] = rest.product(**full)
    one["sku"] = rest.ok("catalog.product.sku.add", fields={"iblockId": 23, "name": "Кофта"})["sku"]["id"]
    offer = {"iblockId": 24, "name": "Кофта M", "parentId": one["sku"], "purchasingPrice": 7, "purchasingCurrency": "RUB"}
    one["offer"] = rest.ok("catalog.product.offer.add", fields=offer)["offer"]["id"]
    one["service"] = rest.ok("catalog.product.service.add", fields={"iblockId": 23, "name": "Сборка"})["service"]["id"]
    image = {"productId": one["product"], "type": "MORE_PHOTO"}
    one["image"] = rest.ok("catalog.productImage.add", fields=image, fileContent=["a.png", PNG])["productImage"]["id"]
    price = {"productId": one["product"], "catalogGroupId": 1, "price": 100.5, "currency": "RUB"}
    one["price"] = rest.ok("catalog.price.add", fields=price)["price"]["id"]
    one["wholesale"] = rest.ok("catalog.priceType.add", fields={"name": "WHOLESALE", "xmlId": "w"})["priceType"]["id"]
    one["lang"] = rest.ok("catalog.priceTypeLang.add", fields={"catalogGroupId": one["wholesale"], "lang": "en", "name": "W"})[
        "priceTypeLang"
    ]["id"]
    rest.server.portal.store.add("rounding_rules", {"catalogGroupId": 1, "price": 0, "roundType": 1, "roundPrecision": 0.01})
    rest.server.portal.set_accounting(True)
    one["document"] = document(rest, one, conduct=True)
    one["draft"] = document(rest, one, conduct=False)
    one["line"] = rest.ok("catalog.document.element.list", filter={"docId": one["draft"]})["documentElements"][0]["id"]
    one["amount"] = rest.ok("catalog.storeproduct.list")["storeProducts"][0]["id"]
    rest.server.portal.set_accounting(False)
    rest.ok("event.bind", event="ONAPPTEST", handler="http://127.0.0.1:9/none/")
    rest.ok("event.bind", event="CATALOG.PRODUCT.ON.UPDATE", event_type="offline")
    rest.ok("catalog.product.update", id=one["product"], fields={"name": "Стул дубовый"})
    rest.ok("placement.bind", PLACEMENT="CRM_DEAL_DETAIL_TAB", HANDLER="http://127.0.0.1:9/p/", TITLE="1С")
    one["notice"] = rest.ok("im.notify.system.add", USER_ID=1, MESSAGE="Готово", TAG="t")
    rest.ok("app.option.set", options={"mode": "full"})
    rest.ok("user.option.set", options={"mode": "full"})
    furnish_crm(rest, one)
    return one


def document(rest: Client, one: dict[str, int], *, conduct: bool) -> int:
    """A receipt of three pieces."""
    fields = {"docType": "S", "currency": "RUB", "responsibleId": 1, "docNumber": "7", "title": "Оприходование"}
    key = int(rest.ok("catalog.document.add", fields=fields)["document"]["id"])
    line = {"docId": key, "elementId": one["product"], "storeTo": 1, "amount": 3, "purchasingPrice": 2.5}
    rest.ok("catalog.document.element.add", fields=line)
    if conduct:
        assert rest.ok("catalog.document.conduct", id=key) is True
    return key


def parameters(one: dict[str, int]) -> dict[str, Parameters]:
    """What to send to each method (nothing, when it is not listed)."""
    return _system(one) | _products(one) | _dictionaries(one) | _stock(one) | crm_parameters(one)


def _system(one: dict[str, int]) -> dict[str, Parameters]:
    return {
        "method.get": {"name": "profile"},
        "feature.get": {"CODE": "rest_offline_extended"},
        "methods": {"scope": "user"},
        "app.option.set": {"options": {"a": "b"}},
        "user.option.set": {"options": {"a": "b"}},
        "event.bind": {"event": "ONAPPUPDATE", "handler": "http://127.0.0.1:9/e/"},
        "event.unbind": {"event": "ONAPPTEST", "handler": "http://127.0.0.1:9/none/"},
        "event.offline.clear": {"process_id": "p", "id": [1]},
        "event.offline.error": {"process_id": "p", "message_id": ["m"]},
        "placement.bind": {"PLACEMENT": "CRM_LEAD_DETAIL_TAB", "HANDLER": "http://127.0.0.1:9/p/"},
        "placement.unbind": {"PLACEMENT": "CRM_DEAL_DETAIL_TAB"},
        "placement.list": {"SCOPE": "crm"},
        "im.notify.system.add": {"USER_ID": 1, "MESSAGE": "m"},
        "im.notify.personal.add": {"USER_ID": 1, "MESSAGE": "m"},
        "im.notify.delete": {"ID": one["notice"]},
        "user.search": {"FIND": "орлова"},
        "crm.currency.get": {"id": "RUB"},
        "crm.currency.add": {"fields": {"CURRENCY": "CNY", "AMOUNT": 12.5, "AMOUNT_CNT": 1, "SORT": 500}},
        "crm.currency.update": {"id": "USD", "fields": {"AMOUNT": 92}},
    }


LISTED = [
    "id",
    "iblockId",
    "name",
    "active",
    "available",
    "barcodeMulti",
    "bundle",
    "canBuyZero",
    "code",
    "createdBy",
    "dateActiveFrom",
]
LISTED += [
    "dateActiveTo",
    "dateCreate",
    "detailPicture",
    "detailText",
    "detailTextType",
    "height",
    "iblockSectionId",
    "length",
    "measure",
]
LISTED += ["modifiedBy", "previewPicture", "previewText", "previewTextType", "purchasingCurrency", "purchasingPrice", "quantity"]
LISTED += [
    "quantityReserved",
    "quantityTrace",
    "recurSchemeLength",
    "recurSchemeType",
    "sort",
    "subscribe",
    "timestampX",
    "trialPriceId",
]
LISTED += ["type", "vatId", "vatIncluded", "weight", "width", "withoutOrder", "xmlId", "parentId"]


def _products(one: dict[str, int]) -> dict[str, Parameters]:
    calls: dict[str, Parameters] = {}
    for prefix, key, iblock in (
        ("catalog.product", "product", 23),
        ("catalog.product.sku", "sku", 23),
        ("catalog.product.offer", "offer", 24),
        ("catalog.product.service", "service", 23),
    ):
        calls |= {
            f"{prefix}.add": {"fields": {"iblockId": iblock, "name": "Ещё"}},
            f"{prefix}.update": {"id": one[key], "fields": {"name": "Иначе"}},
            f"{prefix}.get": {"id": one[key]},
            f"{prefix}.list": {"select": LISTED, "filter": {"iblockId": iblock}},
            f"{prefix}.delete": {"id": one[key]},
            f"{prefix}.getFieldsByFilter": {"filter": {"iblockId": iblock}},
        }
    image = {"productId": one["product"], "id": one["image"]}
    prices = [{"catalogGroupId": 1, "price": 2001, "currency": "RUB", "id": one["price"]}]
    return calls | {
        "catalog.productImage.add": {
            "fields": {"productId": one["product"], "type": "MORE_PHOTO"},
            "fileContent": ["b.png", PNG],
        },
        "catalog.productImage.get": image,
        "catalog.productImage.list": {"productId": one["product"]},
        "catalog.productImage.delete": image,
        "catalog.price.add": {"fields": {"productId": one["offer"], "catalogGroupId": 1, "price": 5, "currency": "RUB"}},
        "catalog.price.update": {"id": one["price"], "fields": {"price": 6, "currency": "RUB"}},
        "catalog.price.get": {"id": one["price"]},
        "catalog.price.list": {
            "select": ["id", "productId", "catalogGroupId", "price", "currency"],
            "filter": {"productId": one["product"]},
        },
        "catalog.price.modify": {"fields": {"product": {"id": one["product"], "prices": prices}}},
        "catalog.price.delete": {"id": one["price"]},
    }


def _dictionaries(one: dict[str, int]) -> dict[str, Parameters]:
    return {
        "catalog.catalog.get": {"id": 23},
        "catalog.catalog.isOffers": {"id": 24},
        "catalog.section.add": {"fields": {"iblockId": 23, "name": "Ещё", "iblockSectionId": one["section"]}},
        "catalog.section.update": {"id": one["section"], "fields": {"iblockId": 23, "name": "Иначе"}},
        "catalog.section.get": {"id": one["section"]},
        "catalog.section.list": {"select": ["id", "name", "sort"], "filter": {"iblockId": 23}},
        "catalog.section.delete": {"id": one["section"]},
        "catalog.productProperty.add": {"fields": {"iblockId": 23, "name": "Вес", "propertyType": "N"}},
        "catalog.productProperty.update": {"id": one["text"], "fields": {"iblockId": 23, "name": "Ткань"}},
        "catalog.productProperty.get": {"id": one["text"]},
        "catalog.productProperty.list": {"select": ["id", "name", "iblockId", "propertyType"], "filter": {"iblockId": 23}},
        "catalog.productProperty.delete": {"id": one["text"]},
        "catalog.productPropertyEnum.add": {"fields": {"propertyId": one["list"], "value": "Чёрный", "xmlId": "black"}},
        "catalog.productPropertyEnum.update": {"id": one["enum"], "fields": {"value": "Снежный", "xmlId": "white"}},
        "catalog.productPropertyEnum.get": {"id": one["enum"]},
        "catalog.productPropertyEnum.list": {"filter": {"propertyId": one["list"]}},
        "catalog.productPropertyEnum.delete": {"id": one["enum"]},
        "catalog.productPropertyFeature.add": {
            "fields": {"propertyId": one["text"], "moduleId": "iblock", "featureId": "LIST_PAGE_SHOW", "isEnabled": "Y"}
        },
        "catalog.productPropertyFeature.getAvailableFeaturesByProperty": {"propertyId": one["text"]},
        "catalog.priceType.add": {"fields": {"name": "VIP"}},
        "catalog.priceType.update": {"id": one["wholesale"], "fields": {"sort": 5}},
        "catalog.priceType.get": {"id": one["wholesale"]},
        "catalog.priceType.list": {"select": ["id", "name", "xmlId"]},
        "catalog.priceType.delete": {"id": one["wholesale"]},
        "catalog.priceTypeLang.add": {"fields": {"catalogGroupId": one["wholesale"], "lang": "ru", "name": "Опт"}},
        "catalog.priceTypeLang.update": {"id": one["lang"], "fields": {"name": "Bulk"}},
        "catalog.priceTypeLang.list": {"select": ["name", "lang"]},
        "catalog.roundingRule.list": {"select": ["id", "price", "roundType"]},
        "catalog.vat.add": {"fields": {"name": "НДС 22%", "rate": 22}},
        "catalog.vat.update": {"id": 4, "fields": {"name": "НДС"}},
        "catalog.vat.get": {"id": 4},
        "catalog.vat.list": {"select": ["id", "name", "rate"]},
        "catalog.measure.add": {"fields": {"code": 715, "measureTitle": "Пара"}},
        "catalog.measure.update": {"id": 5, "fields": {"symbol": "штук"}},
        "catalog.measure.get": {"id": 5},
        "catalog.measure.list": {"select": ["id", "code", "symbolIntl"]},
        "catalog.ratio.get": {"id": 1},
    }


def _stock(one: dict[str, int]) -> dict[str, Parameters]:
    line = {"docId": one["draft"], "elementId": one["product"], "storeTo": 1, "amount": 1, "purchasingPrice": 2.5}
    return {
        "catalog.store.add": {"fields": {"address": "ул. Новая, 2", "imageId": PICTURE}},
        "catalog.store.update": {"id": 1, "fields": {"title": "Главный"}},
        "catalog.store.get": {"id": 1},
        "catalog.store.delete": {"id": one["spare"]},
        "catalog.storeproduct.get": {"id": one["amount"]},
        "catalog.storeproduct.list": {"select": ["id", "productId", "storeId", "amount"]},
        "catalog.document.add": {"fields": {"docType": "D", "currency": "RUB", "responsibleId": 1}},
        "catalog.document.update": {"id": one["draft"], "fields": {"title": "Иначе"}},
        "catalog.document.list": {"select": ["id", "docType", "title", "status"]},
        "catalog.document.delete": {"id": one["draft"]},
        "catalog.document.deleteList": {"documentIds": [one["draft"]]},
        "catalog.document.conduct": {"id": one["draft"]},
        "catalog.document.conductList": {"documentIds": [one["draft"]]},
        "catalog.document.cancel": {"id": one["document"]},
        "catalog.document.cancelList": {"documentIds": [one["document"]]},
        "catalog.document.element.add": {"fields": line},
        "catalog.document.element.update": {"id": one["line"], "fields": {"amount": 2}},
        "catalog.document.element.list": {"filter": {"docId": one["draft"]}},
        "catalog.document.element.delete": {"id": one["line"]},
    }
