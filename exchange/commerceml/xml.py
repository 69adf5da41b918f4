"""Opening a 1C file: whatever its encoding, mark and declaration, out come blocks of clean UTF-8 and a guarded parser.

Everything after this module sees UTF-8 without a byte order mark and without a declaration; line numbers stay those of the file.
"""

from __future__ import annotations

import codecs
import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple, Protocol

from lxml import etree

from exchange.commerceml import names as n
from exchange.commerceml.errors import BrokenXml, ForbiddenMarkup, NotCommerceML, Oddities

BLOCK: Final = 1 << 18
HEAD_LIMIT: Final = 1 << 20
_DECLARATION = re.compile(rb"<\?xml\b([^>]{0,500}?)\?>")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_JUNK = re.compile(rb"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)
_DEFAULT_NAMESPACE = re.compile(rb"""\sxmlns\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
_ROOT = re.compile(rb"""<([^\s<>/!?"'=]+)((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>""")


class Readable(Protocol):
    """Anything with read(size) giving bytes: a file, an upload, a member of an archive."""

    def read(self, size: int, /) -> bytes: ...


Opened = str | Path | IO[bytes] | Readable


class Source:
    """The bytes of a file as clean UTF-8 blocks. `encoding` is what was found, `root_tag` the whole start tag of the root.

    Raises NotCommerceML and ForbiddenMarkup on opening. Use as a context manager; closes only what it opened itself.
    """

    def __init__(self, source: Opened, oddities: Oddities) -> None:
        self._owned = isinstance(source, str | Path)
        self._stream: Readable = open(source, "rb", buffering=0) if isinstance(source, str | Path) else source  # noqa: SIM115
        self._oddities = oddities
        self.bytes_read = 0
        self.encoding = "utf-8"
        self.had_mark = False
        self._decoder: codecs.IncrementalDecoder | None = None
        try:
            self._head = self._open()
            self.root_name, self.root_tag = self._find_root()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file if this object opened it."""
        if self._owned and isinstance(self._stream, io.IOBase):
            self._stream.close()

    @property
    def plain_root_tag(self) -> bytes:
        """The root's start tag without its default namespace, of the same number of lines.

        Namespaces mean nothing here (five of them, none, or the wrong one), but cost a tenth of the reading time.
        """
        return _DEFAULT_NAMESPACE.sub(lambda found: b" " + b"\n" * found[0].count(b"\n"), self.root_tag)

    def blocks(self) -> Iterator[bytes]:
        """The whole file, once, in blocks of about a quarter of a megabyte."""
        head, self._head = self._head, b""
        yield head.replace(self.root_tag, self.plain_root_tag, 1)
        while raw := self._read(BLOCK):
            if block := self._clean(raw):
                yield block
        if self._decoder is not None and (rest := self._clean(b"", final=True)):
            yield rest

    def _read(self, size: int) -> bytes:
        raw = self._stream.read(size)
        self.bytes_read += len(raw)
        return raw

    def _clean(self, raw: bytes, *, final: bool = False) -> bytes:
        if self._decoder is None:
            return raw
        text = self._decoder.decode(raw, final)
        if "\ufffd" in text:
            self._oddities.tell("bad-bytes", f"bytes that are not {self.encoding}")
        return text.encode("utf-8", "replace")

    def _open(self) -> bytes:
        head = b""
        while len(head) < 4096 and (raw := self._read(BLOCK)):
            head += raw
        if not head.strip(b"\x00 \t\r\n"):
            raise NotCommerceML("The file is empty.")
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"Rar!")):
            raise NotCommerceML("The file is an archive, not an XML file.")
        self.encoding = self._find_encoding(head)
        if self.encoding == "utf-8":
            head = head.removeprefix(codecs.BOM_UTF8)
        else:
            self._decoder = codecs.getincrementaldecoder(self.encoding)("replace")
            head = self._clean(head).removeprefix("\ufeff".encode())
        return _without_declaration(head, self._oddities)

    def _find_encoding(self, head: bytes) -> str:
        for mark, encoding in (
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF32_LE, "utf-32-le"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
        ):
            if head.startswith(mark):
                self.had_mark = True
                return encoding
        if head[:2] in (b"<\x00", b"\n\x00", b"\r\x00", b" \x00"):
            return "utf-16-le"
        if head[:2] in (b"\x00<", b"\x00\n", b"\x00\r", b"\x00 "):
            return "utf-16-be"
        return self._by_declaration(head)

    def _by_declaration(self, head: bytes) -> str:
        found = _DECLARATION.search(head)
        said = _ENCODING.search(found[1]) if found else None
        declared = said[1].decode("ascii").lower() if said else ""
        try:
            named = codecs.lookup(declared).name if declared else "utf-8"
        except LookupError:
            self._oddities.tell("encoding-unknown", declared)
            named = "utf-8"
        real = _by_root_name(head) or named
        # 1C's own root is Cyrillic, so its bytes tell the encoding whatever the declaration says.
        if real != named and not (named.startswith("utf-16") and not found):
            self._oddities.tell("encoding-repaired", f"declared {declared or 'nothing'}, really {real}", 1)
        return real

    def _find_root(self) -> tuple[str, bytes]:
        position = 0
        while True:
            while junk := _JUNK.match(self._head, position):
                position = junk.end()
            root = _ROOT.match(self._head, position)
            if root is not None:
                break
            if self._head.startswith(b"<!DOCTYPE", position):
                raise ForbiddenMarkup("The file has a DOCTYPE. 1C never writes one; it was not read.", self._line_at(position))
            raw = self._read(BLOCK)
            if not raw or len(self._head) > HEAD_LIMIT:
                raise NotCommerceML("This is not an XML file of 1C: no element was found at its beginning.")
            self._head += self._clean(raw)
        name = root[1].decode("utf-8", "replace")
        if name.rpartition(":")[2] != n.ROOT:
            raise NotCommerceML(f"This is not a CommerceML file: it begins with <{name[:60]}>.", self._line_at(position))
        return name, root[0]

    def _line_at(self, position: int) -> int:
        return self._head.count(b"\n", 0, position) + 1


def _by_root_name(head: bytes) -> str:
    if n.ROOT.encode("utf-8") in head:
        return "utf-8"
    for encoding in ("cp1251", "koi8-r", "cp866", "iso8859-5"):
        if n.ROOT.encode(encoding) in head:
            return encoding
    return ""


def _without_declaration(head: bytes, oddities: Oddities) -> bytes:
    """Blanks the declaration out (it would now lie), wherever before the root it stands, keeping the lines."""
    found = _DECLARATION.search(head)
    if found is None:
        return head
    if head[: found.start()].strip():
        oddities.tell("declaration-late", "something stands before the XML declaration", 1)
    return head[: found.start()] + b"\n" * found[0].count(b"\n") + head[found.end() :]


class Fault(NamedTuple):
    """A place where the XML is not as it must be: what it costs, and where."""

    repaired: str
    message: str
    line: int


# What the parser goes on after, and how that is told. Anything else ends the file.
_REPAIRED: Final = {
    "ERR_INVALID_CHAR": "a character that XML does not allow was dropped",
    "ERR_INVALID_ENCODING": "bytes that are not UTF-8 were replaced",
    "ERR_ATTRIBUTE_REDEFINED": "an attribute is given twice",
    "ERR_UNDECLARED_ENTITY": "an entity of HTML was replaced by its character",
    "WAR_UNDECLARED_ENTITY": "an entity of HTML was replaced by its character",
    "NS_ERR_UNDEFINED_NAMESPACE": "a prefix is not declared",
    "NS_ERR_XML_NAMESPACE": "a namespace is not as it should be",
    "NS_ERR_QNAME": "a name has more than one colon",
    "NS_ERR_ATTRIBUTE_REDEFINED": "an attribute is given twice",
    "NS_ERR_EMPTY": "a namespace is empty",
    "NS_ERR_COLON": "a colon stands at the edge of a name",
    "WAR_NS_URI": "a namespace is not an address",
    "WAR_NS_URI_RELATIVE": "a namespace is not an address",
}


class Parser:
    """A push parser that reads no entities, no network and no giant nodes, tolerates what is harmless and tells it.

    `feed` and `close` give the message and line of the fault that ends the file, else None; `root` appears with its start tag.
    """

    def __init__(self, root_name: str, oddities: Oddities) -> None:
        self._parser: etree.XMLPullParser[etree._Element] = etree.XMLPullParser(
            events=("start",),
            tag=("{*}" + root_name.rpartition(":")[2], root_name),
            remove_blank_text=True,
            remove_comments=True,
            remove_pis=True,
            collect_ids=False,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            recover=True,
        )
        self._oddities = oddities
        self._seen = 0
        self.root: etree._Element | None = None
        # Lines of the file that were not given to the parser.
        self.line_shift = 0

    def feed(self, block: bytes) -> Fault | None:
        """Parses one more block."""
        self._parser.feed(block)
        for _, element in self._parser.read_events():
            if self.root is None:
                self.root = element
        return self._faults()

    def close(self) -> Fault | None:
        """Says that the file is at its end: one that stops short has a fault now."""
        try:
            self._parser.close()
        except etree.XMLSyntaxError as error:
            return Fault("", str(error), (error.lineno or 0) + self.line_shift)
        return self._faults()

    def _faults(self) -> Fault | None:
        log = self._parser.feed_error_log
        if len(log) == self._seen:
            return None
        fresh = list(log)[self._seen :]
        self._seen = len(log)
        entities = False
        for entry in fresh:
            line = entry.line + self.line_shift
            told = _REPAIRED.get(entry.type_name)
            if told is None:
                return Fault("", entry.message.strip(), line)
            entities = entities or "ENTITY" in entry.type_name
            self._oddities.tell("xml-repaired", told, line)
        if entities and self.root is not None:
            _dissolve_entities(self.root)
        return None


def _dissolve_entities(root: etree._Element) -> None:
    """Puts the characters of `&nbsp;` and the like, which XML does not know, in the place of their nodes."""
    for entity in list(root.iter(etree.Entity)):
        text = html.unescape(entity.text or "") + (entity.tail or "")
        parent, before = entity.getparent(), entity.getprevious()
        if parent is None:
            continue
        if before is not None:
            before.tail = (before.tail or "") + text
        else:
            parent.text = (parent.text or "") + text
        entity.tail = None
        parent.remove(entity)


def broken(fault: Fault, *, at_end: bool = False) -> BrokenXml:
    """The error for people: from which line on the file is broken; `at_end`: all of the file had been parsed before."""
    what = fault.message.rstrip(".")
    cut_in_tag = at_end and "Couldn't find end of" in what
    if cut_in_tag or "Premature end" in what or "not finished" in what.lower() or "no element found" in what:
        return BrokenXml(f"The file ends too early, in line {fault.line}. What came before that was read.", fault.line)
    return BrokenXml(f"The file is broken in line {fault.line} ({what}). What came before that was read.", fault.line)
