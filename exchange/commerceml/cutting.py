"""Cuts one container of a file into the bytes of its items, without parsing them.

Everything here works on clean UTF-8 in which the parser has just seen the container's start tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntFlag
from hashlib import sha256
from typing import Final, NamedTuple

from exchange.commerceml import names as n
from exchange.commerceml.values import ZERO_GUID, reference

# An item that grows beyond this is left to the parser.
PIECE_LIMIT: Final = 4 << 20
DIGEST_SIZE: Final = 16
NESTED: Final = "an item stands within another, or has no content"


class Scope(IntFlag):
    """What a piece can set: the kinds of records that parsing it gives, and their facets (too many rather than too few)."""

    PRODUCT = 1
    OFFER = 2
    MAIN = 4
    PRICES = 8
    STOCK = 16


class Origin(NamedTuple):
    """What the meaning of a piece's bytes depends on besides themselves; `salt` (16 bytes) sums it up."""

    root_tag: bytes
    root_name: str
    separator: str
    salt: bytes


class Piece(NamedTuple):
    """The bytes of one item; `digest` has 16 bytes and covers the reader's version and the origin too."""

    scope: int
    onec_id: str
    digest: bytes
    raw: bytes
    line: int
    origin: Origin


class Kind(NamedTuple):
    """One sort of container: where it stands, its tags and those of its items."""

    paths: tuple[tuple[str, ...], ...]
    open: bytes
    close: bytes
    item: bytes
    item_end: bytes
    scope: int


def _kind(name: str, item: str, scope: Scope, *blocks: str) -> Kind:
    return Kind(
        tuple((n.ROOT, block, name) for block in blocks),
        f"<{name}>".encode(),
        f"</{name}>".encode(),
        f"<{item}".encode(),
        f"</{item}>".encode(),
        int(scope),
    )


KINDS: Final = (
    _kind(n.ITEMS, n.ITEM, Scope.PRODUCT, n.CATALOG),
    _kind(n.OFFERS, n.OFFER, Scope.OFFER, n.PACKAGE, n.PACKAGE_CHANGES),
)
_OPENING: Final = re.compile(b"|".join(kind.open for kind in KINDS))
LONGEST_OPENING: Final = max(len(kind.open) for kind in KINDS)


def find_opening(buffer: bytes) -> tuple[Kind, int] | None:
    """The first start tag of a container that can be cut, and where it ends."""
    found = _OPENING.search(buffer)
    if found is None:
        return None
    return next(kind for kind in KINDS if kind.open == found[0]), found.end()


def _element(name: str) -> str:
    return rf"<{name}>[^<]*</{name}>"


def _block(name: str) -> str:
    return rf"<{name}>.*?</{name}>|<{name}\s*/>"


_SPACES: Final = b" \t\r\n"
_SPACE: Final = re.compile(rb"[ \t\r\n]*")
# The start tag, Ид as the first child, and ИдХарактеристики right behind it; no entities, or the parser is asked.
_IDENTITY: Final = re.compile(
    rf"<[^<>]*>\s*<{n.ID}>(?:([!-%'-;=-~]+)|([^<>&]*))</{n.ID}>"
    rf"(?:\s*<{n.CHARACTERISTIC_ID}>([^<>&]*)</{n.CHARACTERISTIC_ID}>)?".encode()
)
_ZERO: Final = ZERO_GUID.encode()
# What may follow in a piece that sets nothing but prices and stock.
_ONLY_PRICES_AND_STOCK: Final = re.compile(
    (
        rf"(?:\s*(?:{_block(n.PRICES)}|{_block(n.STOCK_LIST)}|{_element(n.QUANTITY)}"
        rf"|<{n.WAREHOUSE}\s[^<>]*/>|<{n.WAREHOUSE}\s[^<>]*>\s*</{n.WAREHOUSE}>))*\s*</{n.OFFER}>"
    ).encode(),
    re.DOTALL,
)
# The beginning of both Цены and Цена.
_PRICES: Final = f"<{n.PRICE[:-1]}".encode()
# Its one byte that is rare in Russian text: most buffers without prices are told by it, ten times as fast.
_PRICES_BYTE: Final = n.PRICE[0].encode()[-1:]
# Also the beginnings of КоличествоНаСкладах and Склады.
_QUANTITY: Final = f"<{n.QUANTITY}".encode()
_FIGURE: Final = n.QUANTITY.encode()
_WAREHOUSE: Final = f"<{n.WAREHOUSE}".encode()
_STOCK_LIST: Final = f"<{n.STOCK_LIST}".encode()
_CHARACTERISTIC: Final = f"<{n.CHARACTERISTIC_ID}".encode()
_HIDING: Final = re.compile(rb"<[!?]")

_PRODUCT: Final = int(Scope.PRODUCT)
_OFFER: Final = int(Scope.OFFER)
_MAIN: Final = int(Scope.MAIN)
_SETS_PRICES: Final = int(Scope.OFFER | Scope.PRICES)
_SETS_STOCK: Final = int(Scope.OFFER | Scope.STOCK)

_new = tuple.__new__
AskParser = Callable[[Piece], str]


class Cutter:
    """Cuts the content of one container: `cut` takes it block by block and fills `pieces`; `left` is what is not cut yet.

    `state` afterwards: "more" (give it the next block), "end" (`left` begins with the container's end tag) or a sentence saying
    why what is left is for the parser.
    """

    def __init__(self, kind: Kind, origin: Origin, line: int, ask_parser: AskParser) -> None:
        self._kind = kind
        self._origin = origin
        self._ask_parser = ask_parser
        self._has_characteristics = self._has_prices = self._has_stock = True
        self.line = line
        self.left = b""
        self.state = "more"

    def cut(self, block: bytes, pieces: list[Piece]) -> None:
        """Appends the whole items of what was left and of the block to `pieces`."""
        begin = 0
        if self.left:
            # Only the item that lies across the edge is put together: joining whole blocks would cost as much as hashing them.
            edge = block.find(self._kind.item_end)
            begin = len(block) if edge < 0 else edge + len(self._kind.item_end)
            self.left = self._cut(self.left + block[:begin], 0, pieces)
            if self.state != "more" or (self.left and begin < len(block)):
                self.left += block[begin:]
                begin = len(block)
                if self.state == "more":
                    self.left = self._cut(self.left, 0, pieces)
        if begin < len(block):
            self.left = self._cut(block, begin, pieces)

    def _cut(self, buffer: bytes, begin: int, pieces: list[Piece]) -> bytes:
        """Appends the whole items at this place of the buffer to `pieces`; returns what is behind them."""
        kind = self._kind
        item, item_end, length = kind.item, kind.item_end, len(kind.item)
        limit = _hidden_from(buffer)
        piece_of = self._piece
        self._look_for_facets(buffer)
        start = self._skip_space(buffer, begin)
        following = start if buffer.startswith(item, start) else -1
        while following == start:
            # One look ahead for the next item; this one must end right before it.
            following = buffer.find(item, start + 1)
            end = buffer.rfind(item_end, start, following) if following >= 0 else buffer.find(item_end, start)
            if end < 0 or end > limit or buffer[start + length] not in b"> \t\r\n":
                if following >= 0 and end <= limit:
                    self.state = NESTED
                break
            end += len(item_end)
            raw = buffer[start:end]
            if (piece := piece_of(raw)) is not None:
                pieces.append(piece)
            if following >= 0 and not buffer[end:following].strip(_SPACES):
                self.line += buffer.count(b"\n", start, following)
                start = following
            else:
                self.line += raw.count(b"\n")
                start = self._skip_space(buffer, end)
        return self._stop(buffer, start, limit)

    def _look_for_facets(self, buffer: bytes) -> None:
        """What no item of the buffer has need not be looked for in each: that would be a third of the cutting time."""
        self._has_prices = _PRICES_BYTE in buffer and _PRICES in buffer
        if self._kind.scope == _OFFER:
            self._has_characteristics = _CHARACTERISTIC in buffer
            self._has_stock = _QUANTITY in buffer or _WAREHOUSE in buffer or _STOCK_LIST in buffer
        else:
            # Stock of a Товар counts only with a figure, and every form of a figure has this word in it.
            self._has_characteristics = False
            self._has_stock = _FIGURE in buffer

    def _skip_space(self, buffer: bytes, position: int) -> int:
        end = _SPACE.match(buffer, position).end()  # type: ignore[union-attr]
        self.line += buffer.count(b"\n", position, end)
        return end

    def _stop(self, buffer: bytes, start: int, limit: int) -> bytes:
        kind = self._kind
        rest = buffer[start : start + max(len(kind.close), len(kind.item) + 1)]
        if rest.startswith(kind.close):
            self.state = "end"
        elif self.state == NESTED:
            pass
        elif limit < len(buffer):
            self.state = "a comment, CDATA or instruction stands among the items"
        elif len(buffer) - start > PIECE_LIMIT:
            self.state = "an item is very large"
        elif not (kind.close.startswith(rest) or kind.item.startswith(rest) or rest.startswith(kind.item)):
            self.state = "something other than items stands among them"
        return buffer[start:]

    def _piece(self, raw: bytes) -> Piece | None:
        found = _IDENTITY.match(raw)
        onec_id = ""
        if found is not None:
            # The first group: an id of printable ASCII, plainly itself.
            plain_id, product_id, characteristic_id = found.groups()
            if plain_id is not None and characteristic_id is None and plain_id != _ZERO:
                onec_id = plain_id.decode()
            else:
                onec_id = _joined(plain_id or product_id, characteristic_id)
            if self._has_characteristics and characteristic_id is None and _CHARACTERISTIC in raw:
                onec_id = ""
        # SHA-256: the processor's own on nearly every server, and half the time of BLAKE2b there.
        digest = sha256(self._origin.salt + raw).digest()[:DIGEST_SIZE]
        piece: Piece = _new(Piece, (self._scope(raw, found), onec_id, digest, raw, self.line, self._origin))
        if onec_id:
            return piece
        onec_id = self._ask_parser(piece)
        return piece._replace(onec_id=onec_id) if onec_id else None

    def _scope(self, raw: bytes, identity: re.Match[bytes] | None) -> int:
        # Plain numbers: operations on flags would take a third of the cutting time.
        scope = self._kind.scope
        if self._has_prices and _PRICES in raw:
            scope |= _SETS_PRICES
        if self._has_stock and (_QUANTITY in raw or _WAREHOUSE in raw or _STOCK_LIST in raw):
            scope |= _SETS_STOCK
        if identity is None or scope & _PRODUCT or not _ONLY_PRICES_AND_STOCK.fullmatch(raw, identity.end()):
            scope |= _MAIN
        return scope


def _joined(onec_id: bytes, characteristic_id: bytes | None) -> str:
    """The id as the reader makes it; "" where the parser must be asked."""
    try:
        joined = reference(onec_id.decode())
        if joined and characteristic_id and "#" not in joined and (more := reference(characteristic_id.decode())):
            joined = f"{joined}#{more}"
    except UnicodeDecodeError:
        return ""
    # A line end or a control character within an id may not come out of the parser as it went in.
    return joined if joined.isprintable() else ""


def _hidden_from(buffer: bytes) -> int:
    """Where the first comment, CDATA section or instruction begins: bytes behind it may not be what they look like."""
    if b"!" not in buffer and b"?" not in buffer:
        return len(buffer)
    found = _HIDING.search(buffer)
    return found.start() if found else len(buffer)
