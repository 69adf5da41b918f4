"""Takes files somebody gives on the command line for an export of 1C: any XML, pictures, whole folders and archives."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from sandbox.onec.writers.upload import OutFile, Portion

PICTURES = (".jpg", ".jpeg", ".png", ".gif")
# The order in which 1C asks for imports: dictionaries before goods, goods before offers, prices and stock last.
ORDER = (
    "groups",
    "units",
    "storages",
    "pricelists",
    "references",
    "properties",
    "goods",
    "import",
    "catalog",
    "offers",
    "prices",
    "rests",
)


def portion(paths: Iterable[Path]) -> Portion:
    """One portion out of the given files; raises FileNotFoundError, or ValueError for a file 1C does not send."""
    files, archives = [], []
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"no such file: {path}")
        if path.suffix.lower() == ".zip":
            archives.append(path.read_bytes())
            files += _unpacked(archives[-1])
        elif path.is_dir():
            files += [OutFile(p.relative_to(path).as_posix(), p.read_bytes()) for p in sorted(path.rglob("*")) if p.is_file()]
        else:
            files.append(OutFile(_exchange_name(path), path.read_bytes()))
    xml = sorted((f for f in files if f.name.lower().endswith(".xml")), key=lambda f: (_place(f.name), f.name))
    pictures = [f for f in files if f.name.lower().endswith(PICTURES)]
    strange = [f.name for f in files if f not in xml and f not in pictures]
    if strange:
        raise ValueError(f"1C sends XML, pictures and zip only, not {', '.join(strange)}")
    return Portion(
        xml, pictures, archive=archives[0] if len(archives) == 1 and len(files) == len(_unpacked(archives[0])) else None
    )


def _unpacked(data: bytes) -> list[OutFile]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [OutFile(info.filename, archive.read(info)) for info in archive.infolist() if not info.is_dir()]


def _exchange_name(path: Path) -> str:
    """The base name; a picture keeps its way from import_files on."""
    parts = path.parts
    return "/".join(parts[parts.index("import_files") :]) if "import_files" in parts else path.name


def _place(name: str) -> int:
    base = name.rpartition("/")[2].lower()
    return next((i for i, word in enumerate(ORDER) if base.startswith(word)), len(ORDER))
