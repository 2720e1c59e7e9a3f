"""The provider's component JSON becomes typed values; odd JSON never raises and is never sendable silently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_app.components import parse_components
from templates_app.rendering import preview
from tests.templates_app.definitions import BODY_ONE, BODY_THREE, OTP_URL, buttons

PAYLOADS = Path(__file__).parent.parent / "payloads" / "meta"

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
COMPONENT_WORDS = ["HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER", "carousel", "?"]
ODD_COMPONENTS = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(COMPONENT_WORDS) | JSON_VALUES},
        optional={
            "text": JSON_VALUES | st.sampled_from(["Hola {{1}} {{name}} {{²}}", "{{99999999999999999999}}"]),
            "format": st.sampled_from(["TEXT", "IMAGE", "LOCATION", "GIF"]) | JSON_VALUES,
            "example": JSON_VALUES,
            "buttons": st.lists(st.fixed_dictionaries({"type": JSON_VALUES, "url": JSON_VALUES})) | JSON_VALUES,
            "cards": st.lists(st.fixed_dictionaries({"components": JSON_VALUES})) | JSON_VALUES,
            "limited_time_offer": JSON_VALUES,
        },
    )
    | JSON_VALUES,
    max_size=5,
)


@given(ODD_COMPONENTS | JSON_VALUES, st.sampled_from(["POSITIONAL", "NAMED", "named", "", "?"]))
def test_it_never_raises_on_odd_json(components: Any, parameter_format: str) -> None:
    parsed = parse_components(components, parameter_format)

    keys = [variable.key for variable in parsed.variables]
    assert len(keys) == len(set(keys))
    assert isinstance(json.dumps(preview(parsed)), str)
    assert all(str(blocker.sentence) for blocker in parsed.not_sendable)


def listed(page: str) -> list[dict[str, Any]]:
    """The templates of a captured page of the provider's list."""
    templates: list[dict[str, Any]] = json.loads((PAYLOADS / f"templates_list_{page}.response.json").read_text())[
        "data"
    ]
    return templates


@pytest.mark.parametrize("page", ["page1", "page2_last"])
def test_it_understands_every_listed_template(page: str) -> None:
    for template in listed(page):
        assert parse_components(template["components"], template["parameter_format"]).not_sendable == ()


def test_it_takes_examples_from_the_list() -> None:
    template = listed("page1")[0]

    variables = parse_components(template["components"], "POSITIONAL").variables

    assert [(variable.key, variable.example) for variable in variables] == [
        ("body.1", "Lucía"),
        ("body.2", "Factura 0001-00012345"),
        ("body.3", "15/11/2026"),
        ("button.0.url", "t/abc123"),
        ("button.2.payload", ""),
    ]


def test_it_takes_examples_of_named_variables() -> None:
    template = listed("page1")[1]

    examples = {v.key: v.example for v in parse_components(template["components"], "NAMED").variables}

    assert examples["body.first_name"] == "Lucía"
    assert examples["header.image"].startswith("https://scontent.whatsapp.net/")


def test_it_asks_the_one_time_code_once() -> None:
    parsed = parse_components(
        [{"type": "BODY", "text": "{{1}} es tu código."}, buttons({"type": "URL", "text": "Copiar", "url": OTP_URL})],
        "POSITIONAL",
    )

    assert [(variable.key, variable.kind, variable.max_length) for variable in parsed.variables] == [
        ("body.1", "code", 15)
    ]


def test_it_reads_an_authentication_template_as_it_was_submitted() -> None:
    submitted = json.loads((PAYLOADS / "template_create_authentication.request.json").read_text())

    parsed = parse_components(submitted["components"], "POSITIONAL")

    assert [variable.key for variable in parsed.variables] == ["body.1"]


def test_it_asks_only_what_is_needed_as_required() -> None:
    parsed = parse_components([BODY_ONE, buttons({"type": "QUICK_REPLY", "text": "Sí"})], "POSITIONAL")

    assert [(variable.key, variable.required) for variable in parsed.variables] == [
        ("body.1", True),
        ("button.0.payload", False),
    ]


@pytest.mark.parametrize(
    "component",
    [
        {"type": "HOLOGRAM"},
        {"type": "HEADER", "format": "GIF"},
        {"type": "BUTTONS", "buttons": [{"type": "TELEPORT"}]},
        {"type": "BODY", "text": "a second body"},
        {"type": "CAROUSEL", "cards": [{"components": [{"type": "HEADER", "format": "GIF"}]}]},
    ],
)
def test_it_keeps_what_it_does_not_know_and_says_that_it_cannot_be_sent(component: dict[str, Any]) -> None:
    parsed = parse_components([BODY_THREE, component], "POSITIONAL")

    assert len(parsed.unknown) == 1
    assert [blocker.code for blocker in parsed.not_sendable] == ["unknown_component"]
    assert parsed.unknown[0] in str(parsed.not_sendable[0].sentence)


def test_it_cannot_send_a_template_without_a_body() -> None:
    assert [blocker.code for blocker in parse_components([], "POSITIONAL").not_sendable] == ["no_body"]
