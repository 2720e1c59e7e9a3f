"""What is wrong with a catalogue of translations, found without the gettext programs.

The texts of the source are read by Python's own parser, and those of templates by Django's, so that a new text without its
translation is found on any machine.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
from django.utils.translation.template import templatize

# The position of the message, and of its plural and its context where there is one, among a function's arguments.
_FUNCTIONS = {
    "_": (0, None, None),
    "gettext": (0, None, None),
    "gettext_lazy": (0, None, None),
    "gettext_noop": (0, None, None),
    "ngettext": (0, 1, None),
    "ngettext_lazy": (0, 1, None),
    "pgettext": (1, None, 0),
    "pgettext_lazy": (1, None, 0),
    "npgettext": (1, 2, 0),
    "npgettext_lazy": (1, 2, 0),
}
# templatize() blanks everything but the calls out, one call after another, which is no Python as a whole.
_TEMPLATE_CALL = re.compile(r"\b(?:gettext|ngettext|pgettext|npgettext|_)\(\s*u?(?=['\"])")

Message = tuple[str | None, str]
"""A text's context, if any, and the text itself (the singular)."""


def source_messages(folders: list[Path]) -> dict[Message, str]:
    """Every text to be translated in the Python files and HTML and text templates of `folders`, with one file it is in."""
    found: dict[Message, str] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                messages = python_messages(path.read_text(encoding="utf-8"))
            elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
                messages = template_messages(path.read_text(encoding="utf-8"), origin=str(path))
            else:
                continue
            for message in messages:
                found.setdefault(message, str(path.relative_to(folder.parent)))
    return found


def python_messages(source: str) -> Iterator[Message]:
    """The texts that calls of gettext and its kin name in a Python source."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield from _message_of_call(name, node.args)


def template_messages(source: str, *, origin: str) -> Iterator[Message]:
    """The texts that a Django template translates; `origin` names it in errors."""
    calls = templatize(source, origin=origin)
    for match in _TEMPLATE_CALL.finditer(calls):
        yield from python_messages(_balanced_call(calls[match.start() :]))


def catalogue_problems(po_path: Path, *, wanted: dict[Message, str]) -> list[str]:
    """One sentence per fault of a .po file and of the .mo file beside it; none when all is well."""
    catalogue = polib.pofile(str(po_path))
    forms = _plural_forms(catalogue)
    known: set[Message] = {(entry.msgctxt, entry.msgid) for entry in catalogue if not entry.obsolete}
    problems = [
        f"{place}: not in the catalogue: {message[1]!r}" for message, place in wanted.items() if message not in known
    ]
    for entry in catalogue:
        if entry.obsolete:
            continue
        if entry.fuzzy:
            problems.append(f"fuzzy: {entry.msgid!r}")
        elif not entry.translated():
            problems.append(f"not translated: {entry.msgid!r}")
        elif entry.msgid_plural and len(entry.msgstr_plural) != forms:
            # For a number that has none of its own the source itself would be shown.
            problems.append(f"not {forms} forms for its numbers: {entry.msgid!r}")
        else:
            problems += [f"{problem}: {entry.msgid!r}" for problem in _placeholder_problems(entry)]
    if not same_as_compiled(catalogue, po_path.with_suffix(".mo")):
        problems.append("the .mo file is not the compiled .po file: run `manage.py check_translations --compile`")
    return problems


def _plural_forms(catalogue: polib.POFile) -> int:
    """How many forms a text about a number has in the language; two where the catalogue does not say."""
    told = re.search(r"nplurals=(\d+)", str(catalogue.metadata.get("Plural-Forms", "")))
    return int(told[1]) if told else 2


def same_as_compiled(catalogue: polib.POFile, mo_path: Path) -> bool:
    """Whether the compiled file says exactly what the catalogue says."""
    if not mo_path.is_file():
        return False
    compiled = polib.mofile(str(mo_path))
    return _contents(catalogue) == _contents(compiled)


def _contents(catalogue: polib.POFile | polib.MOFile) -> dict[Message, object]:
    # A compiled file holds neither obsolete, nor fuzzy, nor empty entries.
    entries = (e for e in catalogue if isinstance(e, polib.MOEntry) or (e.translated() and not e.obsolete))
    return {(e.msgctxt, e.msgid): (e.msgstr, dict(e.msgstr_plural)) for e in entries}


def _placeholder_problems(entry: polib.POEntry) -> Iterator[str]:
    """A translation that names another value than its source would fail, or hide it, when it is shown."""
    expected = _placeholders(entry.msgid) | _placeholders(entry.msgid_plural)
    for text in [entry.msgstr] if not entry.msgstr_plural else entry.msgstr_plural.values():
        if entry.msgstr_plural:
            if not _placeholders(text) <= expected:
                yield "placeholders that the source does not have"
        elif _placeholders(text) != expected:
            yield "other placeholders than in the source"


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[a-z]|\{\w+\}|%[sd]", text))


def _message_of_call(name: str, arguments: list[ast.expr]) -> Iterator[Message]:
    if name not in _FUNCTIONS:
        return
    message, _plural, context = _FUNCTIONS[name]
    texts = [a.value if isinstance(a, ast.Constant) and isinstance(a.value, str) else None for a in arguments]
    if message < len(texts) and texts[message]:
        yield (texts[context] if context is not None else None, str(texts[message]))


def _balanced_call(text: str) -> str:
    """The first call at the beginning of `text`: as far as it parses."""
    for match in re.finditer(r"\)", text):
        candidate = text[: match.end()]
        try:
            ast.parse(candidate)
        except SyntaxError:
            continue
        return candidate
    return ""
