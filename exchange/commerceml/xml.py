"""The XML parser behind everything: a push parser that reads no entities, no network and no giant nodes.

It is strict but for namespaces. In libxml2's recovering mode (2.14) every &amp; and &lt; behind the first error is lost without a
word, so a file ends where it stops being XML; what was read before that is good.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final, NamedTuple, TypedDict

from lxml import etree

from exchange.commerceml.errors import BrokenXml, Oddities


class Fault(NamedTuple):
    """Where the XML is not as it must be."""

    message: str
    line: int


# Errors that cost nothing: namespaces mean nothing here.
_HARMLESS: Final = frozenset(
    (
        "NS_ERR_UNDEFINED_NAMESPACE",
        "NS_ERR_XML_NAMESPACE",
        "NS_ERR_QNAME",
        "NS_ERR_ATTRIBUTE_REDEFINED",
        "NS_ERR_EMPTY",
        "NS_ERR_COLON",
        "WAR_NS_URI",
        "WAR_NS_URI_RELATIVE",
    )
)


class _Parsing(TypedDict):
    remove_blank_text: bool
    remove_comments: bool
    remove_pis: bool
    collect_ids: bool
    resolve_entities: bool
    no_network: bool
    load_dtd: bool
    huge_tree: bool


# How every file of 1C is parsed: nothing is loaded from elsewhere, nothing is expanded, sizes are bounded by libxml2.
PARSING: Final[_Parsing] = {
    "remove_blank_text": True,
    "remove_comments": True,
    "remove_pis": True,
    "collect_ids": False,
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
}


class Parser:
    """Give it the blocks of one document. `feed` and `close` tell the fault that ends it, if any; `root` appears with its start tag.

    The tree holds what came before the fault; its last elements may be unfinished.
    """

    def __init__(self, root_name: str, oddities: Oddities) -> None:
        self._parser: etree.XMLPullParser[etree._Element] = etree.XMLPullParser(
            events=("start",),
            tag=("{*}" + root_name.rpartition(":")[2], root_name),
            **PARSING,
        )
        self._oddities = oddities
        self._seen = 0
        self.root: etree._Element | None = None
        # Lines of the file that were not given to the parser.
        self.line_shift = 0

    def feed(self, block: bytes) -> Fault | None:
        """Parses one more block."""
        # The log has the error, and more exactly.
        with suppress(etree.XMLSyntaxError):
            self._parser.feed(block)
        for _, element in self._parser.read_events():
            if self.root is None:
                self.root = element
        return self._fault()

    def close(self) -> Fault | None:
        """Says that the file is at its end: one that stops short has a fault now."""
        error = None
        try:
            self._parser.close()
        except etree.XMLSyntaxError as raised:
            error = raised
        fault = self._fault()
        if fault is None and error is not None and not self._seen:
            return Fault(str(error), (error.lineno or 0) + self.line_shift)
        return fault

    def _fault(self) -> Fault | None:
        log = self._parser.feed_error_log
        if len(log) == self._seen:
            return None
        fresh = list(log)[self._seen :]
        self._seen = len(log)
        for entry in fresh:
            line = entry.line + self.line_shift
            if entry.type_name not in _HARMLESS:
                return Fault(entry.message.strip(), line)
            self._oddities.tell("namespace", entry.message.strip(), line)
        return None


def broken(fault: Fault, *, at_end: bool = False) -> BrokenXml:
    """The error for people: from which line on the file is broken; `at_end`: all of the file had been parsed before."""
    what = fault.message.rstrip(".")
    cut_in_tag = at_end and "Couldn't find end of" in what
    if cut_in_tag or "Premature end" in what or "not finished" in what.lower() or "no element found" in what:
        message = f"The file ends too early, in line {fault.line}. What came before that was read."
        return BrokenXml(message, fault.line, reason="cut-short")
    return BrokenXml(f"The file is broken in line {fault.line} ({what}). What came before that was read.", fault.line)
