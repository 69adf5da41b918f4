"""Opening a 1C file: whatever its encoding, mark and declaration, out come blocks of clean UTF-8.

Everything after this module sees UTF-8 without a byte order mark, a declaration or characters that XML does not allow;
line numbers stay those of the file.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, Protocol

from exchange.commerceml import names as n
from exchange.commerceml.errors import ForbiddenMarkup, NotCommerceML, Oddities

BLOCK: Final = 1 << 18
HEAD_LIMIT: Final = 1 << 20
# Bytes of no valid UTF-8 text of XML: control characters, and what would begin no character. Text of another Russian encoding
# hardly does without them, and looking for them costs a third of decoding.
_CONTROLS: Final = bytes((*range(9), 11, 12, *range(14, 32)))
_SUSPICIOUS: Final = _CONTROLS + bytes((0xC0, 0xC1, *range(0xF5, 0x100)))
_FIRST_SUSPICIOUS = re.compile(b"[" + re.escape(_SUSPICIOUS) + b"]")
_CONTINUED = re.compile(rb"[\x80-\xbf]{0,3}")
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
            if len(raw.translate(None, _SUSPICIOUS)) == len(raw):
                return raw
            return self._from_now_on_decoded(raw)
        text = self._decoder.decode(raw, final)
        if "\ufffd" in text:
            self._oddities.tell("bad-bytes", f"bytes that are not {self.encoding}", self._line_of_first(raw))
        block = text.encode("utf-8", "replace")
        allowed = block.translate(None, _CONTROLS)
        if len(allowed) != len(block):
            self._oddities.tell("bad-characters", "characters that XML does not allow were dropped", self._line_of_first(raw))
        return allowed

    def _from_now_on_decoded(self, raw: bytes) -> bytes:
        """Decodes a UTF-8 file that turned out not to be clean, from a character's beginning on."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        begun_before = _CONTINUED.match(raw)
        begin = begun_before.end() if begun_before else 0
        return raw[:begin] + self._clean(raw[begin:])

    def _line_of_first(self, raw: bytes) -> int:
        """The line of the first suspicious byte of the block just read; 0 where the file cannot be read again to count."""
        stream, found = self._stream, _FIRST_SUSPICIOUS.search(raw)
        if found is None or (self.encoding.startswith("utf-") and self.encoding != "utf-8"):
            return 0
        if not isinstance(stream, io.IOBase) or not stream.seekable():
            return 0
        here, line, left = stream.tell(), 1, self.bytes_read - len(raw)
        stream.seek(0)
        while left > 0 and (before := self._stream.read(min(BLOCK, left))):
            line += before.count(b"\n")
            left -= len(before)
        stream.seek(here)
        return line + raw.count(b"\n", 0, found.start())

    def _open(self) -> bytes:
        head = b""
        while len(head) < 4096 and (raw := self._read(BLOCK)):
            head += raw
        if not head.strip(b"\x00 \t\r\n"):
            raise NotCommerceML("The file is empty.", reason="empty")
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"Rar!")):
            raise NotCommerceML("The file is an archive, not an XML file.", reason="archive")
        self.encoding = self._find_encoding(head)
        if self.encoding == "utf-8":
            head = self._clean(head.removeprefix(codecs.BOM_UTF8))
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
                line = self._line_at(position)
                raise ForbiddenMarkup("The file has a DOCTYPE. 1C never writes one; it was not read.", line, reason="doctype")
            raw = self._read(BLOCK)
            if not raw or len(self._head) > HEAD_LIMIT:
                raise NotCommerceML("This is not an XML file of 1C: no element was found at its beginning.", reason="not-xml")
            self._head += self._clean(raw)
        name = root[1].decode("utf-8", "replace")
        if name.rpartition(":")[2] != n.ROOT:
            message = f"This is not a CommerceML file: it begins with <{name[:60]}>."
            raise NotCommerceML(message, self._line_at(position), reason="not-commerceml", detail=name[:60])
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
