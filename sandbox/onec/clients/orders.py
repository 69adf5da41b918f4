"""Takes orders from a server and brings them back changed, as each generation does it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from sandbox.onec.clients.catalog import Sent, upload
from sandbox.onec.clients.manners import MODULE31, A, B, C, E, Manners, Reading
from sandbox.onec.clients.order_rules import of_document, of_order
from sandbox.onec.clients.session import Session
from sandbox.onec.clients.wire import Answer, Request
from sandbox.onec.clients.xmltree import Document, Node, parse
from sandbox.onec.orders import Buyer, OrderLine, SiteOrder
from sandbox.onec.writers.orders import documents
from sandbox.onec.writers.upload import OutFile, Portion

REPLACED = "\ufffd"


@dataclass(slots=True)
class Taken:
    """Orders read, and remarks on those that this 1C passed over."""

    orders: list[SiteOrder] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    confirmed: bool = False


def take(new_session: Callable[[], Session], *, before_success: Callable[[], bool] = lambda: True) -> Taken:
    """checkauth, [init], query, success; raises ClientRefused where this 1C would stop (and ask for the same orders again).

    `success` is sent only when every order was read; the module asks again until no order comes. `before_success` is called between
    the last query and it, and says whether 1C lives to send it.
    """
    session, taken = new_session(), Taken()
    if session.manners.every_extra:
        # While it takes orders УНФ with subordinate documents names the version at init alone.
        session.manners = replace(session.manners, every_extra="", init_extra="cmlVersion=2.10")
    session.checkauth()
    if session.manners.init_before_query:
        session.init()
    while True:
        request, answer, text = session.ask("GET", "query")
        batch = _read(session, request, answer, text, taken)
        known = {order.number for order in taken.orders}
        if batch and all(order.number in known for order in batch):
            raise session.wire.refusal(
                "query gave the same orders again in one session: the module would ask for ever", request, answer
            )
        taken.orders += batch
        if session.manners is not MODULE31 or not batch:
            break
    if before_success():
        _confirm(session)
        taken.confirmed = True
    return taken


def give(new_session: Callable[[], Session], orders: Sequence[SiteOrder], moment: str) -> Sent:
    """checkauth, init, file, [import]: orders that came from the site go back; A, B and plain D never ask for the import."""
    session, sent = new_session(), Sent()
    if session.manners is E:
        raise session.wire.refusal("Бухгалтерия 3.0 never sends orders back")
    session.checkauth()
    session.init()
    portion = Portion([OutFile(_file_name(session.manners, orders), documents(orders, session.manners, moment))])
    upload(session, portion, sent)
    if session.manners.imports_orders:
        session.import_(portion.xml[0].name)
        sent.imports += 1
    sent.notes += session.notes
    return sent


def _confirm(session: Session) -> None:
    request, answer, text = session.ask("GET", "success")
    if session.manners.init_before_query and text.strip().lower().startswith("failure"):
        raise session.wire.refusal("mode=success answered 'failure'", request, answer, shown=text)


def _read(session: Session, request: Request, answer: Answer, text: str, taken: Taken) -> list[SiteOrder]:
    manners = session.manners

    def refused(what: str) -> Exception:
        return session.wire.refusal(what, request, answer, shown=text[:500])

    starts = ("<?xml",) if manners in (A, B, C) else ("<?xml", "<КоммерческаяИнформация")
    if answer.body.startswith(b"PK"):
        raise refused("the orders come in an archive: read as a text body it is broken in most generations")
    if not text.startswith(starts) or answer.body.startswith(b"\xef\xbb\xbf"):
        raise refused(f"the orders begin with {text[:20]!r}: 1C wants {' or '.join(starts)} as the very first characters")
    try:
        document = parse(text)
    except ValueError as e:
        raise refused(f"the orders are {e}") from e
    _letters(document, answer, text, manners, refused)
    wrong = list(of_document(document, manners, len(text)))
    if wrong:
        raise refused("; ".join(wrong))
    orders = []
    for node in _documents(document, manners):
        wrong = list(of_order(node, manners))
        if not wrong:
            orders.append(order_of(node))
        elif manners.name == "D2":
            taken.notes.append(f"order {node.value('Номер')!r} passed over: {'; '.join(wrong)}")
        else:
            raise refused(f"order {node.value('Номер')!r}: {'; '.join(wrong)}; the whole batch is rejected and will come again")
    return orders


def _letters(document: Document, answer: Answer, text: str, manners: Manners, refused: Callable[[str], Exception]) -> None:
    """Letters must survive: A and B read with the Windows code page, C by the header alone."""
    if manners.reading is Reading.ANSI and document.encoding != "windows-1251" and not answer.body.isascii():
        raise refused(f"the orders are declared {document.encoding!r}: this 1C reads them as windows-1251 and gets rubbish")
    if REPLACED in text:
        raise refused("letters are lost: the charset of the header, the declaration and the bytes do not agree")


def _documents(document: Document, manners: Manners) -> list[Node]:
    """The orders; in the module's containers the payments and shipments beside them are no orders."""
    if manners is not MODULE31:
        return document.root.all("Документ")
    inside = [*document.root.all("Контейнер/Документ"), *document.root.all("Документ")]
    return [node for node in inside if node.value("ХозОперация").lower() == "заказ товара"]


def order_of(node: Node) -> SiteOrder:
    """A Документ as the base keeps it, with a number of its own."""
    buyer = node.first("Контрагенты/Контрагент")
    assert buyer is not None
    told = {tax.value("УчтеноВСумме") for tax in node.all("Налоги/Налог")}
    included = next(iter(told)) if len(told) == 1 else ""
    return SiteOrder(
        id=node.value("Ид"),
        number=node.value("Номер"),
        date=node.value("Дата"),
        time=node.value("Время"),
        currency=node.value("Валюта"),
        rate=node.value("Курс"),
        sum=node.value("Сумма"),
        comment=node.value("Комментарий"),
        pay_until=node.value("СрокПлатежа"),
        buyer_id=buyer.value("Ид"),
        buyer_name=buyer.value("Наименование"),
        buyer=_buyer(buyer),
        lines=[_line(line, included) for line in node.all("Товары/Товар")],
        properties=_requisites(node),
        own_id=str(uuid.uuid5(uuid.NAMESPACE_OID, node.value("Номер"))),
        own_number=f"ТД00-{node.value('Номер')[-6:]:0>6}",
        own_date=node.value("Дата"),
    )


def _buyer(node: Node) -> Buyer:
    """Contacts by the words that every reader compares without blanks and case."""
    contacts = [(one.value("Тип").replace(" ", "").lower(), one.value("Значение")) for one in node.all("Контакты/Контакт")]
    phones = [value for kind, value in contacts if "телефон" in kind]
    emails = [value for kind, value in contacts if "почта" in kind or "email" in kind]
    return Buyer(
        id=node.value("Ид"),
        name=node.value("Наименование"),
        full_name=node.value("ПолноеНаименование"),
        official_name=node.value("ОфициальноеНаименование"),
        inn=node.value("ИНН"),
        kpp=node.value("КПП"),
        phones=list(dict.fromkeys(phones)),
        emails=list(dict.fromkeys(emails)),
        address=node.value("Адрес/Представление"),
        legal_address=node.value("ЮридическийАдрес/Представление") or node.value("АдресРегистрации/Представление"),
        accounts=[one.value("НомерСчета") for one in node.all("РасчетныеСчета/РасчетныйСчет")],
    )


def _line(node: Node, included: str = "") -> OrderLine:
    unit = node.first("БазоваяЕдиница")
    requisites = _requisites(node)
    return OrderLine(
        id=node.value("Ид"),
        name=node.value("Наименование"),
        quantity=node.value("Количество"),
        price=node.value("ЦенаЗаЕдиницу"),
        sum=node.value("Сумма"),
        unit_code=unit.attributes.get("Код", "") if unit else "",
        unit_name=unit.text.strip() if unit else "",
        vat=node.value("СтавкиНалогов/СтавкаНалога/Ставка"),
        vat_sum=node.value("Налоги/Налог/Сумма"),
        vat_included=node.value("Налоги/Налог/УчтеноВСумме") or included,
        is_service="Услуга" in (requisites.get("ТипНоменклатуры"), requisites.get("ВидНоменклатуры")),
    )


def _requisites(node: Node) -> dict[str, str]:
    return {r.value("Наименование"): r.value("Значение") for r in node.all("ЗначенияРеквизитов/ЗначениеРеквизита")}


def _file_name(manners: Manners, orders: Sequence[SiteOrder]) -> str:
    name = uuid.uuid5(uuid.NAMESPACE_OID, "|".join(order.number for order in orders))
    if manners in (A, B):
        return f"1cbitrix-{name}.xml"
    return f"documents_{name}.xml" if manners is MODULE31 else f"orders-{name}_1.xml"
