"""What 1C's words in documents mean: operations, roles, requisites, kinds of contacts and addresses. Data only.

Names are compared without blanks, case and punctuation (`plain`): the same requisite is spelt differently from one generation to the
next ("Статус заказа", "СтатусЗаказа", "Статуса заказа ИД").
"""

# ruff: noqa: RUF001 - Russian words, letter by letter.

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Kind = Literal["order", "invoice", "payment", "refund", "shipment", "return", "other"]


def plain(name: str) -> str:
    """A name as it is compared."""
    return "".join(char for char in name.casefold().replace("ё", "е") if char.isalnum())


# ХозОперация. CommerceML 1 names two of them in English.
OPERATIONS: Final[Mapping[str, Kind]] = {
    "заказтовара": "order",
    "order": "order",
    "счетнаоплату": "invoice",
    "выплатаналичныхденег": "payment",
    "выплатабезналичныхденег": "payment",
    "эквайринговаяоперация": "payment",
    "возвратналичныхденег": "refund",
    "возвратбезналичныхденег": "refund",
    "отпусктовара": "shipment",
    "sale": "shipment",
    "возвраттовара": "return",
}
# What tells the money's way: in the operation's name, else in the payment method's.
CASH_WORDS: Final = ("наличн", "готівк", "numerar", "cash")
BANK_WORDS: Final = ("безнал", "безготівк", "банковск", "расчетн", "bank", "перевод", "переказ")
CARD_WORDS: Final = ("эквайр", "еквайр", "карт", "card", "онлайн")

BUYER_ROLES: Final = frozenset({"покупатель", "buyer", "плательщик", "получатель", "комиссионер", "лицензиат"})
SELLER_ROLES: Final = frozenset({"продавец", "saler", "seller", "комитент", "лицензиар"})
BUYING_ROLES: Final = frozenset({"покупатель", "buyer"})

# Requisites (and elements of the same names) of orders, payments and shipments → what they say.
REQUISITES: Final[Mapping[str, str]] = {
    "номерпо1с": "onec_number",
    "датапо1с": "onec_date",
    "номероплатыпо1с": "paid_number",
    "датаоплатыпо1с": "paid_on",
    "номеротгрузкипо1с": "shipped_number",
    "датаотгрузкипо1с": "shipped_on",
    "пометкаудаления": "deleted",
    "проведен": "posted",
    "отменен": "cancelled",
    "оплачен": "paid",
    "оплачено": "paid",
    "заказоплачен": "paid",
    "отгружен": "shipped",
    "отгружено": "shipped",
    "статусзаказа": "status",
    "статусазаказаид": "status_id",
    "статусзаказаид": "status_id",
    "идстатусазаказа": "status_id",
    "методоплаты": "method",
    "методоплатыид": "method_id",
    "номерплатежногодокумента": "payment_number",
    "датаоплаты": "payment_date",
    "датаотгрузки": "shipment_date",
    "признаквозврата": "returned",
    "идентификаторотправления": "tracking",
    "трекномер": "tracking",
    "организация": "organisation",
    "организацияид": "organisation_id",
    "иннорганизации": "organisation_tax_id",
    "склад": "warehouse",
    "складид": "warehouse_id",
    "соглашение": "agreement",
    "соглашениеид": "agreement_id",
    "договорконтрагента": "contract",
    "видцен": "price_type",
    "типцен": "price_type",
    "типцены": "price_type",
    "видценид": "price_type_id",
    "срокоплаты": "pay_until",
}
# What a record has beside requisites, by the name under which it is shown.
RATE: Final = "Курс"
SITE_ID: Final = "ИдСайта"
CURRENCY: Final = "Валюта"
RATIO: Final = "Коэффициент"
COUNTRY_OF_ORIGIN: Final = "СтранаПроисхождения"
CUSTOMS_DECLARATION: Final = "ГТД"
RESERVE: Final = "Резерв"
MARKS: Final = "Маркировки"
STOCK: Final = "Склады"
LINE: Final = "Товар"
PARTY: Final = "Контрагент"
OTHER_DOCUMENT: Final = "Документ"
ORGANISATION: Final = "Организация"
# What stands for the status where a client tells none, as 1C says it.
POSTED: Final = {True: "Проведен", False: "Не проведен"}
ORGANISATION_TAX_ID: Final = "ИНН организации"
# What documents call the person who is responsible, in lower case.
MANAGERS: Final = ("менеджер", "ответственный")
# Of a counterparty: what has no place in the portal's.
PARTY_FIELDS: Final[Mapping[str, str]] = {
    "salutation": "Обращение",
    "born_on": "ДатаРождения",
    "birth_place": "МестоРождения",
    "sex": "Пол",
    "identity": "УдостоверениеЛичности",
    "employer": "МестоРаботы",
}
REGISTRATION_ADDRESS: Final = "АдресРегистрации"
CORRESPONDENT_BANK: Final = "БанкКорреспондент"

DELIVERY_ID: Final = "ORDER_DELIVERY"
# Ids that lines got from us because 1C has no item for them.
FREE_LINE: Final = "free-"
SERVICE_TYPES: Final = frozenset({"услуга", "услуги", "работа", "послуга", "робота", "service", "serviciu"})

YES: Final = frozenset({"true", "1", "да", "истина", "так", "yes"})
NO: Final = frozenset({"false", "0", "нет", "ложь", "ні", "no"})

# Контакт/Тип and АдресноеПоле/Тип.
PHONE_WORDS: Final = ("телефон", "тел", "факс", "моб", "phone", "fax")
EMAIL_WORDS: Final = ("почта", "пошта", "mail")
ADDRESS_PARTS: Final[Mapping[str, str]] = {
    "почтовыйиндекс": "postal_code",
    "индекс": "postal_code",
    "страна": "country",
    "регион": "region",
    "область": "region",
    "район": "district",
    "населенныйпункт": "city",
    "город": "city",
    "улица": "street",
    "дом": "building",
    "корпус": "building",
    "строение": "building",
    "квартира": "building",
    "офис": "building",
}
REGISTRATION_CODES: Final = frozenset({"огрн", "огрнип", "огрнпокупателя"})
CONTACT_PERSON: Final = "контактноелицо"
