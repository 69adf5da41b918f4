"""What an order says to 1C beside element names: requisites, operations, kinds, units, contact types. Only the writer uses them.

The spelling is the one every 1C expects of a site, down to the mistake in the id of the status.
"""

from __future__ import annotations

from typing import Final

# Attributes of the root, as sites write them.
ROOT_FORMATS: Final = (
    ("ФорматДаты", "ДФ=yyyy-MM-dd; ДЛФ=DT"),
    ("ФорматВремени", "ДФ=ЧЧ:мм:сс; ДЛФ=T"),  # noqa: RUF001
    ("РазделительДатаВремя", "T"),
    ("ФорматСуммы", "ЧЦ=18; ЧДЦ=2; ЧРД=."),
    ("ФорматКоличества", "ЧЦ=18; ЧДЦ=2; ЧРД=."),
)

# ХозОперация and Роль. УТ 10.3 compares the case too.
ORDER: Final = "Заказ товара"
PAYMENT_OPERATIONS: Final = {
    "bank": "Выплата безналичных денег",
    "cash": "Выплата наличных денег",
    "card": "Эквайринговая операция",
    "": "Выплата безналичных денег",
}
SHIPMENT: Final = "Отпуск товара"
SELLER: Final = "Продавец"
BUYER: Final = "Покупатель"

GOODS: Final = "Товар"
SERVICE: Final = "Услуга"
DELIVERY_ID: Final = "ORDER_DELIVERY"
DELIVERY_NAME: Final = "Доставка заказа"
LINE_DISCOUNT: Final = "Скидка на товар"
VAT: Final = "НДС"
EXEMPT: Final = "Без НДС"
EXEMPT_UKRAINE: Final = "Без налога"
NAMELESS_BUYER: Final = "Покупатель не указан"

# How the oldest bases call currencies; a name they do not know rejects all orders at once.
CURRENCIES_OF_OLD_BASES: Final = {"RUB": "руб", "UAH": "грн"}  # noqa: RUF001

# Requisites of a document.
PAID_ON: Final = "Дата оплаты"
PAYMENT_NUMBER: Final = "Номер платежного документа"
DELIVERY_ALLOWED_ON: Final = "Дата разрешения доставки"
DELIVERY_ALLOWED_LAST: Final = "Дата последнего разрешения по доставке"
DELIVERY_METHOD: Final = "Способ доставки"
DELIVERY_METHOD_ID: Final = "Метод доставки ИД"
DELIVERY_METHOD_OF_SHIPMENT: Final = "Метод доставки"
PAYMENT_METHOD: Final = "Метод оплаты"
PAYMENT_METHOD_ID: Final = "Метод оплаты ИД"
ORDER_PAID: Final = "Заказ оплачен"
DELIVERY_ALLOWED: Final = "Доставка разрешена"
CANCELLED: Final = "Отменен"
FINAL: Final = "Финальный статус"
STATUS: Final = "Статус заказа"
STATUS_ID: Final = "Статуса заказа ИД"
CANCEL_REASON: Final = "Причина отмены"
BUYER_COMMENT: Final = "Комментарии покупателя"
SITE: Final = "Сайт"
DELIVERY_ADDRESS: Final = "Адрес доставки"
ORGANISATION: Final = "Организация"
ORGANISATION_TAX_ID: Final = "ИНН организации"
ORGANISATION_TAX_BRANCH: Final = "КПП организации"
ORGANISATION_ACCOUNT: Final = "Расчетный счет организации"
WAREHOUSE: Final = "Склад"
AGREEMENT: Final = "Соглашение"
PRICE_TYPE: Final = "Вид цен"
RESPONSIBLE: Final = "Менеджер"
REGISTRATION: Final = "ОГРН покупателя"
PAID: Final = "Оплачено"
RETURNED: Final = "Признак возврата"
SHIPPED: Final = "Отгружено"
SHIPPED_ON: Final = "Дата отгрузки"
TRACKING: Final = "Идентификатор отправления"

# Контакты: 2.05 knows the first of each, later versions the second; УТ 11 only the first. Both are sent.
PHONE_TYPES: Final = ("ТелефонРабочий", "Телефон рабочий")
MAIL_TYPES: Final = ("Почта", "Электронная почта")
OTHER_PHONE: Final = "Телефон мобильный"
OTHER_MAIL: Final = "Почта дополнительная"
CONTACT_PERSON: Final = "Контактное лицо"
NOT_GIVEN: Final = "не указан"

# The payer's number of a Ukrainian company, beside ИНН.
EDRPOU: Final = "КодПоЕДРПОУ"

# АдресноеПоле.
POSTAL_CODE: Final = "Почтовый индекс"
COUNTRY: Final = "Страна"
REGION: Final = "Регион"
DISTRICT: Final = "Район"
CITY: Final = "Город"
STREET: Final = "Улица"
BUILDING: Final = "Дом"

# ОКЕИ: full name and international abbreviation of the units that trade uses; 1C finds the others by the code alone.
UNITS: Final = {
    "796": ("шт", "Штука", "PCE"),
    "006": ("м", "Метр", "MTR"),
    "055": ("м2", "Квадратный метр", "MTK"),
    "113": ("м3", "Кубический метр", "MTQ"),
    "112": ("л", "Литр", "LTR"),
    "163": ("г", "Грамм", "GRM"),  # noqa: RUF001
    "166": ("кг", "Килограмм", "KGM"),
    "168": ("т", "Тонна", "TNE"),
    "356": ("ч", "Час", "HUR"),
    "359": ("сут", "Сутки", "DAY"),
    "362": ("мес", "Месяц", "MON"),
    "642": ("ед", "Единица", ""),
    "715": ("пар", "Пара", "NPR"),
    "778": ("упак", "Упаковка", "NMP"),
    "839": ("компл", "Комплект", ""),
}
UNIT_BY_DEFAULT: Final = "796"

# mode=info: names of its elements, and what it offers where the portal has nothing of the kind.
DICTIONARIES: Final = "Справочник"
PAY_SYSTEMS: Final = "ПлатежныеСистемы"
DELIVERIES: Final = "СлужбыДоставки"
ELEMENT: Final = "Элемент"
TITLE: Final = "Название"
PAY_KIND: Final = "ТипОплаты"
PAY_KINDS: Final = {"bank": "Безналичная оплата", "cash": "Наличная оплата", "card": "Эквайринговая оплата"}
PAY_SYSTEMS_BY_DEFAULT: Final = (
    ("bank", "Безналичный расчет", "bank"),
    ("cash", "Наличный расчет", "cash"),
    ("card", "Банковская карта", "card"),
)
DELIVERIES_BY_DEFAULT: Final = (("delivery", "Доставка"), ("pickup", "Самовывоз"))
