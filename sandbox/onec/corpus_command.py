"""The command `corpus`: every file of a folder through an exchange, and a document of what became of each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from sandbox.onec import connection, corpus
from sandbox.onec.corpus_table import document, words


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The options of its own; where to send and as whom comes from those of every command."""
    command.add_argument("folder", type=Path)
    command.add_argument(
        "--portal-id", metavar="MEMBER_ID", help="make a base for each file (by manage.py) and tell why things are missing"
    )
    command.add_argument("--together", action="store_true", help="one base for all files whose folder has the same name")
    command.add_argument("--compare", metavar="PORTAL_URL", help="count what the sandbox portal has of each file")
    command.add_argument("--within", type=float, default=1800, help="seconds the portal may take to be filled")
    command.add_argument("--markdown", type=Path, metavar="FILE", help="write the table here")
    command.add_argument("--introduction", type=Path, metavar="FILE", help="text that goes before the table")


def run(args: argparse.Namespace, say: Callable[[str], None]) -> int:
    """Send the files and write what became of them; 1 when a file of 1C was not taken."""
    files = corpus.files_of(args.folder)
    if not files:
        raise ValueError(f"no XML files in {args.folder}")
    where = connection.find(args.url, args.login, args.password)
    manager = corpus.Manager([sys.executable, "manage.py"], args.portal_id) if args.portal_id else None
    names = {path: path.parent.name if args.together else path.relative_to(args.folder).as_posix() for path in files}
    bases = list(dict.fromkeys(names.values()))
    made = manager.create([name[-100:] for name in bases], where.url) if manager else [where] * len(bases)
    logins = dict(zip(bases, made, strict=True))
    results = list(corpus.send_all(args.folder, files, lambda path: logins[names[path]], timeout=args.timeout or 600, say=say))
    if manager or args.compare:
        corpus.follow(args.folder, results, args.compare, manager, within=args.within, say=say)
    if args.markdown:
        introduction = args.introduction.read_text("utf-8") if args.introduction else "# What became of a folder of 1C files"
        args.markdown.write_text(document(results, introduction), "utf-8")
    say(words(results))
    return 0 if all(result.is_taken or not result.seen.is_of_1c for result in results) else 1
