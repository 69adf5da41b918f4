"""A document of a server as 1C's readers meet it: a plain tree, and what those readers stumble over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


@dataclass(slots=True)
class Node:
    """An element: `text` is its own text as written."""

    name: str
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def all(self, path: str) -> list[Node]:
        """The elements at a path of names, "Товары/Товар"."""
        found = [self]
        for step in path.split("/"):
            found = [child for node in found for child in node.children if child.name == step]
        return found

    def first(self, path: str) -> Node | None:
        return next(iter(self.all(path)), None)

    def value(self, path: str) -> str:
        """The text there, "" when there is no such element."""
        node = self.first(path)
        return node.text.strip() if node else ""

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()

    def names(self) -> list[str]:
        return [child.name for child in self.children]


@dataclass(slots=True)
class Document:
    """`comments` and `cdata` count what untyped readers turn into values; `encoding` is what the declaration says."""

    root: Node
    encoding: str
    comments: int = 0
    cdata: int = 0


def parse(text: str) -> Document:
    """Read a whole document; raises ValueError with the line when it is not well-formed."""
    said = re.search(r"encoding=[\"']([^\"']+)", text[:200])
    top = Node("", {})
    document = Document(top, said.group(1).lower() if said else "")
    stack = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        node = Node(name, attributes)
        stack[-1].children.append(node)
        stack.append(node)

    def data(piece: str) -> None:
        stack[-1].text += piece

    def comment(_: str) -> None:
        document.comments += 1

    def cdata() -> None:
        document.cdata += 1

    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    parser.CharacterDataHandler = data
    parser.CommentHandler = comment
    parser.StartCdataSectionHandler = cdata
    try:
        parser.Parse(_DECLARATION.sub("", text).encode(), True)
    except expat.ExpatError as e:
        raise ValueError(f"not well-formed: {e}") from e
    document.root = top.children[0]
    return document
