"""The form asks every variable of every kind, and says what is wrong beside the field it is about."""

from __future__ import annotations

import pytest

from templates_app.components import parse_components
from templates_app.forms import variables_form
from tests.templates_app.definitions import BODY_ONE, BODY_THREE, CASES, VENCIMIENTO, Case, buttons


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.payload)
def test_it_gives_back_the_values_that_make_the_captured_send(case: Case) -> None:
    parsed = parse_components(case.components, case.parameter_format)
    asked = {key: value for key, value in case.values.items() if not key.endswith(".as")}

    form = variables_form(parsed, data={f"var-{key}": value for key, value in asked.items()})

    assert form.is_valid(), form.errors
    assert form.values() == asked
    assert list(form.fields) == [variable.key for variable in parsed.variables]


def test_it_hangs_each_problem_on_its_field_once() -> None:
    form = variables_form(parse_components([BODY_THREE], "POSITIONAL"), data={"var-body.1": "a\tb", "var-body.2": "x"})

    assert not form.is_valid()
    assert {key: len(errors) for key, errors in form.errors.items()} == {"body.1": 1, "body.3": 1}
    assert form.has_error("body.3", "missing_variable")


def test_it_says_problems_of_the_whole_message_on_the_form() -> None:
    parsed = parse_components([BODY_ONE, {"type": "FOOTER", "text": "Chau"}], "POSITIONAL")

    form = variables_form(parsed, data={"var-body.1": "x" * 1025})

    assert not form.is_valid()
    assert form.has_error("__all__", "body_too_long")


def test_it_takes_nul_characters_without_failing() -> None:
    form = variables_form(parse_components([BODY_ONE], "POSITIONAL"), data={"var-body.1": "a\x00b"})

    assert not form.is_valid()
    assert len(form.errors["body.1"]) == 1


def test_it_shows_initial_values_and_gives_them_to_the_preview() -> None:
    form = variables_form(parse_components([BODY_THREE], "POSITIONAL"), initial=VENCIMIENTO)

    assert form.filled() == VENCIMIENTO
    assert 'value="Lucía"' in str(form["body.1"])


def test_its_inputs_can_be_found_by_scripts_and_styles() -> None:
    form = variables_form(parse_components([BODY_ONE], "POSITIONAL"))

    html = str(form["body.1"])

    assert 'name="var-body.1"' in html
    assert 'data-variable="body.1"' in html
    assert "hsm-variable" in html
    assert " required" in html


def test_it_says_what_comes_before_the_end_of_an_address() -> None:
    definition = [BODY_ONE, buttons({"type": "URL", "text": "Ver", "url": "https://a.example/{{1}}"})]

    form = variables_form(parse_components(definition, "POSITIONAL"))

    assert "https://a.example/" in str(form.fields["button.0.url"].help_text)


def test_it_asks_nothing_for_a_template_without_variables() -> None:
    form = variables_form(parse_components([{"type": "BODY", "text": "Hola"}], "POSITIONAL"), data={})

    assert form.is_valid()
    assert form.values() == {}
    assert form.rendered is not None
    assert form.rendered.text == "Hola"
