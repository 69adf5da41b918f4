"""What a fresh portal already has: users, one catalogue of two information blocks, a base price, units, VAT, currencies."""

from __future__ import annotations

from sandbox.portal.clock import iso
from sandbox.portal.store import Row, Store

PRODUCTS_IBLOCK = 23
OFFERS_IBLOCK = 24
SKU_PROPERTY = 97
MORE_PHOTO = {PRODUCTS_IBLOCK: 98, OFFERS_IBLOCK: 99}

USERS = (
    (1, True, "Анна", "Орлова", "anna.orlova@example.com", "Директор"),
    (2, False, "Павел", "Климов", "pavel.klimov@example.com", "Менеджер по продажам"),
    (3, False, "Ирина", "Соболь", "irina.sobol@example.com", "Кладовщик"),
    (4, True, "Денис", "Рогов", "denis.rogov@example.com", "Администратор"),
)
MEASURES = (
    (6, "Метр", "м", "m", "MTR"),
    (112, "Литр", "л", "l", "LTR"),
    (163, "Грамм", "г", "g", "GRM"),
    (166, "Килограмм", "кг", "kg", "KGM"),
    (796, "Штука", "шт", "pc. 1", "PCE. NMB"),
)
VATS = (("Без НДС", None), ("НДС 0%", 0), ("НДС 10%", 10), ("НДС 20%", 20))
CURRENCIES = (
    ("RUB", "1.0000", "100", "Y", "Российский рубль", "# &#8381;"),
    ("USD", "91.5000", "200", "N", "Доллар США", "$#"),
    ("EUR", "99.2000", "300", "N", "Евро", "# &euro;"),
    ("BYN", "28.1000", "400", "N", "Белорусский рубль", "# руб."),
)


def seed(store: Store, now: float) -> None:
    """Fill an empty store; a store that has users is left alone."""
    if store.all("users"):
        return
    at = iso(now)
    for user_id, admin, name, last, email, position in USERS:
        store.put("users", user(user_id, admin, name, last, email, position, at))
    _catalog(store, at)
    for place, (code, title, symbol, intl, letter) in enumerate(MEASURES, 1):
        store.put(
            "measures",
            {"id": place, "code": code, "measureTitle": title, "symbol": symbol, "symbolIntl": intl}
            | {"symbolLetterIntl": letter, "isDefault": "Y" if code == 796 else "N"},
        )
    for place, (name, rate) in enumerate(VATS, 1):
        store.put("vats", {"id": place, "name": name, "rate": rate, "sort": place * 100, "active": "Y", "timestampX": at})
    for money in CURRENCIES:
        store.put("currencies", currency(*money, at))
    store.put(
        "stores",
        {"id": 1, "title": "Основной склад", "address": "ул. Складская, 1", "active": "Y", "code": None, "xmlId": None}
        | {"description": None, "email": None, "gpsN": 0, "gpsS": 0, "imageId": None, "issuingCenter": "Y", "phone": None}
        | {"schedule": None, "sort": 100, "userId": None, "modifiedBy": 1, "dateCreate": at, "dateModify": at},
    )
    store.commit()


def user(user_id: int, admin: bool, name: str, last: str, email: str, position: str, at: str) -> Row:
    """A user's row."""
    return {
        "id": user_id,
        "admin": admin,
        "ACTIVE": True,
        "NAME": name,
        "LAST_NAME": last,
        "SECOND_NAME": "",
        "EMAIL": email,
        "XML_ID": "",
        "WORK_POSITION": position,
        "WORK_PHONE": "",
        "PERSONAL_MOBILE": "",
        "USER_TYPE": "employee",
        "UF_DEPARTMENT": [1],
        "DATE_REGISTER": at,
        "LAST_LOGIN": at,
        "hidden": False,
    }


def currency(code: str, amount: str, sort: str, base: str, name: str, form: str, at: str) -> Row:
    """A currency's row in the strings crm.currency answers with."""
    return {
        "id": code,
        "CURRENCY": code,
        "AMOUNT_CNT": "1",
        "AMOUNT": amount,
        "SORT": sort,
        "BASE": base,
        "FULL_NAME": name,
        "LID": "ru",
        "FORMAT_STRING": form,
        "DEC_POINT": ".",
        "THOUSANDS_SEP": "&nbsp;",
        "DECIMALS": "2",
        "DATE_UPDATE": at,
        "LANG": {
            "ru": {
                "FORMAT_STRING": form,
                "FULL_NAME": name,
                "DEC_POINT": ".",
                "THOUSANDS_SEP": "&nbsp;",
                "DECIMALS": "2",
                "THOUSANDS_VARIANT": "B",
                "HIDE_ZERO": "Y",
            }
        },
    }


def _catalog(store: Store, at: str) -> None:
    plain = {"iblockTypeId": 0, "lid": "s1", "subscription": "N", "vatId": None}
    store.put(
        "catalogs",
        {
            "id": PRODUCTS_IBLOCK,
            "iblockId": PRODUCTS_IBLOCK,
            "name": "Товарный каталог CRM",
            "productIblockId": None,
            "skuPropertyId": None,
            **plain,
        },
    )
    store.put(
        "catalogs",
        {
            "id": OFFERS_IBLOCK,
            "iblockId": OFFERS_IBLOCK,
            "name": "Товарный каталог CRM (предложения)",
            "productIblockId": PRODUCTS_IBLOCK,
            "skuPropertyId": SKU_PROPERTY,
            **plain,
        },
    )
    store.put(
        "properties",
        prop(SKU_PROPERTY, OFFERS_IBLOCK, "Элемент каталога", "CML2_LINK", "E", at, userType="SKU", linkIblockId=PRODUCTS_IBLOCK),
    )
    for iblock, key in MORE_PHOTO.items():
        store.put(
            "properties",
            prop(key, iblock, "Картинки галереи", "MORE_PHOTO", "F", at, multiple="Y", fileType="jpg, gif, bmp, png, jpeg, webp"),
        )
    store.put(
        "price_types",
        {
            "id": 1,
            "name": "BASE",
            "base": "Y",
            "sort": 100,
            "xmlId": "BASE",
            "createdBy": 1,
            "modifiedBy": 1,
            "dateCreate": at,
            "timestampX": at,
        },
    )
    store.put("price_type_langs", {"id": 1, "catalogGroupId": 1, "lang": "ru", "name": "Розничная цена"})
    store.put("price_type_langs", {"id": 2, "catalogGroupId": 1, "lang": "en", "name": "Retail price"})


def prop(key: int, iblock: int, name: str, code: str | None, kind: str, at: str, **more: object) -> Row:
    """A product property's row with the portal's defaults."""
    row: Row = {
        "id": key,
        "active": "Y",
        "code": code,
        "colCount": 30,
        "defaultValue": None,
        "fileType": None,
        "filtrable": "N",
        "hint": None,
        "iblockId": iblock,
        "isRequired": "N",
        "linkIblockId": None,
        "listType": "L",
        "multiple": "N",
        "multipleCnt": None,
        "name": name,
        "propertyType": kind,
        "rowCount": 1,
        "searchable": "N",
        "sort": 500,
        "timestampX": at,
        "userType": None,
        "userTypeSettings": None,
        "withDescription": None,
        "xmlId": None,
    }
    return row | more
