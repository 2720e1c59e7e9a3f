"""The messages of many people are those that the one renderer makes, to the letter, whatever the template and the values."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.parts import parts_of
from templates_app.components import ParsedTemplate, parse_components
from templates_app.many import ManyRenderer, Written
from templates_app.rendering import RenderError, render
from tests.templates_app.definitions import BODY_ONE, CASES, Case, buttons

ODD_CASES = [
    Case("signs", [{"type": "BODY", "text": '100 % de "{{1}}" \\ %s {0} {{2}}{{1}}5'}], {"body.1": "a", "body.2": "b"}),
    Case(
        "all_at_once",
        [
            {"type": "HEADER", "format": "TEXT", "text": "m{{1}}"},
            {"type": "BODY", "text": "{{2}}\n{{1}}"},
            {"type": "FOOTER", "text": "Chau 100 %"},
            buttons(
                {"type": "URL", "text": "Ver", "url": "https://a.example.com/{{1}}/x?q={{1}}"},
                {"type": "COPY_CODE", "example": "A"},
                {"type": "VOICE_CALL", "text": "Llamar"},
            ),
        ],
        {"header.1": "Ana", "body.1": "b", "body.2": "c", "button.0.url": "t/1", "button.1.copy_code": "A1"},
    ),
    Case("no_body", [{"type": "FOOTER", "text": "Chau"}]),
    Case("unknown_component", [BODY_ONE, {"type": "HOLOGRAM"}], {"body.1": "Ana"}),
    Case("long_header", [{"type": "HEADER", "format": "TEXT", "text": "a" * 61}, BODY_ONE], {"body.1": "Ana"}),
    Case("no_cards", [BODY_ONE, {"type": "CAROUSEL", "cards": []}], {"body.1": "Ana"}),
    Case("nothing_named", [{"type": "BODY", "text": "{{x}} {{}} {{ y }}"}], {"body.x": "1", "body.y": "2"}, "NAMED"),
]
AWKWARD = [
    *(
        "",
        "  ",
        '"',
        "\\",
        '\\"',
        "%s",
        "%",
        "a\nb",
        "a\u2028b",
        "\ud800",
        "a     b",
        "a    b",
        "\x7f",
        "{{1}}",
        "🦤 ñ",
        "a\xa0b",
    ),
    *("123456", "https://x.example.com/ñ a", "https://x.example.com/a.jpg", "http://x", "https://a.example.com/t"),
    *(
        "a" * 16,
        "a" * 60,
        "b" * 1020,
        "c" * 40_000,
        "-34.6",
        "currency ARS 12.50",
        "m123",
        "٣٤٥٦٧",
        "%41 %zz",
        "date_time",
    ),
]
SURPLUS = st.sampled_from(["body.9", "body.1.as", "header.image", "", "body", "button.0.payload"])


@st.composite
def values_like(draw: st.DrawFn, like: dict[str, str]) -> dict[str, str]:
    """The values of a case with some of them changed, left out, or more of them."""
    values = dict(like)
    for key in draw(st.lists(st.sampled_from(sorted(like)), max_size=3)) if like else ():
        values[key] = draw(st.sampled_from(AWKWARD) | st.text(max_size=12))
    if like and draw(st.integers(0, 5)) == 0:
        del values[draw(st.sampled_from(sorted(like)))]
    if draw(st.integers(0, 5)) == 0:
        values[draw(SURPLUS)] = draw(st.sampled_from(AWKWARD))
    return values


@st.composite
def many(draw: st.DrawFn) -> tuple[Case, list[dict[str, str]]]:
    """A template, and the values of several people."""
    case = draw(st.sampled_from(CASES + ODD_CASES))
    return case, draw(st.lists(values_like(case.values), min_size=1, max_size=4))


def one(parsed: ParsedTemplate, values: dict[str, str]) -> Written | list[tuple[str, str]]:
    """What the renderer makes of one person's values, as JSON text, or its problems."""
    try:
        rendered = render(parsed, values)
    except RenderError as error:
        return [(problem.key, problem.code) for problem in error.problems]
    parts = tuple(dict.fromkeys(parts_of(rendered.components)))
    return Written(_json(rendered.components), _json(rendered.bubble), rendered.text, parts)


def of_many(renderer: ManyRenderer, values: dict[str, str]) -> Written | list[tuple[str, str]]:
    """The same by the renderer for many."""
    try:
        return renderer.render(values)
    except RenderError as error:
        return [(problem.key, problem.code) for problem in error.problems]


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


@settings(max_examples=300, deadline=None)
@given(many())
def test_each_message_is_what_rendering_it_alone_makes(drawn: tuple[Case, list[dict[str, str]]]) -> None:
    case, people = drawn
    parsed = parse_components(case.components, case.parameter_format)
    renderer = ManyRenderer(parsed)

    assert [of_many(renderer, values) for values in people] == [one(parsed, values) for values in people]


@pytest.mark.parametrize("case", CASES + ODD_CASES, ids=lambda case: case.payload)
def test_each_kind_of_template_is_made_as_alone(case: Case) -> None:
    parsed = parse_components(case.components, case.parameter_format)
    renderer = ManyRenderer(parsed)

    for values in (case.values, {key: f"{value}1" for key, value in case.values.items()}, case.values):
        assert of_many(renderer, values) == one(parsed, values)


@pytest.mark.parametrize("case", CASES + ODD_CASES, ids=lambda case: case.payload)
def test_each_value_is_taken_or_refused_as_alone(case: Case) -> None:
    parsed = parse_components(case.components, case.parameter_format)
    renderer = ManyRenderer(parsed)
    longest = {variable.key: variable.max_length for variable in parsed.variables if variable.max_length is not None}

    for key in case.values:
        at_the_limit = [letter * (longest.get(key, 0) + more) for letter in "a1" for more in (0, 1)]
        for value in AWKWARD + at_the_limit:
            values = case.values | {key: value}
            assert of_many(renderer, values) == one(parsed, values), (key, value)


@pytest.mark.parametrize("length", [58, 59, 60, 61])
def test_a_header_is_too_long_with_the_same_values(length: int) -> None:
    parsed = parse_components([{"type": "HEADER", "format": "TEXT", "text": "m{{1}}"}, BODY_ONE], "POSITIONAL")
    values = {"header.1": "a" * length, "body.1": "Ana"}

    assert of_many(ManyRenderer(parsed), values) == one(parsed, values)


@pytest.mark.parametrize("length", [1000, 1006, 1007, 1008, 1009, 1010, 1024])
@pytest.mark.parametrize("footer", [[], [{"type": "FOOTER", "text": "Chau"}]])
def test_a_body_is_too_long_with_the_same_values(length: int, footer: list[dict[str, str]]) -> None:
    parsed = parse_components([BODY_ONE, *footer], "POSITIONAL")
    values = {"body.1": "a" * length}

    assert of_many(ManyRenderer(parsed), values) == one(parsed, values)


def test_an_address_and_an_id_of_a_file_are_each_sent_as_what_they_are() -> None:
    parsed = parse_components([{"type": "HEADER", "format": "IMAGE"}, BODY_ONE], "POSITIONAL")
    renderer = ManyRenderer(parsed)

    for image in ("https://x.example.com/a.jpg", "1180273645519028", "https://x.example.com/b.jpg", "118027364551902"):
        values = {"header.image": image, "body.1": "Ana"}
        assert of_many(renderer, values) == one(parsed, values)
        assert isinstance(of_many(renderer, values), Written)
