"""A send against its stored template, judged as Meta does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.providers.simulator.server import PHONE_NUMBER_ID, WABA_ID, SimulatorProcess, payload

TEXT = {"type": "text", "text": "x"}
BODY = {"type": "BODY", "text": "Hola {{1}}, vence {{2}}."}
URL_BUTTON = {"type": "URL", "text": "Pagar", "url": "https://pagos.example.com/{{1}}"}

# What each request of the payload files needs as its stored template: components, and the format of its parameters.
STORED: dict[str, tuple[list[dict[str, Any]], str]] = {
    "body_positional": ([{"type": "BODY", "text": "Hola {{1}}, {{2}} vence el {{3}}."}], "POSITIONAL"),
    "body_named": ([{"type": "BODY", "text": "Hola {{first_name}}, pedido {{order_number}}."}], "NAMED"),
    "header_text": (
        [{"type": "HEADER", "format": "TEXT", "text": "Hola {{1}}"}, {"type": "BODY", "text": "Vence {{1}}."}],
        "POSITIONAL",
    ),
    "header_image": (
        [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hola {{1}}."}],
        "POSITIONAL",
    ),
    "header_video": (
        [{"type": "HEADER", "format": "VIDEO"}, {"type": "BODY", "text": "Hola {{1}}."}],
        "POSITIONAL",
    ),
    "header_document": (
        [{"type": "HEADER", "format": "DOCUMENT"}, {"type": "BODY", "text": "Hola {{1}}, {{2}}."}],
        "POSITIONAL",
    ),
    "header_location": (
        [{"type": "HEADER", "format": "LOCATION"}, {"type": "BODY", "text": "Hola {{1}}."}],
        "POSITIONAL",
    ),
    "currency_datetime": ([{"type": "BODY", "text": "Hola {{1}}, {{2}} el {{3}}."}], "POSITIONAL"),
    "buttons_quick_reply_and_url": (
        [
            {"type": "BODY", "text": "Hola {{1}}."},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Confirmo"},
                    {"type": "QUICK_REPLY", "text": "Baja"},
                    URL_BUTTON,
                ],
            },
        ],
        "POSITIONAL",
    ),
    "button_copy_code": (
        [
            {"type": "BODY", "text": "Hola {{1}}."},
            {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copiar"}]},
        ],
        "POSITIONAL",
    ),
    "button_flow": (
        [
            {"type": "BODY", "text": "Hola {{1}}."},
            {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Responder"}]},
        ],
        "POSITIONAL",
    ),
    "button_catalog": (
        [
            {"type": "BODY", "text": "{{1}} {{2}} {{3}}."},
            {"type": "BUTTONS", "buttons": [{"type": "CATALOG", "text": "Ver"}]},
        ],
        "POSITIONAL",
    ),
    "button_mpm": (
        [
            {"type": "HEADER", "format": "TEXT", "text": "Hola {{1}}"},
            {"type": "BODY", "text": "Usá {{1}}."},
            {"type": "BUTTONS", "buttons": [{"type": "MPM", "text": "Ver"}]},
        ],
        "POSITIONAL",
    ),
    "limited_time_offer": (
        [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "¡Vence!", "has_expiration": True}},
            {"type": "BODY", "text": "Hola {{1}}, {{2}}."},
            {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copiar"}, URL_BUTTON]},
        ],
        "POSITIONAL",
    ),
    "carousel": (
        [
            {"type": "BODY", "text": "Hola {{1}}: {{2}}."},
            {
                "type": "CAROUSEL",
                "cards": [
                    {
                        "components": [
                            {"type": "HEADER", "format": "IMAGE"},
                            {"type": "BODY", "text": "Oferta"},
                            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Más"}, URL_BUTTON]},
                        ]
                    }
                ]
                * 3,
            },
        ],
        "POSITIONAL",
    ),
}


def store_template(
    simulator: SimulatorProcess, components: list[dict[str, Any]], *, name: str = "probe", **fields: Any
) -> None:
    template = {"waba_id": WABA_ID, "name": name, "language": "es_AR", "category": "MARKETING", **fields}
    simulator.post("seed", templates=[{**template, "components": components}], replace=True)


def send_components(
    simulator: SimulatorProcess, components: list[dict[str, Any]], *, name: str = "probe", version: str = "v25.0"
) -> dict[str, Any]:
    body = {
        "messaging_product": "whatsapp",
        "to": "+5491155550155",
        "type": "template",
        "template": {"name": name, "language": {"code": "es_AR"}, "components": components},
    }
    answer: dict[str, Any] = simulator.graph.post(
        f"{simulator.url}/{version}/{PHONE_NUMBER_ID}/messages", json=body
    ).json()
    return answer


def code(answer: dict[str, Any]) -> int | None:
    found: int | None = answer.get("error", {}).get("code")
    return found


def body(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {"type": "body", "parameters": list(parameters)}


def url_button(text: str = "abc", index: str = "0") -> dict[str, Any]:
    return {"type": "button", "sub_type": "url", "index": index, "parameters": [{"type": "text", "text": text}]}


@pytest.mark.parametrize("name", sorted(STORED))
def test_it_accepts_metas_own_samples(simulator: SimulatorProcess, name: str) -> None:
    request = payload(f"send_template_{name}.request")
    components, parameter_format = STORED[name]
    store_template(simulator, components, name=request["template"]["name"], parameter_format=parameter_format)

    response = simulator.graph.post(f"{PHONE_NUMBER_ID}/messages", json=request)

    assert response.status_code == 200, response.text


def test_it_accepts_a_one_time_code_sent_twice(simulator: SimulatorProcess) -> None:
    response = simulator.graph.post(f"{PHONE_NUMBER_ID}/messages", json=payload("send_template_otp.request"))

    assert response.status_code == 200, response.text


def test_it_renders_what_the_customer_sees(simulator: SimulatorProcess) -> None:
    simulator.graph.post(
        f"{PHONE_NUMBER_ID}/messages",
        json={**payload("send_template_otp.request"), "to": "+5491155550155"},
    )

    bubble = simulator.get("messages")["data"][0]["bubble"]
    assert bubble["body"] == "*482913* es tu código de verificación. Por tu seguridad, no lo compartas."
    assert bubble["buttons"][0]["url"].endswith("code=otp482913")


@pytest.mark.parametrize(("version", "expected"), [("v22.0", 132000), ("v23.0", 132018)])
def test_it_counts_parameters(simulator: SimulatorProcess, version: str, expected: int) -> None:
    store_template(simulator, [BODY])

    answer = send_components(simulator, [body(TEXT)], version=version)

    assert code(answer) == expected
    details = answer["error"]["error_data"]["details"]
    assert details == "body: number of localizable_params (1) does not match the expected number of params (2)"


@pytest.mark.parametrize(("version", "expected"), [("v22.0", 132012), ("v23.0", 132018)])
def test_it_compares_the_format_of_the_header(simulator: SimulatorProcess, version: str, expected: int) -> None:
    store_template(simulator, [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Hola"}])

    answer = send_components(simulator, [], version=version)

    assert code(answer) == expected
    assert answer["error"]["error_data"]["details"] == "header: Format mismatch, expected IMAGE, received UNKNOWN"


def test_it_answers_the_older_codes_when_the_account_says_so(simulator: SimulatorProcess) -> None:
    store_template(simulator, [BODY])
    simulator.post(f"accounts/{WABA_ID}", parameter_errors="classic")

    assert code(send_components(simulator, [body(TEXT)])) == 132000


@pytest.mark.parametrize(
    "button",
    [URL_BUTTON, {"type": "COPY_CODE", "text": "Copiar"}, {"type": "FLOW", "text": "Ir"}, {"type": "OTP", "text": "C"}],
)
def test_it_misses_a_button_parameter(simulator: SimulatorProcess, button: dict[str, Any]) -> None:
    store_template(simulator, [{"type": "BODY", "text": "Hola"}, {"type": "BUTTONS", "buttons": [button]}])

    answer = send_components(simulator, [])

    assert code(answer) == 131008
    assert "Button at index 0 of type" in answer["error"]["error_data"]["details"]


def test_it_misses_a_button_parameter_in_metas_words(simulator: SimulatorProcess) -> None:
    store_template(simulator, [{"type": "BODY", "text": "Hola"}, {"type": "BUTTONS", "buttons": [URL_BUTTON]}])

    answer = send_components(simulator, [])

    assert {**answer["error"], "fbtrace_id": ""} == {**payload("error_131008")["error"], "fbtrace_id": ""}


@pytest.mark.parametrize("text", ["a\nb", "a\tb", "a     b"])
def test_it_refuses_whitespace_in_a_parameter(simulator: SimulatorProcess, text: str) -> None:
    store_template(simulator, [BODY])

    assert code(send_components(simulator, [body({"type": "text", "text": text}, TEXT)])) == 131009


def test_it_takes_four_spaces_in_a_parameter(simulator: SimulatorProcess) -> None:
    store_template(simulator, [BODY])

    assert code(send_components(simulator, [body({"type": "text", "text": "a    b"}, TEXT)])) is None


@pytest.mark.parametrize(
    ("components", "expected"),
    [
        ([body({"type": "text", "text": ""}, TEXT)], 131008),
        ([body({"type": "image", "image": {"id": "1"}}, TEXT)], 132018),
        ([body(TEXT, TEXT), url_button()], 132018),
        ([{"type": "cuerpo", "parameters": []}], 100),
        ([{"type": "body", "parametros": []}], 100),
        ([{"type": "body", "parameters": "x"}], 100),
        ([body({"type": "text", "text": "x" * 1030}, TEXT)], 132005),
    ],
)
def test_it_refuses_what_the_template_does_not_have(
    simulator: SimulatorProcess, components: list[dict[str, Any]], expected: int
) -> None:
    store_template(simulator, [BODY, {"type": "FOOTER", "text": "Pie"}])

    assert code(send_components(simulator, components)) == expected


@pytest.mark.parametrize(("text", "expected"), [("con espacio", 131009), ("sin%20espacio", None)])
def test_it_wants_url_suffixes_percent_encoded(simulator: SimulatorProcess, text: str, expected: int | None) -> None:
    store_template(simulator, [{"type": "BODY", "text": "Hola"}, {"type": "BUTTONS", "buttons": [URL_BUTTON]}])

    assert code(send_components(simulator, [url_button(text)])) == expected


def test_it_wants_named_parameters_by_their_names(simulator: SimulatorProcess) -> None:
    store_template(simulator, [{"type": "BODY", "text": "Hola {{nombre}}."}], parameter_format="NAMED")

    missing = send_components(simulator, [body(TEXT)])
    wrong = send_components(simulator, [body({**TEXT, "parameter_name": "apellido"})])
    right = send_components(simulator, [body({**TEXT, "parameter_name": "nombre"})])

    assert [code(missing), code(wrong), code(right)] == [132018, 132018, None]


def test_it_wants_every_card_of_a_carousel(simulator: SimulatorProcess) -> None:
    request = payload("send_template_carousel.request")
    store_template(simulator, STORED["carousel"][0], name="carrusel_ofertas")
    components = request["template"]["components"]
    components[1]["cards"].pop()

    assert code(send_components(simulator, components, name="carrusel_ofertas")) == 132018


@pytest.mark.parametrize(
    ("status", "expected"), [("PAUSED", 132015), ("DISABLED", 132016), ("PENDING", 132001), ("REJECTED", 132001)]
)
def test_it_sends_only_approved_templates(simulator: SimulatorProcess, status: str, expected: int) -> None:
    store_template(simulator, [{"type": "BODY", "text": "Hola"}], status=status)

    assert code(send_components(simulator, [])) == expected


def test_it_does_not_know_a_template_in_another_language(simulator: SimulatorProcess) -> None:
    answer = send_components(simulator, [], name="hello_world")

    assert code(answer) == 132001
    assert answer["error"]["error_data"]["details"] == "template name (hello_world) does not exist in es_AR"


def test_it_sends_only_marketing_through_marketing_messages(simulator: SimulatorProcess) -> None:
    store_template(simulator, [{"type": "BODY", "text": "Hola"}], category="UTILITY")
    request = {**payload("send_template_no_params.request"), "to": "+5491155550155"}
    utility = {**request, "template": {"name": "probe", "language": {"code": "es_AR"}}}

    accepted = simulator.graph.post(f"{PHONE_NUMBER_ID}/marketing_messages", json=request)
    refused = simulator.graph.post(f"{PHONE_NUMBER_ID}/marketing_messages", json=utility)

    assert (accepted.status_code, code(refused.json())) == (200, 134100)


def test_it_sends_no_authentication_template_to_a_person_without_a_phone(simulator: SimulatorProcess) -> None:
    request = payload("send_template_otp.request")
    del request["to"]

    response = simulator.graph.post(
        f"{PHONE_NUMBER_ID}/messages", json={**request, "recipient": "AR.55555555555555555555"}
    )

    assert code(response.json()) == 131062
