"""The Russian names of CommerceML elements, attributes and requisites: the only file that holds them.

Names are local: files come without a namespace, with any of five, or with a prefix, and none of that means anything.
"""

from __future__ import annotations

# The envelope and its blocks.
ROOT = "КоммерческаяИнформация"
CLASSIFIER = "Классификатор"
CATALOG = "Каталог"
PACKAGE = "ПакетПредложений"
PACKAGE_CHANGES = "ИзмененияПакетаПредложений"
DOCUMENT = "Документ"
CONTAINER = "Контейнер"
COUNTERPARTIES = "Контрагенты"
COUNTERPARTY = "Контрагент"
USER_DIRECTORIES = "ПользовательскиеСправочники"
DISCOUNTS = "Скидки"
DISCOUNT = "Скидка"
CARD_KINDS = "ВидыДисконтныхКарт"
CARDS = "ДисконтныеКарты"
PRODUCT_SETS = "НаборыТоваров"

# Attributes of the envelope.
SCHEMA_VERSION = "ВерсияСхемы"
MADE_AT = "ДатаФормирования"
AMOUNT_FORMAT = "ФорматСуммы"
DECIMAL_SIGN_CODE = "ЧРД"
ONLY_CHANGES = "СодержитТолькоИзменения"

# Shared by many.
ID = "Ид"
SITE_ID = "ИдСайта"
NAME = "Наименование"
DESCRIPTION = "Описание"
OWNER = "Владелец"
SIGNATORIES = "Подписанты"
CLASSIFIER_ID = "ИдКлассификатора"
CATALOG_ID = "ИдКаталога"
VERSION = "НомерВерсии"
DELETED = "ПометкаУдаления"
STATUS = "Статус"
COMMENT = "Комментарий"
VALUE = "Значение"
TYPE = "Тип"
CODE = "Код"
VALID_FROM = "ДействительноС"
VALID_TO = "ДействительноДо"
VALID_TILL = "ДействительноПо"

# Классификатор.
GROUPS = "Группы"
GROUP = "Группа"
PROPERTIES = "Свойства"
PROPERTY = "Свойство"
PROPERTY_OF_ITEM = "СвойствоНоменклатуры"
PROPERTIES_OF_ELEMENTS = "СвойстваЭлементов"
PROPERTIES_OF_GROUPS = "СвойстваГрупп"
PRICE_TYPES = "ТипыЦен"
PRICE_TYPE = "ТипЦены"
WAREHOUSES = "Склады"
WAREHOUSE = "Склад"
UNITS = "ЕдиницыИзмерения"
UNIT_OF_MEASURE = "ЕдиницаИзмерения"
CATEGORIES = "Категории"
CATEGORY = "Категория"
RESOURCES = "Ресурсы"
RESOURCE_SCHEDULE = "ГрафикРесурсов"
RESOURCE_BUSY = "ЗанятостьРесурсов"
VALUE_TYPES = "ТипЗначений"
OPTIONS = "ВариантыЗначений"
REFERENCE = "Справочник"
VARIANT = "Вариант"
OPTION_ID = "ИдЗначения"
MULTIPLE = "Множественное"
REQUIRED = "Обязательное"
FOR_PRODUCTS = "ДляТоваров"
FOR_OFFERS = "ДляПредложений"
FOR_DOCUMENTS = "ДляДокументов"
EXTERNAL = "Внешний"
INFORMATIONAL = "Информационное"
REFERENCE_TYPE = "ТипСправочника"
USED = "ИспользованиеСвойства"
BY_DEFAULT = "ПоУмолчанию"
SORTING = "Сортировка"
PICTURE = "Картинка"
CURRENCY = "Валюта"
TAX = "Налог"
TAXES = "Налоги"
IN_SUM = "УчтеноВСумме"
EXCISE_TAX = "Акциз"
ADDRESS = "Адрес"
CONTACTS = "Контакты"
CONTACT = "Контакт"
PHONE = "Телефон"
SHORT_NAME = "НаименованиеКраткое"
LONG_NAME = "НаименованиеПолное"
INTERNATIONAL = "МеждународноеСокращение"

REQUIRED_FOR = "для "
VALUE_TYPE_NAMES = {
    "строка": "string",
    "число": "number",
    "время": "date",
    "дата": "date",
    "булево": "boolean",
    "справочник": "reference",
}
FOR_OFFERS_WORD = "предложен"
FOR_CATALOG_WORD = "каталог"

# Товар and Предложение.
ITEMS = "Товары"
ITEM = "Товар"
OFFERS = "Предложения"
OFFER = "Предложение"
CHARACTERISTIC_ID = "ИдХарактеристики"
UNIT_CODE = "КодЕдиницыИзмерения"
BARCODE = "Штрихкод"
BARCODE_CAPITAL = "ШтрихКод"
ARTICLE = "Артикул"
FULL_NAME = "ПолноеНаименование"
BASE_UNIT = "БазоваяЕдиница"
RECALCULATION = "Пересчет"
UNIT = "Единица"
UNIT_LIST = "Единицы"
UNIT_ID = "ИдЕдиницыИзмерения"
RATIO = "Коэффициент"
GROSS_WEIGHT = "ВесБрутто"
EXTRA_DATA = "ДополнительныеДанные"
CONTRACTOR_ITEM_ID = "ИдТовараУКонтрагента"
COUNTRY = "Страна"
BRAND = "ТорговаяМарка"
BRAND_OWNER = "ВладелецТорговойМарки"
MANUFACTURER = "Изготовитель"
PROPERTY_VALUES = "ЗначенияСвойств"
PROPERTY_VALUE = "ЗначенияСвойства"
PROPERTY_VALUE_SINGULAR = "ЗначениеСвойства"
TAX_RATES = "СтавкиНалогов"
TAX_RATE = "СтавкаНалога"
RATE = "Ставка"
EXCISES = "Акцизы"
EXCISE = "Акциз"
AMOUNT_PER_UNIT = "СуммаЗаЕдиницу"
COMPONENTS = "Комплектующие"
COMPONENT = "Комплектующее"
ANALOGUES = "Аналоги"
ANALOGUE = "Аналог"
CHARACTERISTICS = "ХарактеристикиТовара"
CHARACTERISTIC = "ХарактеристикаТовара"
REQUISITES = "ЗначенияРеквизитов"
REQUISITE = "ЗначениеРеквизита"
EXTRA_REQUISITES = "ДополнительныеЗначенияРеквизитов"
WEIGHT = "Вес"  # noqa: RUF001
NET_WEIGHT = "ВесНетто"
WIDTH = "Ширина"
LENGTH = "Длина"
HEIGHT = "Высота"
# A requisite tells a size only when its name tells the unit: in metres, as the elements do.
SIZE_UNITS = {"мм": "0.001", "см": "0.01", "м": "1"}
MARKING_GROUP = "КодГруппыТоваров"
RESERVE = "Резерв"
PRICES = "Цены"
PRICE = "Цена"
PRESENTATION = "Представление"
PRICE_TYPE_ID = "ИдТипаЦены"
UNIT_PRICE = "ЦенаЗаЕдиницу"
MIN_QUANTITY = "МинКоличество"
QUANTITY_FROM = "КоличествоОт"
QUANTITY_TO = "КоличествоДо"
QUANTITY = "Количество"
STOCK_LIST = "Остатки"
STOCK = "Остаток"
WAREHOUSE_ID = "ИдСклада"
WAREHOUSE_QUANTITY = "КоличествоНаСкладе"
WAREHOUSE_QUANTITIES = "КоличествоНаСкладах"

STATUS_DELETED = "удален"
VAT_NAMES = frozenset({"", "НДС", "ПДВ", "VAT", "AVT"})
VAT_EXEMPT = ("без ндс", "без налога", "без пдв", "не облагается")
YES = frozenset({"true", "1", "да", "истина", "так"})
NO = frozenset({"false", "0", "нет", "ложь", "ні", ""})

# Requisites of products that have a field of their own.
REQUISITE_ITEM_KIND = "ВидНоменклатуры"
REQUISITE_ITEM_TYPE = "ТипНоменклатуры"
REQUISITE_FULL_NAMES = ("Полное наименование", "Повне найменування", "ПолноеНаименование")
REQUISITE_FILE_DESCRIPTION = "ОписаниеФайла"
REQUISITE_HTML = "ОписаниеВФорматеHTML"  # noqa: RUF001

# Документ.
NUMBER = "Номер"
DATE = "Дата"
TIME = "Время"
OPERATION = "ХозОперация"
ROLE = "Роль"
CURRENCY_RATE = "Курс"  # noqa: RUF001
AMOUNT = "Сумма"
PAY_UNTIL = "СрокПлатежа"
EXTRA_COSTS = "ДопРасходы"
EXTRA_COST = "ДопРасход"
PERCENT = "Процент"
PAYMENTS = "Оплаты"
PAYMENT = "Оплата"
PAYMENT_NUMBER = "НомерДокумента"
PAYMENT_TRANSACTION = "НомерТранзакции"
PAYMENT_DATE = "ДатаОплаты"
PAYMENT_AMOUNT = "СуммаОплаты"
PAYMENT_METHOD = "СпособОплаты"
PAYMENT_METHOD_ID = "ИдСпособаОплаты"
SUBORDINATES = "ПодчиненныеДокументы"
SUBORDINATE = "ПодчиненныйДокумент"
BASIS = "Основание"
ONEC_NUMBER = "Номер1С"  # noqa: RUF001
ONEC_DATE = "Дата1С"  # noqa: RUF001
RECEIPTS = "ИнформацияОЧеках"
CUSTOMS_DECLARATION = "ГТД"
COUNTRY_OF_ORIGIN = "СтранаПроисхождения"
MARKING_GROUP_OF_LINE = "ГруппаМаркировки"
MARKS = "Маркировки"
MARK = "Маркировка"
REQUISITE_NUMBER_BY_ONEC = "Номер по 1С"  # noqa: RUF001
REQUISITE_DATE_BY_ONEC = "Дата по 1С"  # noqa: RUF001

# Контрагент.
OFFICIAL_NAME = "ОфициальноеНаименование"
LEGAL_ADDRESS = "ЮридическийАдрес"
REGISTRATION_ADDRESS = "АдресРегистрации"
INN = "ИНН"
KPP = "КПП"
SALUTATION = "Обращение"
LAST_NAME = "Фамилия"
FIRST_NAME = "Имя"
MIDDLE_NAME = "Отчество"
BORN_ON = "ДатаРождения"
BIRTH_PLACE = "МестоРождения"
SEX = "Пол"
IDENTITY = "УдостоверениеЛичности"
IDENTITY_KIND = "ВидДокумента"
IDENTITY_SERIES = "Серия"
IDENTITY_ISSUED_ON = "ДатаВыдачи"
IDENTITY_ISSUED_BY = "КемВыдан"
ORGANISATION = "Организация"
WORK_PLACE = "МестоРаботы"
POSITION = "Должность"
HEAD = "Руководитель"
REPRESENTATIVES = "Представители"
REPRESENTATIVE = "Представитель"
RELATION = "Отношение"
ADDRESS_PART = "АдресноеПоле"
ACCOUNTS = "РасчетныеСчета"
ACCOUNT = "РасчетныйСчет"
ACCOUNT_NUMBER = "НомерСчета"
BANK = "Банк"
CORRESPONDENT_BANK = "БанкКорреспондент"
CORRESPONDENT_ACCOUNT = "СчетКорреспондентский"
BIC = "БИК"
SWIFT = "SWIFT"
# Registration codes, kept under their own names.
PARTY_CODES = (
    "ОсновнойВидДеятельности",
    "ЕГРПО",
    "ОКВЭД",
    "ОКДП",
    "ОКОПФ",
    "ОКФС",
    "ОКПО",
    "КодПоОКПО",
    "КодПоЕДРПОУ",
    "НомерСвидетельства",
    "ДатаРегистрации",
)

# CommerceML 1 (1C 7.7): everything is in attributes.
ML1_ID = "Идентификатор"
ML1_CATALOG_ID = "ИдентификаторВКаталоге"
ML1_PARENT = "Родитель"
ML1_PROPERTY_ID = "ИдентификаторСвойства"
ML1_PROPERTY_LINK = "СсылкаНаСвойство"
ML1_PARTY_IN_DOCUMENT = "ПредприятиеВДокументе"
ML1_LINE = "ТоварнаяПозиция"
ML1_TAX_SUM = "СуммаНалога"
ML1_TAX_IN_SUM = "ВключенВСумму"
ML1_OF_CATALOG = "ИдентификаторКаталога"


# Words that decide something, not element names (see meaning.py).

CURRENCY_WORDS = {
    "руб": "RUB",  # noqa: RUF001
    "руб.": "RUB",  # noqa: RUF001
    "р": "RUB",  # noqa: RUF001
    "р.": "RUB",  # noqa: RUF001
    "рубль": "RUB",
    "рублей": "RUB",
    "₽": "RUB",
    "rur": "RUB",
    "643": "RUB",
    "810": "RUB",
    "грн": "UAH",
    "грн.": "UAH",
    "гривна": "UAH",
    "гривня": "UAH",
    "₴": "UAH",
    "980": "UAH",
    "дол": "USD",
    "долл": "USD",
    "долл.": "USD",
    "$": "USD",
    "840": "USD",
    "евро": "EUR",
    "€": "EUR",
    "978": "EUR",
    "тг": "KZT",
    "тг.": "KZT",
    "тенге": "KZT",
    "₸": "KZT",
    "398": "KZT",
    "бел.руб": "BYN",  # noqa: RUF001
    "бел. руб.": "BYN",  # noqa: RUF001
    "byr": "BYN",
    "974": "BYN",
    "933": "BYN",
    "лей": "MDL",
    "леев": "MDL",
    "498": "MDL",
    "сом": "KGS",
    "417": "KGS",
    "сум": "UZS",
    "860": "UZS",
    "драм": "AMD",
    "051": "AMD",
    "лари": "GEL",
    "981": "GEL",
    "манат": "AZN",
    "944": "AZN",
    "сомони": "TJS",
    "972": "TJS",
    "lei": "RON",
    "946": "RON",
    "злотый": "PLN",
    "985": "PLN",
    "юань": "CNY",
    "156": "CNY",
}
SERVICE_TYPES = ("Услуга", "Работа", "Послуга", "Робота", "Услуги", "Service", "Serviciu")
RETAIL_WORDS = ("розн", "роздр", "retail", "amănunt")
EXEMPT_WORDS = ("без ндс", "без пдв", "без налога", "без податку", "не облагается", "no vat", "without vat", "fără tva", "exempt")
