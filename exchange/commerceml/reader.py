"""Reading a whole file: `read` gives its records one after the other, at constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from lxml import etree

from exchange.commerceml import names as n
from exchange.commerceml.context import local
from exchange.commerceml.errors import Oddities
from exchange.commerceml.source import Opened, Source
from exchange.commerceml.walker import Walker
from exchange.records import Record

# Grows whenever the same bytes give other records than before: digests of pieces depend on it.
READER_VERSION: Final = 1


class FileInfo(NamedTuple):
    """What the envelope says of itself."""

    encoding: str
    schema: str
    made_at: str
    namespace: str


def read(source: Opened, *, oddities: Oddities | None = None) -> Iterator[Record]:
    """The records of a 1C file in its order; what is odd in it goes to `oddities`.

    `source` is a path or anything with read(size). Raises UnreadableFile: at once for what is no CommerceML,
    after the records that came before the break for a file that is broken or cut short.
    """
    oddities = oddities if oddities is not None else Oddities()
    with Source(source, oddities) as opened:
        yield from read_opened(opened, oddities)


def read_opened(opened: Source, oddities: Oddities) -> Iterator[Record]:
    """The records of a file that is open already."""
    walker = Walker(opened.root_name, oddities)
    for block in opened.blocks():
        yield from walker.feed(block)
    yield from walker.close()


def info_of(opened: Source) -> FileInfo:
    """The envelope of an open file."""
    root = etree.fromstring(opened.root_tag.rstrip(b"/>") + b"/>", etree.XMLParser(recover=True, resolve_entities=False))
    attributes = {local(name): value for name, value in root.items()}
    return FileInfo(
        opened.encoding,
        attributes.get(n.SCHEMA_VERSION, ""),
        attributes.get(n.MADE_AT, ""),
        etree.QName(root).namespace or "",
    )
