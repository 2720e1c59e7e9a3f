"""One renderer: values in, the wire's components and the bubble out; every problem named at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_app.components import parse_components
from templates_app.rendering import RenderError, preview, render
from tests.templates_app.definitions import BODY_ONE, BODY_THREE, CASES, VENCIMIENTO, Case, buttons

PAYLOADS = Path(__file__).parent.parent / "payloads" / "meta"


def captured(name: str) -> list[dict[str, Any]]:
    """The components of a captured send; the provider takes `index` as a number or a string, we send strings."""
    sent = json.loads((PAYLOADS / f"send_template_{name}.request.json").read_text())
    components: list[dict[str, Any]] = sent["template"].get("components", [])
    for component in components:
        if "index" in component:
            component["index"] = str(component["index"])
    return components


def problems_of(components: list[dict[str, Any]], values: dict[str, str], form: str = "POSITIONAL") -> dict[str, str]:
    """Code by key of every problem; fails when there is none."""
    with pytest.raises(RenderError) as caught:
        render(parse_components(components, form), values)
    return {problem.key: problem.code for problem in caught.value.problems}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.payload)
def test_it_renders_exactly_the_captured_send(case: Case) -> None:
    rendered = render(parse_components(case.components, case.parameter_format), case.values)

    assert rendered.components == captured(case.payload)


def test_every_captured_template_send_has_a_definition() -> None:
    names = {path.name for path in PAYLOADS.glob("send_template_*.request.json")}

    assert names == {f"send_template_{case.payload}.request.json" for case in CASES}


def test_it_shows_values_in_the_bubble_marked_as_values() -> None:
    rendered = render(parse_components([BODY_ONE, {"type": "FOOTER", "text": "Chau"}], "POSITIONAL"), {"body.1": "Ana"})

    assert rendered.bubble["body_parts"] == [
        {"text": "Hola ", "variable": False},
        {"text": "Ana", "variable": True},
        {"text": ", mirá esto.", "variable": False},
    ]
    assert rendered.text == "Hola Ana, mirá esto.\nChau"


def test_it_makes_a_bubble_that_can_be_stored_as_json() -> None:
    for case in CASES:
        bubble = render(parse_components(case.components, case.parameter_format), case.values).bubble

        assert json.loads(json.dumps(bubble)) == bubble


def test_it_uses_a_value_in_every_place_of_its_variable() -> None:
    parsed = parse_components([{"type": "BODY", "text": "{{1}} y {{1}} y {{2}}"}], "POSITIONAL")

    assert render(parsed, {"body.1": "a", "body.2": "b"}).bubble["body"] == "a y a y b"
    assert len(render(parsed, {"body.1": "a", "body.2": "b"}).components[0]["parameters"]) == 2


def test_it_orders_positional_parameters_by_number_not_by_place() -> None:
    parsed = parse_components([{"type": "BODY", "text": "{{2}} antes de {{1}}, {{10}}."}], "POSITIONAL")

    parameters = render(parsed, {"body.1": "uno", "body.2": "dos", "body.10": "diez"}).components[0]["parameters"]

    assert [parameter["text"] for parameter in parameters] == ["uno", "dos", "diez"]


def test_it_names_every_missing_and_every_surplus_variable_at_once() -> None:
    assert problems_of([BODY_THREE], {"body.2": "x", "body.4": "y", "header.1": "z"}) == {
        "body.1": "missing_variable",
        "body.3": "missing_variable",
        "body.4": "surplus_variable",
        "header.1": "surplus_variable",
    }


def test_it_tells_people_which_variable_is_missing() -> None:
    with pytest.raises(RenderError) as caught:
        render(parse_components([BODY_ONE], "POSITIONAL"), {"body.1": "   "})

    assert str(caught.value.problems[0].message) == "{{1}} is empty: fill it in."


@pytest.mark.parametrize("value", ["a\nb", "a\tb", "a     b", "a\rb", "a\x00b", "a\u2028b", "a\ud800b"])
def test_it_refuses_what_whatsapp_refuses_inside_a_text(value: str) -> None:
    assert problems_of([BODY_ONE], {"body.1": value}) == {"body.1": "newline_in_variable"}


def test_half_a_character_at_the_end_of_an_address_is_refused_like_any_other() -> None:
    components = [BODY_ONE, buttons({"type": "URL", "text": "Ver", "url": "https://a.example.com/{{1}}"})]

    assert problems_of(components, {"body.1": "Ana", "button.0.url": "a\ud800"}) == {
        "button.0.url": "newline_in_variable"
    }


def test_it_takes_four_spaces_and_trims_the_ends() -> None:
    rendered = render(parse_components([BODY_ONE], "POSITIONAL"), {"body.1": " a    b \n"})

    assert rendered.components[0]["parameters"][0]["text"] == "a    b"


@pytest.mark.parametrize(
    "url",
    ["http://cdn.example.com/a.jpg", "cdn.example.com/a.jpg", "https://", "https://[", "ftp://x/a", "javascript:x"],
)
def test_it_refuses_a_media_address_that_is_not_https(url: str) -> None:
    values = {"header.image": url, "body.1": "Ana"}

    assert problems_of([{"type": "HEADER", "format": "IMAGE"}, BODY_ONE], values) == {
        "header.image": "media_url_not_https"
    }


@pytest.mark.parametrize(
    ("kind", "key", "value", "code"),
    [
        ("COPY_CODE", "button.0.copy_code", "DOS PARTES", "bad_code"),
        ("COPY_CODE", "button.0.copy_code", "DEMASIADOLARGO16", "too_long"),
        ("QUICK_REPLY", "button.0.payload", "x" * 257, "too_long"),
        ("FLOW", "button.0.flow_data", "[1]", "bad_json"),
        ("FLOW", "button.0.flow_data", "{", "bad_json"),
    ],
)
def test_it_checks_the_values_of_buttons(kind: str, key: str, value: str, code: str) -> None:
    definition = [{"type": "BODY", "text": "Hola"}, buttons({"type": kind, "text": "Botón"})]

    assert problems_of(definition, {key: value}) == {key: code}


@pytest.mark.parametrize("value", ["solo un título", ": SKU-1", "Título:", "Un título de más de veinticuatro: SKU-1"])
def test_it_refuses_sections_it_cannot_read(value: str) -> None:
    definition = [{"type": "BODY", "text": "Hola"}, buttons({"type": "MPM", "text": "Ver"})]

    assert problems_of(definition, {"button.0.product": "SKU-1", "button.0.sections": value}) == {
        "button.0.sections": "bad_sections"
    }


@pytest.mark.parametrize("value", ["norte", "1e5", "NaN", "34,6", "1234.5"])
def test_it_refuses_a_latitude_that_is_no_number(value: str) -> None:
    values = {"header.location.latitude": value, "header.location.longitude": "1", "body.1": "Ana"}

    assert problems_of([{"type": "HEADER", "format": "LOCATION"}, BODY_ONE], values) == {
        "header.location.latitude": "bad_number"
    }


def test_it_refuses_an_address_that_repeats_its_beginning() -> None:
    definition = [
        {"type": "BODY", "text": "Hola"},
        buttons({"type": "URL", "text": "Ver", "url": "https://a.example/{{1}}"}),
    ]

    assert problems_of(definition, {"button.0.url": "https://a.example/x"}) == {"button.0.url": "bad_url"}


def test_it_percent_encodes_once() -> None:
    definition = [
        {"type": "BODY", "text": "Hola"},
        buttons({"type": "URL", "text": "Ver", "url": "https://a.example/{{1}}"}),
    ]
    parsed = parse_components(definition, "POSITIONAL")

    sent = [
        render(parsed, {"button.0.url": value}).components[0]["parameters"][0]["text"] for value in ("ñ 5%", "%C3%B1")
    ]

    assert sent == ["%C3%B1%205%25", "%C3%B1"]


@pytest.mark.parametrize("value", ["currency ARS", "currency 12", "dinero", "date_time ARS 1 2"])
def test_it_refuses_a_type_it_does_not_know(value: str) -> None:
    assert problems_of([BODY_ONE], {"body.1": "x", "body.1.as": value}) == {"body.1.as": "bad_type"}


def test_it_refuses_a_body_over_the_limit_with_its_values() -> None:
    definition = [BODY_ONE, {"type": "FOOTER", "text": "Chau"}]

    assert problems_of(definition, {"body.1": "x" * 1024}) == {"": "body_too_long"}
    assert render(parse_components([BODY_ONE], "POSITIONAL"), {"body.1": "x" * 1024}).text.startswith("Hola xxx")


def test_it_refuses_a_header_over_the_limit_with_its_value() -> None:
    definition = [{"type": "HEADER", "format": "TEXT", "text": "Hola {{1}}"}, {"type": "BODY", "text": "Chau"}]

    assert problems_of(definition, {"header.1": "x" * 58}) == {"": "header_too_long"}


def test_it_renders_nothing_from_a_template_it_does_not_understand() -> None:
    assert problems_of([BODY_ONE, {"type": "HOLOGRAM"}], {"body.1": "Ana"}) == {"": "unknown_component"}


def test_it_sends_an_unused_token_for_a_flow_without_one() -> None:
    parsed = parse_components([{"type": "BODY", "text": "x"}, buttons({"type": "FLOW", "text": "Ir"})], "POSITIONAL")

    assert render(parsed, {}).components[0]["parameters"] == [{"type": "action", "action": {"flow_token": "unused"}}]


def test_it_previews_with_examples_and_marks_what_has_none() -> None:
    definition = {"type": "BODY", "text": "Hola {{1}}, soy {{2}}.", "example": {"body_text": [["Carla"]]}}
    parsed = parse_components([definition], "POSITIONAL")

    assert preview(parsed)["body"] == "Hola Carla, soy {{2}}."


def test_it_previews_given_values_without_passing_examples_off_as_values() -> None:
    definition = {"type": "BODY", "text": "Hola {{1}}, soy {{2}}.", "example": {"body_text": [["Carla", "Ana"]]}}

    assert preview(parse_components([definition], "POSITIONAL"), {"body.2": "Luz"})["body"] == "Hola {{1}}, soy Luz."


@given(st.sets(st.integers(1, 12)), st.sets(st.integers(1, 12)))
def test_it_names_exactly_the_difference_for_positional_variables(wanted: set[int], given_: set[int]) -> None:
    definition = [{"type": "BODY", "text": "Texto " + " y ".join(f"{{{{{number}}}}}" for number in wanted)}]
    values = {f"body.{number}": "x" for number in given_}
    expected = {f"body.{number}": "missing_variable" for number in wanted - given_}
    expected |= {f"body.{number}": "surplus_variable" for number in given_ - wanted}

    if expected:
        assert problems_of(definition, values) == expected
    else:
        assert len(render(parse_components(definition, "POSITIONAL"), values).bubble["body"]) > 0


NAMES = st.sets(st.from_regex(r"\A[a-z][a-z_]{0,8}\Z"), max_size=6)


@given(NAMES, NAMES)
def test_it_names_exactly_the_difference_for_named_variables(wanted: set[str], given_: set[str]) -> None:
    definition = [{"type": "BODY", "text": "Texto " + " y ".join(f"{{{{{name}}}}}" for name in sorted(wanted))}]
    values = {f"body.{name}": "x" for name in given_}
    expected = {f"body.{name}": "missing_variable" for name in wanted - given_}
    expected |= {f"body.{name}": "surplus_variable" for name in given_ - wanted}

    if expected:
        assert problems_of(definition, values, "NAMED") == expected
    else:
        rendered = render(parse_components(definition, "NAMED"), values)
        sent = rendered.components[0]["parameters"] if wanted else []
        assert {parameter["parameter_name"] for parameter in sent} == wanted


@given(st.dictionaries(st.sampled_from(sorted(VENCIMIENTO)), st.text(), min_size=3))
def test_it_sends_clean_text_or_says_what_is_wrong(values: dict[str, str]) -> None:
    parsed = parse_components([BODY_THREE], "POSITIONAL")
    try:
        parameters = render(parsed, values).components[0]["parameters"]
    except RenderError as error:
        parameters, problems = [], {problem.key for problem in error.problems}
    else:
        problems = set()

    texts = [parameter["text"] for parameter in parameters]
    assert problems <= {*VENCIMIENTO, ""}
    assert bool(problems) != (texts == [values[key].strip() for key in sorted(VENCIMIENTO)])
    assert not any(character in text for text in texts for character in "\n\t\r\x00")
