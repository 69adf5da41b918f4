"""The exchange protocol as 1C knows it: which mode belongs to which type, and every text that 1C shows, word for word.

Bodies have `\\n` ends, no trailing blanks and no byte order mark: the oldest clients compare the first line untrimmed.
Texts stay under 255 characters and hold no markup: УНФ and Бухгалтерия show others as "unknown error".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

COOKIE: Final = "PHPSESSID"
SESSID: Final = "sessid"
TEXT_LIMIT: Final = 254
# The first letter is a Latin C: 1C has always been given it so.
STATUSES: Final = "\x43татусы"

MODES: Final[Mapping[str, frozenset[str]]] = {
    "catalog": frozenset({"checkauth", "init", "file", "import", "deactivate", "complete"}),
    "sale": frozenset({"checkauth", "init", "file", "import", "query", "success", "info"}),
    "reference": frozenset({"checkauth", "init", "file", "import"}),
    "get_catalog": frozenset({"checkauth", "init", "query"}),
}
# The vendor's module asks `type=listen` without a mode.
LISTEN: Final = "listen"

BAD_LOGIN: Final = "Ошибка авторизации. Неверное имя пользователя или пароль."
NO_CREDENTIALS: Final = (
    "Имя пользователя и пароль не дошли до сервера. Заполните их в настройках обмена 1С;"
    " если они заполнены, прокси-сервер по пути удаляет заголовок Authorization."
)
WRONG_ADDRESS: Final = "Адрес обмена не подходит к этому имени пользователя. Скопируйте адрес из настроек приложения заново."
PAUSED: Final = "Обмен с этой базой 1С приостановлен в настройках приложения. Возобновите его и повторите обмен."
SWITCHED_OFF: Final = 'Обмен данными с "1С:Предприятие" отключен.'
BAD_SESSID: Final[Mapping[str, str]] = {
    "sale": "Ошибка проверки источника запроса. Обновите модуль обмена.",
    "": "Ошибка проверки источника запроса. Обновите модуль обмена или отключите проверку в настройках компонента.",
}
UNKNOWN_TYPE: Final = "Неизвестный тип команды."
UNKNOWN_MODE: Final = "Неизвестная команда."
NO_BODY: Final = "Ошибка чтения HTTP данных."
FILE_EMPTY: Final = "Файл для импорта пуст."
UNZIP_FAILED: Final = "Ошибка распаковки архива."
UNZIPPING: Final = "Идет распаковка архива."
IMPORTED: Final = "Импорт успешно завершен."
DEACTIVATED: Final = "Деактивация элементов завершена."
COMPLETED: Final = "Завершение процедуры импорта"
NO_FILE_NAME: Final = "В запросе не указано имя файла (параметр filename)."
NO_TIMESTAMP: Final = "В запросе нет отметки времени начала выгрузки (параметр timestamp)."
BASE_FULL: Final = "Слишком много файлов этой базы ждут обработки. Повторите обмен через час."
TOO_MANY_FILES: Final = "В выгрузке слишком много файлов. Выгружайте картинки частями или в архиве."
DISK_FULL: Final = "На сервере обмена закончилось место. Сообщите администратору и повторите обмен позже."
STALLED: Final = "Файл принят, но сервер обмена пока не может его прочитать. Повторите обмен позже."
DOCTYPE: Final = "Файл содержит объявление DOCTYPE; такие файлы не принимаются."
NOT_XML: Final = "Файл получен не полностью или не является XML-документом."
NAME_LEADS_OUT: Final = "ведёт за пределы папки обмена"
NAME_LENGTH: Final = "пустое или слишком длинное"
NAME_LETTERS: Final = "недопустимые символы"
NAME_KIND: Final = "недопустимое расширение"
ZIP_TOO_MANY: Final = "В архиве слишком много файлов."
ZIP_TOO_LARGE: Final = "Распакованные файлы больше, чем разрешено."
ZIP_LOCKED: Final = "Архив защищён паролем."
ZIP_LINK: Final = "В архиве есть ссылка вместо файла."
ZIP_CUT: Final = "Архив получен не полностью или повреждён."
ZIP_LIES: Final = "Файл в архиве больше, чем заявлено."
ZIP_BOMB: Final = "Файл в архиве сжат неправдоподобно сильно."
ZIP_EMPTY: Final = "В архиве нет файлов обмена."


class Refused(Exception):
    """1C gets `failure` and this sentence; nothing of the request was kept."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `body` is text (or XML, where characters outside the encoding become numeric references).

    Documents are too many for a text: then `chunks` are the `size` bytes of the body, in `charset`. `told` is what may be kept of it.
    """

    body: str
    xml: bool = False
    status: int = 200
    chunks: Iterator[bytes] | None = None
    size: int = 0
    charset: str = ""
    told: str = ""

    @property
    def keyword(self) -> str:
        return self.body.partition("\n")[0]

    def encoded(self, encoding: str) -> bytes:
        """The bytes to send; a text loses characters the encoding has not, XML keeps them as references."""
        return self.body.encode(encoding, "xmlcharrefreplace" if self.xml else "replace")


def success(*lines: str) -> Answer:
    """`success`, and under it the sentences that 1C writes into its log."""
    return Answer("success\n" + _sentences(lines))


def progress(text: str) -> Answer:
    """`progress`, and the state that 1C shows while it asks again."""
    return Answer("progress\n" + _sentences((text,)))


def failure(text: str) -> Answer:
    """`failure`, and why; 1C stops the exchange and shows the sentence."""
    return Answer("failure\n" + (_sentences((text,)) or UNKNOWN_MODE))


def signed_in(token: str, sessid: str, timestamp: int | None) -> Answer:
    """The answer to checkauth: cookie name and value, the form token, and for catalogues the server's clock."""
    lines = ["success", COOKIE, token, f"{SESSID}={sessid}"]
    if timestamp is not None:
        lines.append(f"timestamp={timestamp}")
    return Answer("\n".join(lines) + "\n")


def signed_in_shortly(token: str) -> Answer:
    """The answer to checkauth of get_catalog: it has no form token."""
    return Answer(f"success\n{COOKIE}\n{token}\n")


def parameters(*, zip_allowed: bool, file_limit: int, sessid: str = "", version: str = "") -> Answer:
    """The answer to init: exactly two lines without a last line end, four when the client negotiates a version.

    УТ 10.3, УПП and УТ 11 count the lines and give up on any number but two.
    """
    lines = [f"zip={'yes' if zip_allowed else 'no'}", f"file_limit={file_limit}"]
    if version:
        lines += [f"{SESSID}={sessid}", f"version={version}"]
    return Answer("\n".join(lines))


def site_catalog_empty() -> Answer:
    """`get_catalog` with nothing to hand over: the end marker alone."""
    return Answer("finished=yes\n")


def no_news() -> Answer:
    """`listen` without new orders: the only answer that is not 200."""
    return Answer("", status=304)


def _sentences(lines: tuple[str, ...]) -> str:
    """The lines cleaned of markup, control characters and trailing blanks, together no longer than 1C shows."""
    clean = (re.sub(r"\s+", " ", re.sub(r"[<>\x00-\x1f\x7f]", " ", line)).strip() for text in lines for line in text.splitlines())
    text = "\n".join(line for line in clean if line)
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1].rstrip() + "…"


def counted(number: int, one: str, few: str, many: str) -> str:
    """`12 400 товаров`: the number with blanks between thousands and the noun in the form Russian wants."""
    if number % 10 == 1 and number % 100 != 11:
        noun = one
    elif number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        noun = few
    else:
        noun = many
    return f"{number:,} {noun}".replace(",", " ")


def reading_state(counts: Mapping[str, int], share: float) -> str:
    """What 1C shows while the file is read, for a person: `Прочитано 12 400 товаров из файла (64 %).`"""
    nouns = (
        ("products", ("товар", "товара", "товаров")),
        ("offers", ("предложение", "предложения", "предложений")),
        ("groups", ("группа", "группы", "групп")),
        ("orders", ("заказ", "заказа", "заказов")),
        ("counterparties", ("контрагент", "контрагента", "контрагентов")),
    )
    told = [counted(counts[key], *forms) for key, forms in nouns if counts.get(key)]
    what = " и ".join(told[:2])
    percent = f"({max(0, min(99, int(share * 100)))} %)"
    return f"Прочитано {what} из файла {percent}." if what else f"Файл читается {percent}."


def name_refused(name: str, reason: str) -> str:
    """The sentence about a file name; the name itself is cut and made harmless to show."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in name[:80])
    return f"Имя файла «{shown}» не принято: {reason}."


def unzip_failed(reason: str) -> str:
    """The sentence that users know, and what was wrong."""
    return f"{UNZIP_FAILED} {reason}"


def zip_twice(name: str) -> str:
    return unzip_failed(f"Файл есть в архиве дважды: {name[:100]}.")


def zip_broken(name: str) -> str:
    return unzip_failed(f"Файл в архиве повреждён: {name[:100]}.")


def unzipping(done: int, total: int) -> str:
    """How far an archive is unpacked, for a person (0 of 0: not known)."""
    return f"{UNZIPPING} Готово {done} из {counted(total, 'файла', 'файлов', 'файлов')}." if total else UNZIPPING


def too_many_tries(seconds: int) -> str:
    wait = counted(seconds, "секунду", "секунды", "секунд")
    return f"Слишком много попыток входа с неверным паролем. Проверьте имя и пароль и повторите через {wait}."


def upload_too_large(limit: int) -> str:
    return f"Выгрузка больше, чем разрешено ({limit // 1024**2} МБ). Разбейте её на части в настройках обмена 1С."


def write_failed(name: str) -> str:
    return f"Ошибка записи в файл {name[:150]}."


def being_received(name: str) -> str:
    return f"Файл {name[:120]} уже принимается другим запросом. Повторите обмен."


def never_sent(name: str) -> str:
    return f"Файл {name[:120]} не был получен сервером. Повторите выгрузку."


def not_read(name: str) -> str:
    return f"Файл {name[:120]} не удалось прочитать."


def unreadable(reason: str, line: int, detail: str) -> str:
    """Why a file could not be read to its end (see commerceml.errors.UnreadableFile)."""
    place = f"на строке {line}" if line else "в начале"
    sentences = {
        "empty": FILE_EMPTY,
        "archive": "Файл является архивом, а не XML-документом.",
        "not-xml": NOT_XML,
        "not-commerceml": f"Файл не является файлом обмена CommerceML: его корневой элемент «{detail}».",
        "doctype": DOCTYPE,
        "huge": "Один из элементов файла больше 64 МБ. Всё, что стоит до него, прочитано.",
        "cut-short": f"Файл обрывается {place}. Всё, что стоит до этого места, прочитано. Повторите выгрузку.",
    }
    return sentences.get(reason, f"Ошибка в файле {place}. Всё, что стоит до этого места, прочитано.")


def waiting_state(name: str, size: int) -> str:
    """What 1C shows before a worker has begun with the file."""
    megabytes = f"{size / 1024**2:.1f}".replace(".", ",")
    return f"Файл {name[:100]} принят ({megabytes} МБ) и ожидает чтения."


def not_taken(failed: int) -> str:
    what = counted(failed, "объект", "объекта", "объектов")
    return f"Не удалось принять {what}: причины на странице приложения в Битрикс24."


# Why a document of 1C was not carried into the portal, by the problem's cause.
NOT_CARRIED: Final = {
    "order-unknown": "{name}: заказ {basis} в Битрикс24 не найден.",
    "document-not-read": "{name}: документ не удалось прочитать.",
}


def not_carried(cause: str, name: str, basis: str) -> str:
    """The line about one document; the others of its file are carried all the same."""
    shown, order = (_shown(text, 60) for text in (name, basis))
    line = NOT_CARRIED[cause].format(name=shown or "Документ", basis=f"«{order}»" if order else "(не назван)")
    return line[:1].upper() + line[1:]


def _shown(text: str, most: int) -> str:
    """A text of 1C's in one line that holds no markup."""
    return " ".join("".join(one if one.isprintable() and one not in "<>&" else " " for one in text[:most]).split())


def defect(code: str) -> str:
    """What 1C is told of an error of ours; `code` finds it in the log."""
    return f"Внутренняя ошибка сервера обмена. Повторите обмен; если не поможет, сообщите поддержке код {code}."


READING_INTERRUPTED: Final = "Файл не удалось прочитать: обработка прерывалась несколько раз. Обратитесь в поддержку."
