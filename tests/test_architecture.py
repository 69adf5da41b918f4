"""The rules of the house that a machine can check; docs/architecture.md gives the reasons."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent
APP = ("b24app", "exchange", "mapping")
LONGEST = 320
# Longer ones, each with its reason; they may not grow further.
LONGER = {
    "exchange/records.py": 470,  # every record of a file side by side: the shared language is read as one page
    "exchange/commerceml/names.py": 360,  # the only dictionary of Russian names
    "exchange/commerceml/read_items.py": 400,  # one small reader per element of an item
    "exchange/models.py": 390,  # every table of the 1C side
    "b24app/embedded.py": 330,  # two servers, each started, shared and stopped
}

# Where Russian may stand in a string: the names of CommerceML elements, what people read in 1C, and the languages' own names.
RUSSIAN = {
    "exchange/commerceml/names.py",
    "exchange/commerceml/order_words.py",  # what an order says to 1C beside element names
    "exchange/planning/document_words.py",  # requisites, operations and kinds of contacts by what they mean
    "exchange/planning/party_words.py",  # legal forms and codes by which parties are compared
    "exchange/protocol.py",
    "benchmarks/reading.py",  # writes CommerceML to read
    "benchmarks/answering.py",  # invents documents as long as real ones
    "b24app/settings.py",
    "b24app/management/sandbox_portal.py",
}
# Where the environment may be read: what it decides for the app is decided in one place; the others only start programs.
ENVIRONMENT = {
    "b24app/settings.py",
    "b24app/embedded.py",
    "b24app/wsgi.py",
    "b24app/celery.py",
    "b24app/management/commands/up.py",
}
# Who may enqueue tasks (always on commit); jobs never do, or tasks and jobs would import each other.
EDGES = {"views", "handlers", "tasks", "pages"}
CYRILLIC = re.compile(r"[А-Яа-яЁёІіЇїЄєҐґ]")
# One letter of the other alphabet inside a word; abbreviations such as HTML or XML may stand in a Russian name.
LATIN, RUSSIAN_LETTER = "[A-Za-z]", "[А-Яа-яЁёІіЇїЄєҐґ]"
MIXED = re.compile(
    rf"{RUSSIAN_LETTER}{LATIN}(?!{LATIN})|(?<!{LATIN}){LATIN}{RUSSIAN_LETTER}"
    rf"|{LATIN}{RUSSIAN_LETTER}(?!{RUSSIAN_LETTER})|(?<!{RUSSIAN_LETTER}){RUSSIAN_LETTER}{LATIN}"
)


def python_files(*folders: str) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path


def tokens(path: Path) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(path.read_text()).readline)


class TestDirections:
    def test_every_import_contract_is_kept(self, capsys: pytest.CaptureFixture[str]):
        code = lint_imports(config_filename=str(ROOT / "importlinter.toml"), no_cache=True, no_logo=True)
        assert code == 0, capsys.readouterr().out

    def test_every_module_of_b24app_stands_in_the_contract(self):
        contracts = tomllib.loads((ROOT / "importlinter.toml").read_text())["tool"]["importlinter"]["contracts"]
        listed = set(re.findall(r"b24app\.(\w+)", " ".join(contracts[0]["layers"])))
        there = {path.stem for path in (ROOT / "b24app").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
        assert there - {"__init__"} <= listed

    def test_only_the_settings_read_the_environment(self):
        found = [
            f"{name}:{node.lineno}"
            for name, path in python_files(*APP)
            if name not in ENVIRONMENT
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        ]
        assert found == []

    def test_only_views_handlers_and_tasks_enqueue(self):
        found = [
            f"{name}:{node.lineno}"
            for name, path in python_files(*APP)
            if not EDGES & {path.stem, path.parent.name}
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute) and node.attr in {"delay", "apply_async", "send_task"}
        ]
        assert found == []


class TestNames:
    def test_no_module_is_a_drawer_for_anything(self):
        drawers = {"utils", "util", "helpers", "helper", "services", "common", "misc"}
        found = [
            name for name, path in python_files(*APP, "sandbox", "tests", "benchmarks") if drawers & {path.stem, path.parent.name}
        ]
        assert found == []

    def test_identifiers_are_english(self):
        found = [
            f"{name}:{token.start[0]}: {token.string}"
            for name, path in python_files(*APP, "sandbox", "tests", "benchmarks")
            for token in tokens(path)
            if token.type == tokenize.NAME and CYRILLIC.search(token.string)
        ]
        assert found == []

    def test_russian_stands_only_where_it_belongs(self):
        found = {
            f"{name}:{token.start[0]}"
            for name, path in python_files(*APP, "benchmarks")
            if name not in RUSSIAN
            for token in tokens(path)
            # Docstrings may quote what 1C says; they stand alone on their line and begin with three quotes.
            if token.type == tokenize.STRING and not token.string.startswith('"""') and CYRILLIC.search(token.string)
        }
        assert found == set()

    def test_no_word_hides_a_letter_of_another_alphabet(self):
        text = (tokenize.STRING, tokenize.COMMENT, tokenize.NAME)
        found = [
            f"{name}:{token.start[0]}: {match.group()}"
            for name, path in python_files(*APP, "sandbox")
            for token in tokens(path)
            # A backslash escape such as \n may touch a Russian word.
            if token.type in text and (match := MIXED.search(re.sub(r"\\[a-z]", " ", token.string)))
        ]
        assert found == []


class TestSizes:
    def test_no_file_is_longer_than_a_reader_can_hold(self):
        lengths = {name: len(path.read_text().splitlines()) for name, path in python_files(*APP, "sandbox", "benchmarks")}
        assert {name: length for name, length in lengths.items() if length > LONGER.get(name, LONGEST)} == {}


class TestSelfContained:
    def test_the_project_speaks_of_itself_only(self):
        # Spelled in pieces, or this file would be found.
        places = [
            "/work" + "/",
            "/tmp/bash" + "_jobs",
            "py" + r"pi\.org",
            "python" + r"hosted\.org",
            "npm" + r"js\.org",
            "deb" + r"ian\.org",
        ]
        makers = [r"\bL" + r"LM\b", r"\bAI ag" + "ent", r"\bsub-?ag" + "ent", "this cod" + "ing session"]
        words = "|".join(places + makers)
        kinds = {".py", ".md", ".html", ".sh", ".toml", ".css", ".js", ".lock", ""}
        skipped = {".git", ".venv", ".data", "node_modules", "staticfiles", "__pycache__", ".hypothesis", "shots"}
        found = [
            f"{path.relative_to(ROOT)}: {match.group()}"
            for top in ROOT.iterdir()
            if top.name not in skipped and not top.name.endswith("_cache")
            for path in ([top] if top.is_file() else top.rglob("*"))
            if path.is_file() and path.suffix in kinds and "__pycache__" not in path.parts
            if (match := re.search(words, path.read_text(errors="replace")))
        ]
        assert found == []
