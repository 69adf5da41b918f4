"""Every string in every language: complete, in correct plurals, compiled. Needs no gettext on the machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[3]
COMPLETE = ("ru", "ro", "uk")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")
# Function → the place of the text among its arguments.
GETTEXT = {"_": 0, "gettext": 0, "gettext_lazy": 0, "ngettext": 0, "ngettext_lazy": 0, "gettext_noop": 0, "pgettext_lazy": 1}
_TEMPLATIZED = re.compile(r"(?<!\w)(n?gettext|_)\((u?'(?:\\.|[^'\\])*'|u?\"(?:\\.|[^\"\\])*\")")


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))


def strings_of_python() -> Iterator[tuple[str, str]]:
    for room in ("b24app", "exchange", "mapping"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GETTEXT and node.args:
                    text = node.args[GETTEXT[node.func.id]]
                    if isinstance(text, ast.Constant) and isinstance(text.value, str):
                        yield text.value, str(path.relative_to(ROOT))


def strings_of_templates() -> Iterator[tuple[str, str]]:
    for path in (ROOT / "templates").rglob("*.html"):
        for _, literal in _TEMPLATIZED.findall(templatize(path.read_text(encoding="utf-8"), origin=str(path))):
            yield ast.literal_eval(literal.removeprefix("u")), str(path.relative_to(ROOT))


class TestCatalogues:
    @pytest.mark.parametrize("language", COMPLETE)
    def test_translate_every_string_of_the_code_and_the_pages(self, language: str) -> None:
        known = {entry.msgid for entry in catalogue(language) if not entry.obsolete}
        found = dict([*strings_of_python(), *strings_of_templates()])
        assert len(found) > 150
        assert {text: place for text, place in found.items() if text not in known} == {}

    @pytest.mark.parametrize("language", COMPLETE)
    def test_have_nothing_untranslated_fuzzy_or_left_over(self, language: str) -> None:
        entries = catalogue(language)
        assert [entry.msgid for entry in entries.untranslated_entries()] == []
        assert [entry.msgid for entry in entries.fuzzy_entries()] == []
        assert [entry.msgid for entry in entries.obsolete_entries()] == []
        used = {text for text, _ in [*strings_of_python(), *strings_of_templates()]}
        assert [entry.msgid for entry in entries if entry.msgid not in used] == []

    @pytest.mark.parametrize("language", [*COMPLETE, "en"])
    def test_keep_every_placeholder(self, language: str) -> None:
        for entry in catalogue(language):
            allowed = set(PLACEHOLDER.findall(entry.msgid + entry.msgid_plural))
            for text in entry.msgstr_plural.values() or [entry.msgstr]:
                assert set(PLACEHOLDER.findall(text)) <= allowed, text
            if not entry.msgid_plural:
                assert set(PLACEHOLDER.findall(entry.msgstr)) == allowed, entry.msgid

    @pytest.mark.parametrize("language", COMPLETE)
    def test_have_all_plural_forms(self, language: str) -> None:
        entries = catalogue(language)
        forms = int(re.search(r"nplurals=(\d)", entries.metadata["Plural-Forms"]).group(1))  # type: ignore[union-attr]
        assert forms == 3
        for entry in entries:
            if entry.msgid_plural:
                assert sorted(entry.msgstr_plural) == list(range(forms)), entry.msgid

    @pytest.mark.parametrize("language", [*COMPLETE, "en"])
    def test_are_compiled_as_they_stand(self, language: str) -> None:
        source = ROOT / "locale" / language / "LC_MESSAGES" / "django.mo"
        compiled = {(e.msgid, e.msgstr, tuple(e.msgstr_plural.values())) for e in polib.mofile(str(source))}
        assert compiled == {(e.msgid, e.msgstr, tuple(e.msgstr_plural.values())) for e in catalogue(language)}
