"""Drafts into Meta's component JSON, and templates back into drafts."""

from __future__ import annotations

import pytest

from templates_app.components import parse_components
from templates_app.drafts import (
    Draft,
    DraftButton,
    components_face,
    draft_components,
    draft_of,
    draft_parsed,
    undraftable,
)
from templates_app.rendering import preview
from tests.deliveries import payload
from tests.templates_app.writing import GOOD, draft


def test_it_makes_the_components_that_meta_documents() -> None:
    wanted = payload("template_create_utility_positional.request")
    written = Draft(
        name="aviso_vencimiento",
        language="es_AR",
        category="utility",
        header_kind="text",
        header_text="Aviso de vencimiento",
        body="Hola {{1}}, te recordamos que {{2}} vence el {{3}}. Si ya pagaste, ignorá este mensaje.",
        footer="Ejemplo S.A.",
        buttons=(
            DraftButton("url", "Pagar", url="https://pagos.example.com.ar/{{1}}", sample="t/abc123"),
            DraftButton("phone_number", "Llamar", phone="+541155550000"),
            DraftButton("quick_reply", "Ya pagué"),
        ),
        samples={"body.1": "Lucía", "body.2": "Factura 0001-00012345", "body.3": "15/11/2026"},
    )

    assert draft_components(written) == wanted["components"]
    assert written.parameter_format == wanted["parameter_format"]


def test_it_makes_named_variables_as_meta_documents_them() -> None:
    wanted = payload("template_create_marketing_named.request")["components"]
    written = Draft(
        header_kind="image",
        header_media=wanted[0]["example"]["header_handle"][0],
        body=wanted[1]["text"],
        footer=wanted[2]["text"],
        buttons=(DraftButton("quick_reply", "No recibir más"),),
        samples={"body.first_name": "Lucía", "body.codigo": "CYBER25"},
    )

    assert draft_components(written) == wanted
    assert written.parameter_format == "NAMED"


def test_the_sample_of_an_address_may_be_the_whole_address() -> None:
    whole = DraftButton("url", "Ver", url="https://e.com/{{1}}", sample="https://e.com/t/1")

    assert draft_components(draft(buttons=(whole,)))[-1]["buttons"][0]["example"] == ["https://e.com/t/1"]


def test_a_code_and_a_place_have_their_own_shapes() -> None:
    components = draft_components(draft(header_kind="location", buttons=(DraftButton("copy_code", sample="CYBER25"),)))

    assert components[0] == {"type": "HEADER", "format": "LOCATION"}
    assert components[-1]["buttons"] == [{"type": "COPY_CODE", "example": "CYBER25"}]


@pytest.mark.parametrize(
    "written",
    [
        GOOD,
        draft(header_kind="none", header_text="", samples={"body.1": "Lucía", "body.2": "la doctora Paz"}),
        draft(header_kind="image", header_text="", header_media="https://e.com/a.jpg", samples={"body.1": "a", "body.2": "b"}),
        draft(buttons=(DraftButton("copy_code", sample="CYBER25"),)),
    ],
)  # fmt: skip
def test_a_template_becomes_the_draft_that_made_it(written: Draft) -> None:
    back = draft_of(draft_parsed(written), name=written.name, language=written.language, category=written.category)

    assert back == written


def test_the_bubble_of_a_draft_shows_the_samples() -> None:
    bubble = preview(draft_parsed(GOOD))

    assert bubble["body"].startswith("Hola Lucía, te recordamos tu turno con la doctora Paz")
    assert bubble["header"]["text"] == "Tu turno del lunes"


BODY = {"type": "BODY", "text": "Hola"}


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"type": "BUTTONS", "buttons": [{"type": "OTP", "otp_type": "COPY_CODE"}]}, "authentication"),
        ({"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Abrir"}]}, "special"),
        ({"type": "HEADER", "format": "PRODUCT"}, "special"),
        ({"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Hoy"}}, "special"),
        ({"type": "CAROUSEL", "cards": [{"components": [BODY]}]}, "special"),
    ],
)
def test_what_the_form_cannot_hold_is_named(part: dict[str, object], code: str) -> None:
    found = undraftable(parse_components([BODY, part], "POSITIONAL"), "marketing")

    assert [blocker.code for blocker in found] == [code]


def test_what_the_form_made_it_can_hold() -> None:
    assert undraftable(draft_parsed(GOOD), "utility") == []


def test_two_lists_of_components_are_one_template_whatever_their_examples() -> None:
    other_samples = draft_components(draft(samples={}))

    assert components_face(other_samples, "POSITIONAL") == components_face(draft_components(GOOD), "POSITIONAL")
    assert components_face(draft_components(draft(footer="x")), "POSITIONAL") != components_face(
        other_samples, "POSITIONAL"
    )
