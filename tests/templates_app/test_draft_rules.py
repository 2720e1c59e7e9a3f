"""WhatsApp's rules for a template: each one broken alone names its field and its code, and says a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_app.draft_rules import DraftProblem, draft_problems, sample_field
from templates_app.drafts import Draft, DraftButton, draft_components, draft_parsed
from tests.templates_app.writing import GOOD, draft, plain

QUICK = DraftButton("quick_reply", "Sí")
CALL = DraftButton("phone_number", "Llamar", phone="+541155550000")
LINK = DraftButton("url", "Ver", url="https://example.com/pay")
CODE = DraftButton("copy_code", sample="CYBER25")


def found(wrong: Draft, *, approved: bool = False, taken: bool = False) -> list[tuple[str, str]]:
    """Field and code of every problem."""
    return [(problem.field, problem.code) for problem in draft_problems(wrong, approved=approved, taken=taken)]


def texts(count: int) -> tuple[DraftButton, ...]:
    """That many quick replies, all different."""
    return tuple(DraftButton("quick_reply", f"Opción {number}") for number in range(count))


def test_a_good_draft_has_no_problem() -> None:
    assert draft_problems(GOOD) == []


@pytest.mark.parametrize("kind", ["image", "video", "document"])
def test_a_header_may_be_media_with_a_sample(kind: str) -> None:
    assert found(draft(header_kind=kind, header_media="https://example.com/sample.pdf")) == []
    assert found(draft(header_kind=kind, header_media="4::aW1hZ2UvanBlZw==:ARZVv4zuogJM:e:17")) == []


def test_a_header_may_be_a_place() -> None:
    assert found(draft(header_kind="location")) == []


def test_variables_may_have_names() -> None:
    named = draft(
        header_kind="none",
        body="Hola {{nombre}}, tu turno es el {{dia}} a la mañana.",
        samples={"body.nombre": "Lucía", "body.dia": "lunes"},
    )

    assert found(named) == []


WRONG: list[tuple[str, Draft, str, str]] = [
    ("no name", draft(name=""), "name", "missing"),
    ("capitals", draft(name="Aviso"), "name", "bad_name"),
    ("accents", draft(name="vacunación"), "name", "bad_name"),
    ("name too long", draft(name="a" * 513), "name", "too_long"),
    ("unknown language", draft(language="xx"), "language", "missing"),
    ("no category", draft(category=""), "category", "missing"),
    ("authentication", draft(category="authentication"), "category", "authentication"),
    ("unknown header", draft(header_kind="gif"), "header_kind", "bad_header"),
    ("empty header", draft(header_text=""), "header_text", "missing"),
    ("header of two lines", draft(header_text="Tu turno\ndel {{1}}"), "header_text", "line_break"),
    ("long header", draft(header_text="{{1}}" + "a" * 56), "header_text", "too_long"),
    ("media without sample", draft(header_kind="image"), "header_media", "missing"),
    ("media over http", draft(header_kind="image", header_media="http://example.com/a.jpg"), "header_media", "bad_url"),
    ("no body", draft(body=" "), "body", "missing"),
    ("long body", draft(body=GOOD.body + "a" * 1024), "body", "too_long"),
    ("variable first", plain("{{1}} te esperamos en la clínica"), "body", "variable_at_edge"),
    ("variable last", plain("Te esperamos en la clínica el {{1}} \n"), "body", "variable_at_edge"),
    ("variables side by side", plain("Hola {{1}} {{2}}, te esperamos mañana en la clínica"), "body", "variables_adjacent"),
    ("few words", plain("Hola {{1}}, va {{2}}: {{3}} y {{4}} ya"), "body", "too_few_words"),
    ("gap in numbers", plain("Hola {{1}}, tu turno es el {{3}} en la clínica"), "body", "variables_not_in_order"),
    ("numbers from zero", plain("Hola {{0}}, te esperamos en la clínica"), "body", "variables_not_in_order"),
    ("mixed", plain("Hola {{1}}, tu turno es el {{dia}} en la clínica"), "body", "mixed_variables"),
    ("name with capitals", plain("Hola {{Nombre}}, te esperamos en la clínica"), "body", "bad_variable_name"),
    ("name of two words", plain("Hola {{tu nombre}}, te esperamos"), "body", "bad_variable"),
    ("sample missing", draft(samples={**GOOD.samples, "body.2": ""}), "sample-body-2", "missing"),
    ("sample with line break", draft(samples={**GOOD.samples, "body.2": "a\nb"}), "sample-body-2", "bad_sample"),
    ("sample with braces", draft(samples={**GOOD.samples, "header.1": "{{1}}"}), "sample-header-1", "bad_sample"),
    ("footer with variable", draft(footer="Hasta {{1}}"), "footer", "variable_not_allowed"),
    ("long footer", draft(footer="a" * 61), "footer", "too_long"),
    ("eleven buttons", draft(buttons=texts(11)), "buttons", "too_many_buttons"),
    ("three addresses", draft(buttons=(LINK, LINK, LINK)), "buttons", "too_many_url"),
    ("two calls", draft(buttons=(CALL, CALL)), "buttons", "too_many_phone_number"),
    ("two codes", draft(buttons=(CODE, CODE)), "buttons", "too_many_copy_code"),
    ("quick replies apart", draft(buttons=(*texts(1), LINK, QUICK)), "buttons", "quick_replies_apart"),
    ("same quick replies", draft(buttons=(QUICK, QUICK)), "buttons", "same_quick_replies"),
    ("unknown button", draft(buttons=(DraftButton("flow", "Abrir"),)), "buttons", "bad_button"),
    ("button without text", draft(buttons=(replace(QUICK, text=""),)), "button-0-text", "missing"),
    ("long button", draft(buttons=(replace(QUICK, text="a" * 26),)), "button-0-text", "too_long"),
    ("button with variable", draft(buttons=(replace(QUICK, text="Sí {{1}}"),)), "button-0-text", "bad_button_text"),
    ("call without number", draft(buttons=(replace(CALL, phone=""),)), "button-0-phone", "missing"),
    ("call to words", draft(buttons=(replace(CALL, phone="la clínica"),)), "button-0-phone", "bad_phone"),
    ("no address", draft(buttons=(replace(LINK, url=""),)), "button-0-url", "missing"),
    ("no real address", draft(buttons=(replace(LINK, url="pagar"),)), "button-0-url", "bad_url"),
    ("amid the address", draft(buttons=(replace(LINK, url="https://e.com/{{1}}/a"),)), "button-0-url", "bad_url_variable"),
    ("address with {{2}}", draft(buttons=(replace(LINK, url="https://e.com/{{2}}"),)), "button-0-url", "bad_url_variable"),
    ("address is all variable", draft(buttons=(replace(LINK, url="{{1}}"),)), "button-0-url", "bad_url"),
    ("address without sample", draft(buttons=(replace(LINK, url="https://e.com/{{1}}"),)), "button-0-sample", "missing"),
    ("code without sample", draft(buttons=(replace(CODE, sample=""),)), "button-0-sample", "missing"),
    ("long code", draft(buttons=(replace(CODE, sample="A" * 16),)), "button-0-sample", "too_long"),
    ("code with spaces", draft(buttons=(replace(CODE, sample="A B"),)), "button-0-sample", "bad_code"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "field", "code"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_broken_rule_names_field_and_code(wrong: Draft, field: str, code: str) -> None:
    problems = draft_problems(wrong)

    assert [(problem.field, problem.code) for problem in problems] == [(field, code)]
    assert str(problems[0].sentence).endswith(".")


def test_two_variables_are_too_many_for_a_header() -> None:
    wrong = draft(header_text="{{1}} y {{2}}", samples={**GOOD.samples, "header.2": "martes"})

    assert found(wrong) == [("header_text", "too_many_variables")]


def test_what_is_only_missing_yet_is_told_apart_from_what_is_wrong() -> None:
    assert [problem.missing for problem in draft_problems(draft(name="", footer="{{1}}"))] == [True, False]


def test_a_name_that_another_template_has_is_taken() -> None:
    assert found(GOOD, taken=True) == [("name", "name_taken")]


def test_the_name_and_language_of_an_existing_template_are_not_held_against_it() -> None:
    old = draft(name="Aviso-2019", language="es_LA")

    assert draft_problems(old, existing=True) == []
    assert [problem.field for problem in draft_problems(old)] == ["name", "language"]


def test_it_refuses_what_the_accounts_provider_cannot_send() -> None:
    rich = draft(
        header_kind="image",
        header_media="https://example.com/a.jpg",
        buttons=(CODE, replace(LINK, url="https://e.com/{{1}}", sample="x")),
    )

    problems = draft_problems(rich, carried=frozenset({"body"}))

    assert [(problem.field, problem.code) for problem in problems] == [
        ("header_kind", "not_carried"),
        ("buttons", "not_carried"),
        ("buttons", "not_carried"),
    ]


def test_what_is_approved_already_is_held_only_against_what_the_portal_needs() -> None:
    approved = Draft(name="Pedido Nº 1", language="es", category="authentication", body="{{1}}{{2}}")

    assert found(approved, approved=True) == []
    assert ("body", "variables_not_in_order") in found(replace(approved, body="{{2}}"), approved=True)


ANY_TEXT = st.text(alphabet=st.sampled_from("aé {}1_2\n\x00%:/.@"), max_size=60)


@given(
    st.builds(
        Draft,
        name=ANY_TEXT,
        language=ANY_TEXT,
        category=st.sampled_from(["utility", ""]),
        header_kind=st.sampled_from(["none", "text", "image", "odd"]),
        header_text=ANY_TEXT,
        header_media=ANY_TEXT,
        body=ANY_TEXT,
        footer=ANY_TEXT,
        buttons=st.lists(
            st.builds(
                DraftButton, st.sampled_from(["url", "quick_reply", "odd"]), ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT
            ),
            max_size=3,
        ).map(tuple),
    )
)
def test_whatever_is_typed_it_answers_and_the_bubble_can_be_drawn(typed: Draft) -> None:
    problems = draft_problems(typed)

    assert all(isinstance(problem, DraftProblem) and str(problem.sentence) for problem in problems)
    assert draft_parsed(typed).body.raw == typed.body


@given(ANY_TEXT)
def test_a_body_without_problems_survives_the_way_to_the_provider(text: str) -> None:
    written = plain(text)
    if not draft_problems(written):
        body = draft_components(written)[0]
        assert body["text"] == text
        assert len(body.get("example", {"body_text": [[]]})["body_text"][0]) == len(written.body_names)


def test_a_variable_of_five_thousand_digits_is_a_bad_name() -> None:
    assert ("body", "bad_variable_name") in found(plain("Hola {{" + "9" * 5000 + "}}, te esperamos"))


def test_a_sample_has_a_field_of_its_own() -> None:
    assert sample_field("body.nombre") == "sample-body-nombre"
