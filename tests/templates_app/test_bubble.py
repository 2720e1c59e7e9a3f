"""The bubble shows what the customer will see, with values marked, and never lets a value become markup."""

from __future__ import annotations

from typing import Any

import pytest
from django.template import Context, Template

from templates_app import models
from templates_app.components import parse_components
from templates_app.rendering import preview, render
from tests.templates_app.definitions import BODY_ONE, CASES, Case


def shown(bubble: dict[str, Any]) -> str:
    """The bubble's HTML."""
    return Template("{% load bubble %}{% hsm_bubble bubble %}").render(Context({"bubble": bubble}))


def test_it_marks_values() -> None:
    html = shown(render(parse_components([BODY_ONE], "POSITIONAL"), {"body.1": "Carla"}).bubble)

    assert "Hola <mark>Carla</mark>, mirá esto." in html


def test_it_escapes_texts_and_values() -> None:
    parsed = parse_components([{"type": "BODY", "text": "<b>{{1}}</b>"}], "POSITIONAL")

    html = shown(preview(parsed, {"body.1": "<script>alert(1)</script>"}))

    assert "&lt;b&gt;<mark>&lt;script&gt;alert(1)&lt;/script&gt;</mark>&lt;/b&gt;" in html
    assert "<script>" not in html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*{{1}}* es tu código", "<strong><mark>482913</mark></strong> es tu código"),
        ("_suave_ y ~fuera~", "<em>suave</em> y <s>fuera</s>"),
        ("```a b```", "<code>a b</code>"),
        ("2*3*4 y snake_case_name", "2*3*4 y snake_case_name"),
    ],
)
def test_it_shows_whatsapp_marks_as_whatsapp_does(text: str, html: str) -> None:
    assert html in shown(
        preview(parse_components([{"type": "BODY", "text": text}], "POSITIONAL"), {"body.1": "482913"})
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.payload)
def test_it_shows_every_kind_of_template(case: Case) -> None:
    parsed = parse_components(case.components, case.parameter_format)

    html = shown(render(parsed, case.values).bubble)

    assert html.count('class="hsm-text"') == 1 + len(parsed.cards)
    assert all(button.text in html for button in parsed.buttons)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://a.example/x.jpg", ""])
def test_it_loads_no_image_that_is_not_https(url: str) -> None:
    parsed = parse_components([{"type": "HEADER", "format": "IMAGE"}, BODY_ONE], "POSITIONAL")

    assert "<img" not in shown(preview(parsed, {"header.image": url}))


def test_it_shows_a_stored_bubble_that_lacks_parts() -> None:
    assert "Hola" in shown({"body": "Hola"})
    assert "hsm-wall" in shown({})


def test_it_shows_a_template_with_values_or_with_its_examples() -> None:
    body = {**BODY_ONE, "example": {"body_text": [["Lucía"]]}}
    template = models.Template(components=[body], parameter_format="POSITIONAL")
    page = Template("{% load bubble %}{% hsm_bubble_for t %}|{% hsm_bubble_for t values %}")

    examples, values = page.render(Context({"t": template, "values": {"body.1": "Carla"}})).split("|")

    assert "<mark>Lucía</mark>" in examples
    assert "<mark>Carla</mark>" in values
