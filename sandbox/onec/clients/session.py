"""One exchange session, from checkauth on: the words of the protocol, each with the strictness of its generation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from sandbox.onec.clients.manners import Manners, Reading, Token
from sandbox.onec.clients.wire import Answer, ClientRefused, Request, Wire

LONG_TEXT = 255


@dataclass(slots=True)
class Session:
    """`type_` is catalog or sale. The cookie and the token come from the body of checkauth alone; Set-Cookie is never read."""

    wire: Wire
    manners: Manners
    type_: str
    patience: float = 3600
    cookie: str = ""
    token: str = ""
    timestamp: str = ""
    zip: bool = False
    file_limit: int = 0
    notes: list[str] = field(default_factory=list)

    def checkauth(self) -> None:
        """Log in; raises ClientRefused with what this generation's user would read."""
        request, answer, text = self.ask("GET", "checkauth")
        lines = text.split("\n")
        if self._keyword(lines[0]) != "success":
            shown = self._shown_on_login(text)
            raise self._refused(f"checkauth did not answer 'success' but {lines[0][:80]!r}", request, answer, shown)
        if len(lines) < 3 or not lines[1] or not lines[2]:
            raise self._refused("checkauth gave no cookie name and value in lines 2 and 3", request, answer)
        if any(ch <= " " or ch > "~" for ch in lines[1] + lines[2]):
            raise self._refused(
                "the cookie of checkauth holds a blank or a carriage return: 1C does not trim it", request, answer
            )
        self.cookie = f"{lines[1]}={lines[2]}"
        self.token = self._token(lines[3] if len(lines) > 3 else "", request, answer)
        self.timestamp = next(
            (line.removeprefix("timestamp=").strip() for line in lines[4:] if line.startswith("timestamp=")), ""
        )

    def init(self) -> None:
        """Learn whether to pack and how to cut; raises ClientRefused when this generation cannot read the answer."""
        request, answer, text = self.ask("GET", "init", extra=self.manners.init_extra)
        if self._keyword(text.split("\n")[0]) == "failure":
            raise self._refused("init answered 'failure'", request, answer, text)
        lines, want = text.split("\n"), self.manners.init_lines
        if self.type_ == "sale" and self.manners.sale_init_lines:
            want = self.manners.sale_init_lines
        if len(lines) < want or (len(lines) != want and not self.manners.init_at_least):
            least = "at least " if self.manners.init_at_least else "exactly "
            raise self._refused(
                f"init has {len(lines)} lines, this 1C needs {least}{want}: «Параметры обмена не получены»", request, answer
            )
        if want == 1:
            return
        first = lines[0].strip() if self.manners.trims_keyword else lines[0]
        self.zip = first.lower() == "zip=yes"
        self.file_limit = _limit(lines[1], trims=self.manners.init_at_least)

    def put(self, name: str, data: bytes) -> None:
        """Send one file, cut by the limit, each part under the same name; raises ClientRefused unless every one is taken."""
        step = self.file_limit if self.file_limit > 0 else max(len(data), 1)
        for start in range(0, max(len(data), 1), step):
            request, answer, text = self.ask("POST", "file", filename=name, body=data[start : start + step])
            keyword, _, rest = text.partition("\n")
            if self._keyword(keyword) != "success":
                raise self._refused(f"the server did not take {name}: {keyword[:80]!r}", request, answer, text)
            if rest.strip():
                self.notes.append(f"{name}: {rest.strip()}")

    def import_(self, name: str, *, once: bool = False) -> None:
        """Ask for the import of a file until it is done; `once` takes a first `progress` for done (УНФ new, not set to wait)."""
        started = self.wire.clock.now()
        while True:
            if self.manners.pause:
                self.wire.clock.sleep(self.manners.pause)
            request, answer, text = self.ask("GET", "import", filename=name)
            keyword, _, rest = text.partition("\n")
            match self._keyword(keyword):
                case "success":
                    if rest.strip():
                        self.notes.append(f"{name}: {rest.strip()}")
                    return
                case "progress" if once:
                    return
                case "progress" if self.wire.clock.now() - started > self.patience:
                    raise self._refused(
                        f"the import of {name} was still in progress after {self.patience:g} s", request, answer, text
                    )
                case "progress":
                    continue
                case "failure":
                    raise self._refused(f"the import of {name} failed: {rest.strip()[:300]}", request, answer, text)
                case other:
                    raise self._refused(f"the import of {name} answered an unknown state {other[:80]!r}", request, answer, text)

    def say(self, mode: str, extra: str = "") -> str:
        """Any other mode that must answer `success`; returns the rest of the text."""
        request, answer, text = self.ask("GET", mode, extra=extra)
        keyword, _, rest = text.partition("\n")
        if self._keyword(keyword) != "success":
            raise self._refused(f"mode={mode} answered {keyword[:80]!r}", request, answer, text)
        return rest.strip()

    def listen(self) -> bool:
        """Wait for news of orders: True when there are some, False on 304 (the server held the request and nothing came)."""
        request, answer = self.wire.send("GET", "type=listen", cookie=self.cookie)
        if answer.status == 304:
            return False
        text = self._text(answer)
        if answer.status != 200 or self._keyword(text.partition("\n")[0]) != "success":
            raise self._refused(f"listen answered status {answer.status} and {text[:80]!r}", request, answer, text)
        return True

    def ask(
        self, method: str, mode: str, *, filename: str = "", extra: str = "", body: bytes = b""
    ) -> tuple[Request, Answer, str]:
        """One request of the exchange and its answer as this generation's text; an empty body is an error everywhere."""
        request, answer = self.wire.send(
            method, self._query(mode, filename, extra), cookie=self.cookie, body=body, retry_partial=self.manners.retries_partial
        )
        if self.manners.exact_status and answer.status != 200:
            raise self._refused(
                f"mode={mode} answered status {answer.status}, this 1C takes only 200", request, answer, self._text(answer)
            )
        if not answer.body:
            raise self._refused(f"mode={mode} answered an empty body (status {answer.status})", request, answer)
        return request, answer, self._text(answer)

    def _query(self, mode: str, filename: str, extra: str) -> str:
        token, place = self.token, self.manners.token
        if place is Token.BEFORE_MODE:
            front = f"&{token}" if self.cookie else ""
            every = f"&{self.manners.every_extra}" if self.manners.every_extra and self.cookie else ""
            return (
                f"type={self.type_}{front}{every}&mode={mode}"
                + (f"&filename={filename}" if filename else "")
                + (f"&{extra}" if extra else "")
            )
        query = f"type={self.type_}&mode={mode}"
        if place is Token.AFTER_MODE and self.cookie:
            query += f"&{token}"
        query += f"&{extra}" if extra else ""
        query += f"&filename={filename}" if filename else ""
        # Even an empty token is glued on: УТ 11 adds "&sessid=" whatever it got.
        return query + (f"&{token}" if place is Token.LAST and self.cookie else "")

    def _token(self, line: str, request: Request, answer: Answer) -> str:
        if self.manners.token is Token.NOWHERE:
            return ""
        if line != line.strip():
            raise self._refused(
                "the fourth line of checkauth has a blank or a carriage return at its end: it would go into every URL",
                request,
                answer,
            )
        return line if self.manners.token_verbatim else "sessid=" + line.replace("sessid=", "")

    def _keyword(self, line: str) -> str:
        return line.strip().lower() if self.manners.trims_keyword else line.lower()

    def _text(self, answer: Answer) -> str:
        return read_text(answer, self.manners.reading)

    def _shown_on_login(self, text: str) -> str:
        if self.manners.shows_text and len(text) < LONG_TEXT and "<html" not in text.lower() and "<!doctype" not in text.lower():
            return text
        return "Не удалось установить соединение с сервером. Проверьте имя пользователя и пароль."

    def _refused(self, what: str, request: Request, answer: Answer, shown: str = "") -> ClientRefused:
        return self.wire.refusal(what, request, answer, shown=shown)


def read_text(answer: Answer, reading: Reading) -> str:
    """The body as text, losing letters where the real client would lose them."""
    if reading is Reading.ANSI:
        return answer.body.decode("utf-8-sig" if answer.body.startswith(b"\xef\xbb\xbf") else "cp1251", "replace")
    text = _decode(answer.body, answer.charset or "utf-8")
    if reading is Reading.RETRY and "\ufffd" in text:
        return next((other for name in ("cp1251", "utf-8") if "\ufffd" not in (other := _decode(answer.body, name))), text)
    return text


def archive_name(data: bytes) -> str:
    """v8_XXXX_n.zip: the temporary name 1C gives its archive, here made of the contents so that runs repeat."""
    digest = hashlib.sha256(data).hexdigest().upper()
    return f"v8_{digest[:4]}_{int(digest[4], 16)}.zip"


def _decode(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _limit(line: str, *, trims: bool) -> int:
    """file_limit as a number; -1 (no cutting) when it is none."""
    text = (line.strip() if trims else line).lower().replace("file_limit=", "").replace(" ", "")
    return int(text) if text.isascii() and text.isdigit() else -1
