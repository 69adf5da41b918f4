"""What can go wrong with a 1C file as a whole, and the list of what was odd in it.

UnreadableFile            the file (or what is left of it) cannot be read; what was read before is good
  NotCommerceML           it is something else: an archive, a web page, nothing at all
  ForbiddenMarkup         a DOCTYPE: entity tricks; refused before anything of it is read
  BrokenXml               it ends too early or is not well-formed from some line on
CannotCut                 (pieces.py) the file can only be parsed
"""

from __future__ import annotations

from collections.abc import Iterator

from exchange.records import Oddity


class UnreadableFile(Exception):
    """The file cannot be read from `line` on (0: not at all); `message` is a sentence for people.

    `reason` is the same as a code, for other languages: empty, archive, not-xml, not-commerceml (`detail`: its root), doctype, huge,
    cut-short or broken.
    """

    def __init__(self, message: str, line: int = 0, *, reason: str = "broken", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.reason = reason
        self.detail = detail


class NotCommerceML(UnreadableFile):
    """The file is not CommerceML."""


class ForbiddenMarkup(UnreadableFile):
    """The file has a DOCTYPE, which 1C never writes and attackers do."""


class BrokenXml(UnreadableFile):
    """The file ends too early, or is not well-formed from `line` on. Everything before that has been given out."""


class Oddities:
    """Collects oddities once per (code, subject), counting the rest and keeping the first line; holds at most `limit` kinds."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._told: dict[tuple[str, str], Oddity] = {}
        self._untold = 0

    def tell(self, code: str, subject: str, line: int = 0, detail: str = "") -> None:
        """Counts one more; `detail` (an example) is kept for the first of its kind."""
        key = (code, subject)
        known = self._told.get(key)
        if known is not None:
            self._told[key] = known._replace(times=known.times + 1)
        elif len(self._told) < self._limit:
            self._told[key] = Oddity(code, f"{subject}: {detail[:100]}" if detail else subject, line)
        else:
            self._untold += 1

    def listed(self) -> list[Oddity]:
        """All kinds in the order first met; the last one says how many did not fit."""
        told = list(self._told.values())
        if self._untold:
            told.append(Oddity("more-oddities", f"{self._untold} more that are not listed", 0, self._untold))
        return told

    def __iter__(self) -> Iterator[Oddity]:
        return iter(self.listed())

    def __len__(self) -> int:
        return len(self._told)
