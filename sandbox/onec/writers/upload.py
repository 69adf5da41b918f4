"""What a 1C hands to its HTTP client: files by name, grouped in portions that each make a session of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.onec.things import Item


@dataclass(frozen=True, slots=True)
class OutFile:
    """`name` is the path the exchange uses: `import0_1.xml`, `import_files/ab/….jpg`."""

    name: str
    data: bytes


@dataclass(slots=True)
class Portion:
    """The XML files in the order their import is asked for, and the pictures that go with them.

    `archive`: the same files as somebody packed them already; sent as it is to a server that wants zip.
    """

    xml: list[OutFile] = field(default_factory=list)
    pictures: list[OutFile] = field(default_factory=list)
    is_full: bool = False
    archive: bytes | None = None

    @property
    def files(self) -> list[OutFile]:
        return [*self.xml, *self.pictures]


@dataclass(frozen=True, slots=True)
class Options:
    """How to send: `portion` items a portion; `package_changes`: prices and stock as ИзмененияПакетаПредложений."""

    only_changes: bool = False
    portion: int = 1000
    package_changes: bool = False
    moment: datetime = datetime(2026, 5, 11, 12, 0, 0)  # noqa: DTZ001 - 1C writes local time without an offset


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Portions of at most `size`; nothing to send is still one (empty) portion."""
    for start in range(0, len(items) or 1, size):
        yield items[start : start + size]
