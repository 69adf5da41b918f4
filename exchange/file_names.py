"""Names of files as 1C gives them: what is taken off, what is refused, and in which order files are to be read."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from exchange import protocol
from exchange.protocol import Refused, name_refused

PICTURES: Final = frozenset({"jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp", "webp", "tif", "tiff", "heic", "avif"})
# Files of an item (instructions, drawings): taken so that the exchange goes on, never run and never served.
ATTACHMENTS: Final = frozenset(
    "pdf doc docx xls xlsx ppt pptx odt ods rtf txt csv json htm html svg ico eps ai psd cdr dwg dxf stl mp3 mp4 avi mov wmv mkv "  # noqa: SIM905
    "webm rar 7z gz mxl grs geo p7s sig".split()
)
_ALLOWED: Final = PICTURES | ATTACHMENTS | {"xml", "zip"}
_FORBIDDEN: Final = re.compile(r'[:*?"<>|]')
LONGEST: Final = 255
# What clients put before the name, as the site they were built for took it off.
_PREFIXES: Final = ("/tmp/", "/upload/1c/webdata/", "upload/1c/webdata/", "/upload/1c_catalog/", "upload/1c_catalog/")  # noqa: S108
# Dictionaries, then goods, then what refers to them.
_READING_ORDER: Final = (
    (re.compile(r"^(references?|groups|units|storages|pricelists|properties)", re.IGNORECASE), 0),
    (re.compile(r"^(import|goods|catalog)", re.IGNORECASE), 1),
    (re.compile(r"(^|_)offers", re.IGNORECASE), 3),
    (re.compile(r"^prices", re.IGNORECASE), 4),
    (re.compile(r"^rests", re.IGNORECASE), 5),
)


def clean_name(name: str) -> str:
    """The name relative to the upload, with forward slashes; raises Refused for one that leads elsewhere or is no file name."""
    path = unicodedata.normalize("NFC", name).replace("\\", "/").strip()
    for prefix in _PREFIXES:
        path = path.removeprefix(prefix)
    parts = path.split("/")
    if not path or len(path) > LONGEST or any(len(part) > 200 for part in parts) or len(parts) > 8:
        raise Refused(name_refused(name, protocol.NAME_LENGTH))
    if any(part in ("", ".", "..") or part != part.strip() for part in parts):
        raise Refused(name_refused(name, protocol.NAME_LEADS_OUT))
    if not path.isprintable() or "\ufffd" in path or _FORBIDDEN.search(path):
        raise Refused(name_refused(name, protocol.NAME_LETTERS))
    if extension(path) not in _ALLOWED:
        raise Refused(name_refused(name, protocol.NAME_KIND))
    return path


def extension(name: str) -> str:
    """The extension in lower case without its point, "" when there is none."""
    return name.rpartition("/")[2].rpartition(".")[2].casefold() if "." in name.rpartition("/")[2][1:] else ""


def is_picture(name: str) -> bool:
    return extension(name) in PICTURES


def reading_order(name: str) -> tuple[int, tuple[tuple[int, str], ...]]:
    """A sorting key: dictionaries and goods before offers, prices before stock, and `import0_2` before `import0_10`."""
    base = name.rpartition("/")[2]
    rank = next((rank for pattern, rank in _READING_ORDER if pattern.search(base)), 2)
    pieces = re.findall(r"\d{1,18}|\D+", base.casefold())
    return rank, tuple((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces)
