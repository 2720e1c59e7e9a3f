"""What `check_translations` finds in sources and catalogues."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest

from hsm_portal.translations import catalogue_problems, python_messages, source_messages, template_messages


def catalogue(folder: Path, *entries: polib.POEntry, compiled: bool = True) -> Path:
    path = folder / "django.po"
    po_file = polib.POFile()
    po_file.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    po_file.extend(entries)
    po_file.save(str(path))
    if compiled:
        po_file.save_as_mofile(str(path.with_suffix(".mo")))
    return path


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('_("One " "text")', (None, "One text")),
        ('gettext_lazy("Lazy")', (None, "Lazy")),
        ('ngettext("%d row", "%d rows", 2)', (None, "%d row")),
        ('pgettext("month", "May")', ("month", "May")),
        ('translation.gettext("By attribute")', (None, "By attribute")),
    ],
)
def test_it_finds_the_texts_of_python_sources(source: str, expected: tuple[str | None, str]) -> None:
    assert list(python_messages(source)) == [expected]


def test_it_finds_no_text_where_none_is_written() -> None:
    assert list(python_messages("_(name); print('plain')")) == []


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{% translate "It\'s" %}', (None, "It's")),
        ('{% translate "May" context "month" %}', ("month", "May")),
        ("{% blocktranslate trimmed %}\n  Two\n  lines\n{% endblocktranslate %}", (None, "Two lines")),
        ("{% blocktranslate %}Hi {{ name }}{% endblocktranslate %}", (None, "Hi %(name)s")),
        ('{% include "x.html" with title=_("Title") %}', (None, "Title")),
    ],
)
def test_it_finds_the_texts_of_templates(template: str, expected: tuple[str | None, str]) -> None:
    assert list(template_messages("{% load i18n %}" + template, origin="x.html")) == [expected]


def test_it_names_the_file_of_each_text(tmp_path: Path) -> None:
    (tmp_path / "app" / "templates").mkdir(parents=True)
    (tmp_path / "app" / "views.py").write_text('_("From Python")')
    (tmp_path / "app" / "templates" / "page.html").write_text('{% load i18n %}{% translate "From a page" %}')
    assert source_messages([tmp_path / "app"]) == {
        (None, "From Python"): "app/views.py",
        (None, "From a page"): "app/templates/page.html",
    }


def test_a_complete_and_compiled_catalogue_has_no_problems(tmp_path: Path) -> None:
    path = catalogue(tmp_path, polib.POEntry(msgid="Yes", msgstr="Sí"))
    assert catalogue_problems(path, wanted={(None, "Yes"): "views.py"}) == []


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (polib.POEntry(msgid="Yes", msgstr=""), "not translated: 'Yes'"),
        (polib.POEntry(msgid="Yes", msgstr="Sí", flags=["fuzzy"]), "fuzzy: 'Yes'"),
        (
            polib.POEntry(msgid="%(n)s rows", msgstr="%(m)s filas"),
            "other placeholders than in the source: '%(n)s rows'",
        ),
        (
            polib.POEntry(msgid="a row", msgid_plural="rows", msgstr_plural={0: "una fila"}),
            "not 2 forms for its numbers: 'a row'",
        ),
    ],
)
def test_it_names_what_is_wrong_with_an_entry(tmp_path: Path, entry: polib.POEntry, problem: str) -> None:
    assert problem in catalogue_problems(catalogue(tmp_path, entry), wanted={})


def test_it_names_a_text_that_the_catalogue_lacks(tmp_path: Path) -> None:
    assert catalogue_problems(catalogue(tmp_path), wanted={(None, "New"): "views.py"}) == [
        "views.py: not in the catalogue: 'New'"
    ]


def test_it_notices_a_compiled_file_that_is_older_than_its_source(tmp_path: Path) -> None:
    path = catalogue(tmp_path, polib.POEntry(msgid="Yes", msgstr="Sí"))
    catalogue(tmp_path, polib.POEntry(msgid="Yes", msgstr="Claro"), compiled=False)
    assert "the .mo file is not the compiled .po file" in catalogue_problems(path, wanted={})[0]
