"""Template definitions as the provider lists them, one per captured send, with the values that make that send."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

BODY_ONE = {"type": "BODY", "text": "Hola {{1}}, mirá esto."}
BODY_TWO = {"type": "BODY", "text": "Hola {{1}}, usá {{2}} hoy."}
BODY_THREE = {"type": "BODY", "text": "Hola {{1}}, te recordamos que {{2}} vence el {{3}}. Gracias."}
OTP_URL = "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"


def buttons(*items: dict[str, Any]) -> dict[str, Any]:
    """A BUTTONS component."""
    return {"type": "BUTTONS", "buttons": list(items)}


def card(number: int) -> dict[str, Any]:
    """A carousel's card with an image, a quick reply and an address."""
    return {
        "components": [
            {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://cdn.example.com/a.jpg"]}},
            {"type": "BODY", "text": f"Oferta {number}"},
            buttons(
                {"type": "QUICK_REPLY", "text": "Quiero más"},
                {"type": "URL", "text": "Ver", "url": "https://tienda.example.com.ar/{{1}}"},
            ),
        ]
    }


@dataclass(frozen=True)
class Case:
    """`payload` is the captured send's name between `send_template_` and `.request.json`."""

    payload: str
    components: list[dict[str, Any]]
    values: dict[str, str] = field(default_factory=dict)
    parameter_format: str = "POSITIONAL"


VENCIMIENTO = {"body.1": "Lucía", "body.2": "Factura 0001-00012345", "body.3": "15/11/2026"}
CAROUSEL_VALUES = {"body.1": "Lucía", "body.2": "20%"} | {
    key: value
    for index in range(3)
    for key, value in (
        (f"card.{index}.header.image", f"118027364551910{index}"),
        (f"card.{index}.button.0.payload", f"MAS|{index}"),
        (f"card.{index}.button.1.url", f"sku-100{index + 1}"),
    )
}

CASES = [
    Case("no_params", [{"type": "BODY", "text": "Hello World"}]),
    Case("body_positional", [BODY_THREE], VENCIMIENTO),
    Case("to_bsuid", [BODY_THREE], VENCIMIENTO),
    Case(
        "body_named",
        [{"type": "BODY", "text": "Hola {{first_name}}, tu pedido {{order_number}} va en camino."}],
        {"body.first_name": "Lucía", "body.order_number": "A-000123"},
        "NAMED",
    ),
    Case(
        "header_text",
        [
            {"type": "HEADER", "format": "TEXT", "text": "Hola {{1}}"},
            {"type": "BODY", "text": "Tu factura vence el {{1}}. Gracias."},
        ],
        {"header.1": "Lucía", "body.1": "15/11/2026"},
    ),
    Case(
        "header_image",
        [{"type": "HEADER", "format": "IMAGE"}, BODY_ONE],
        {"header.image": "https://cdn.example.com.ar/banners/cyber.jpg", "body.1": "Lucía"},
    ),
    Case(
        "header_video",
        [{"type": "HEADER", "format": "VIDEO"}, BODY_ONE],
        {"header.video": "1180273645519028", "body.1": "Lucía"},
    ),
    Case(
        "header_document",
        [{"type": "HEADER", "format": "DOCUMENT"}, BODY_TWO],
        {
            "header.document": "https://cdn.example.com.ar/f/0001-00012345.pdf",
            "header.document.filename": "Factura-0001-00012345.pdf",
            "body.1": "Lucía",
            "body.2": "0001-00012345",
        },
    ),
    Case(
        "header_location",
        [{"type": "HEADER", "format": "LOCATION"}, BODY_ONE],
        {
            "header.location.latitude": "-34.603722",
            "header.location.longitude": "-58.381592",
            "header.location.name": "Sucursal Centro",
            "header.location.address": "Av. Corrientes 1234, CABA",
            "body.1": "Lucía",
        },
    ),
    Case(
        "currency_datetime",
        [BODY_THREE],
        {
            "body.1": "Lucía",
            "body.2": "$ 25.990,50",
            "body.2.as": "currency ARS 25990.50",
            "body.3": "15 de noviembre de 2026",
            "body.3.as": "date_time",
        },
    ),
    Case(
        "buttons_quick_reply_and_url",
        [
            BODY_ONE,
            buttons(
                {"type": "QUICK_REPLY", "text": "Confirmo"},
                {"type": "QUICK_REPLY", "text": "No recibir más"},
                {"type": "URL", "text": "Ver turno", "url": "https://turnos.example.com.ar/{{1}}"},
                {"type": "PHONE_NUMBER", "text": "Llamar", "phone_number": "+541155550000"},
            ),
        ],
        {
            "body.1": "Lucía",
            "button.0.payload": "CONFIRMA|01JC9Z6T8Q",
            "button.1.payload": "BAJA|01JC9Z6T8Q",
            "button.2.url": "t/Gonçalves-01JC9Z",
        },
    ),
    Case(
        "button_copy_code",
        [BODY_ONE, buttons({"type": "COPY_CODE", "example": "CYBER25"})],
        {"body.1": "Lucía", "button.0.copy_code": "CYBER25"},
    ),
    Case(
        "otp",
        [
            {"type": "BODY", "text": "*{{1}}* es tu código de verificación.", "add_security_recommendation": True},
            buttons({"type": "URL", "text": "Copiar código", "url": OTP_URL}),
        ],
        {"body.1": "482913"},
    ),
    Case(
        "button_flow",
        [BODY_ONE, buttons({"type": "FLOW", "text": "Responder", "flow_id": 1})],
        {"body.1": "Lucía", "button.0.flow_token": "ft_01JC9Z6T8Q", "button.0.flow_data": '{"cliente_id": "88231"}'},
    ),
    Case(
        "button_catalog",
        [
            {"type": "BODY", "text": "Más de {{1}} productos por ${{2}} o {{3}} cuotas."},
            buttons({"type": "CATALOG", "text": "Ver catálogo"}),
        ],
        {"body.1": "100", "body.2": "400", "body.3": "3", "button.0.product": "SKU-1001"},
    ),
    Case(
        "button_mpm",
        [
            {"type": "HEADER", "format": "TEXT", "text": "{{1}}, te espera"},
            {"type": "BODY", "text": "Usá {{1}} hoy."},
            buttons({"type": "MPM", "text": "Ver productos"}),
        ],
        {
            "header.1": "Lucía",
            "body.1": "10OFF",
            "button.0.product": "SKU-1001",
            "button.0.sections": "Más vendidos: SKU-1001, SKU-1002\nOfertas: SKU-2001",
        },
    ),
    Case(
        "limited_time_offer",
        [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "¡Termina hoy!", "has_expiration": True}},
            BODY_TWO,
            buttons(
                {"type": "COPY_CODE", "example": "CARIBE25"},
                {"type": "URL", "text": "Reservar", "url": "https://viajes.example.com.ar/o?c={{1}}"},
            ),
        ],
        {
            "header.image": "https://cdn.example.com.ar/banners/lto.jpg",
            "body.1": "Lucía",
            "body.2": "CARIBE25",
            "lto.expiration": "2026-12-02T03:00:00+00:00",
            "button.0.copy_code": "CARIBE25",
            "button.1.url": "n3mtql",
        },
    ),
    Case(
        "carousel",
        [BODY_TWO, {"type": "CAROUSEL", "cards": [card(1), card(2), card(3)]}],
        CAROUSEL_VALUES,
    ),
]
