"""Finding out that nothing changed without parsing: the bytes of each Товар and Предложение, cut out and hashed.

`walk` gives a file in slices: records of its head (parsed in the ordinary way), and pieces. Whoever remembers the digests
parses only the pieces whose digest is new, by `parse`. Cutting is as safe as parsing: a container is cut only once the parser,
fed everything before it, says that it stands right inside; whatever in it is not plainly one item after another (a comment,
CDATA, an item within an item, a prefix, an item of attributes …) hands the rest of the file to the parser (`Slice.not_cut`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Sequence
from hashlib import blake2b
from html.entities import name2codepoint
from typing import Final, NamedTuple

from lxml import etree

from exchange.commerceml.context import Context
from exchange.commerceml.cutting import LONGEST_OPENING, Cutter, Kind, Origin, Piece, Scope, find_opening
from exchange.commerceml.errors import Oddities, UnreadableFile
from exchange.commerceml.read_items import read_items
from exchange.commerceml.reader import READER_VERSION
from exchange.commerceml.source import Opened, Source
from exchange.commerceml.walker import Walker
from exchange.commerceml.xml import PARSING, Parser
from exchange.records import Offer, Product, Record

__all__ = ["READER_VERSION", "Piece", "Scope", "Slice", "parse", "walk"]

# As much as is wrapped into one document for the parser.
_BATCH_BYTES: Final = 1 << 18

# Not XML; there is no CDATA in a piece, where it would be text.
_STRAY_AMPERSAND: Final = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos);)(?:([A-Za-z][A-Za-z0-9]{1,10});|#(\d{1,7});|#x([0-9A-Fa-f]{1,6});)?"
)


class Slice(NamedTuple):
    """A stretch of a file in its order: `records` come before `pieces`. `bytes_read` counts the file's bytes so far.

    `not_cut` says why items of this slice are among `records`, parsed, instead of pieces; "" where all are pieces.
    """

    records: list[Record]
    pieces: list[Piece]
    bytes_read: int
    not_cut: str = ""


def walk(
    source: Opened,
    *,
    slice_size: int = 2000,
    oddities: Oddities | None = None,
    progress: Callable[[int], None] | None = None,
    salt: bytes = b"",
) -> Iterator[Slice]:
    """The file in slices of about `slice_size` pieces or records, at constant memory.

    `salt` is whatever else the meaning of a piece depends on: another salt, other digests. `progress` gets the bytes read
    after each block. Raises UnreadableFile as `read` does, after the slices that came before the break.
    """
    oddities = oddities if oddities is not None else Oddities()
    with Source(source, oddities) as opened:
        yield from _Walk(opened, oddities, slice_size, salt).slices(progress)


class _Walk:
    """One walk over one file: feeds the parser until it stands in a container, then cuts until the container's end."""

    def __init__(self, opened: Source, oddities: Oddities, slice_size: int, salt: bytes) -> None:
        self._opened = opened
        self._oddities = oddities
        self._size = slice_size
        self._salt = salt
        self._walker = Walker(opened.root_name, oddities)
        self._cutter: Cutter | None = None
        self._cut_before: object = None
        self._line = 1
        self._records: list[Record] = []
        self._pieces: list[Piece] = []
        self._not_cut = ""

    def slices(self, progress: Callable[[int], None] | None) -> Iterator[Slice]:
        """All slices."""
        left = b""
        try:
            for block in self._opened.blocks():
                left = yield from self._go_on(left + block if left else block)
                if progress is not None:
                    progress(self._opened.bytes_read)
            yield from self._feed(left if self._cutter is None else self._cutter.left)
            yield from self._take(self._walker.close())
        except UnreadableFile:
            yield from self._flush()
            raise
        yield from self._flush()

    def _go_on(self, buffer: bytes) -> Generator[Slice, None, bytes]:
        """Takes all it can of the buffer; returns what must wait for more."""
        while buffer:
            if self._not_cut:
                yield from self._feed(buffer)
                return b""
            if self._cutter is None:
                opening = find_opening(buffer)
                if opening is None:
                    # The start tag may lie across the edge of the block.
                    yield from self._feed(buffer[: 1 - LONGEST_OPENING])
                    return buffer[1 - LONGEST_OPENING :]
                kind, end = opening
                yield from self._feed(buffer[:end])
                buffer = buffer[end:]
                self._enter(kind)
                continue
            buffer = yield from self._cut(buffer, self._cutter)
        return b""

    def _enter(self, kind: Kind) -> None:
        """Begins to cut if the parser says that it stands just inside such a container (and in no comment or the like)."""
        walker = self._walker
        innermost = walker.innermost()
        if walker.path() in kind.paths and walker.innermost_is_empty() and innermost is not self._cut_before:
            self._cut_before = innermost
            separator = walker.context.separator
            salt = blake2b(f"{READER_VERSION}{separator}".encode() + self._salt, digest_size=16).digest()
            origin = Origin(self._opened.plain_root_tag, self._opened.root_name, separator, salt)
            self._cutter = Cutter(kind, origin, self._line, self._id_by_parsing)

    def _cut(self, buffer: bytes, cutter: Cutter) -> Generator[Slice, None, bytes]:
        """Cuts the buffer; returns what is for the parser again, nothing while the container goes on."""
        cutter.cut(buffer, self._pieces)
        left = b""
        if cutter.state != "more":
            # The parser goes on from here, as if it had read all before.
            self._walker.skip_lines(cutter.line - self._line)
            self._line = cutter.line
            self._cutter = None
            left = cutter.left
            if cutter.state != "end":
                self._not_cut = cutter.state
        if len(self._pieces) >= self._size:
            yield from self._flush()
        return left

    def _id_by_parsing(self, piece: Piece) -> str:
        records = parse((piece,), oddities=self._oddities)
        return record_id(records[0]) if records else ""

    def _feed(self, data: bytes) -> Iterator[Slice]:
        if data:
            self._line += data.count(b"\n")
            yield from self._take(self._walker.feed(data))

    def _take(self, records: Iterator[Record]) -> Iterator[Slice]:
        for record in records:
            if self._pieces:
                yield from self._flush()
            self._records.append(record)
            if len(self._records) >= self._size:
                yield from self._flush()

    def _flush(self) -> Iterator[Slice]:
        if self._records or self._pieces:
            yield Slice(self._records, self._pieces, self._opened.bytes_read, self._not_cut)
            self._records, self._pieces = [], []


def record_id(record: Product | Offer) -> str:
    """The id of a product or an offer."""
    return record.product.id if isinstance(record, Offer) else record.id


def parse(pieces: Sequence[Piece], *, oddities: Oddities | None = None) -> list[Product | Offer]:
    """The records of the pieces, in their order: exactly what `read` gives for them.

    A piece that is broken in itself gives none and is told as oddity `broken-item`.
    """
    oddities = oddities if oddities is not None else Oddities()
    found: list[Product | Offer] = []
    batch: list[Piece] = []
    size = 0
    context = Context(oddities)
    for piece in pieces:
        if batch and (size > _BATCH_BYTES or piece.origin is not batch[0].origin):
            found += _parse_batch(batch, context)
            batch, size = [], 0
        if piece.origin.separator != context.separator:
            context = Context(oddities, piece.origin.separator)
        batch.append(piece)
        size += len(piece.raw)
    return found + _parse_batch(batch, context) if batch else found


def _parse_batch(batch: Sequence[Piece], context: Context) -> list[Product | Offer]:
    parser = etree.XMLParser(**PARSING)
    try:
        root = etree.fromstring(_wrapped(batch[0].origin, b"".join([piece.raw for piece in batch])), parser)
    except etree.XMLSyntaxError:
        return [record for piece in batch for record in _parse_alone(piece, context)]
    return _records(root, batch, context)


def _parse_alone(piece: Piece, context: Context) -> list[Product | Offer]:
    """Parses a piece that does not parse strictly: repaired as the reader does it, or told."""
    parser = Parser(piece.origin.root_name, context.oddities)
    parser.line_shift = piece.line - 1 - piece.origin.root_tag.count(b"\n")
    raw = _STRAY_AMPERSAND.sub(_spelled_out, piece.raw)
    if raw != piece.raw:
        context.oddities.tell("xml-repaired", "an entity that XML does not have, or a bare &, was put right", piece.line)
    fault = parser.feed(_wrapped(piece.origin, raw)) or parser.close()
    if fault is not None or parser.root is None or len(parser.root) != 1:
        line, message = (fault.line, fault.message) if fault else (piece.line, "")
        context.oddities.tell("broken-item", piece.onec_id, line, message)
        return []
    return _records(parser.root, (piece,), context)


def _spelled_out(found: re.Match[bytes]) -> bytes:
    name, decimal, hexadecimal = found.groups()
    if decimal or hexadecimal:
        code = int(decimal) if decimal else int(hexadecimal, 16)
        return found[0] if _is_allowed(code) else b""
    character = name2codepoint.get(name.decode("ascii")) if name else None
    return f"&#{character};".encode() if character else b"&amp;" + found[0][1:]


def _is_allowed(code: int) -> bool:
    """Whether XML 1.0 has the character."""
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


def _wrapped(origin: Origin, content: bytes) -> bytes:
    # No line end before the content: lines are counted from the piece's own.
    return origin.root_tag + content + f"</{origin.root_name}>".encode()


def _records(root: etree._Element, pieces: Sequence[Piece], context: Context) -> list[Product | Offer]:
    def in_their_lines() -> Iterator[etree._Element]:
        for element, piece in zip(root, pieces, strict=True):
            context.line_shift = piece.line - (element.sourceline or 0)
            yield element

    return list(read_items(in_their_lines(), context))
