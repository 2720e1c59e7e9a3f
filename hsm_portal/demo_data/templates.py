"""The templates, as the provider lists them: they live in the simulator and come to the portal by its sync.

The first fourteen are the company's everyday ones and hold every kind of component; the others show the rarer statuses.
"""

from __future__ import annotations

from collections.abc import Sequence

from hsm_portal.demo_data.accounts import CLINIC, OPTICIAN, AccountSample
from providers.contracts import JsonObject

STOP = "Respondé BAJA para no recibir más"
CDN = "https://cdn.clinicasur.example"


def _text(kind: str, text: str, example: JsonObject | None = None, **rest: str) -> JsonObject:
    return {"type": kind, **rest, "text": text} | ({"example": example} if example else {})


def _body(text: str, *examples: str) -> JsonObject:
    return _text("BODY", text, {"body_text": [list(examples)]} if examples else None)


def _media(kind: str, url: str) -> JsonObject:
    return {"type": "HEADER", "format": kind, "example": {"header_handle": [url]}}


def _named(**examples: str) -> list[JsonObject]:
    return [{"param_name": name, "example": example} for name, example in examples.items()]


def _buttons(*buttons: JsonObject) -> JsonObject:
    return {"type": "BUTTONS", "buttons": list(buttons)}


def _reply(text: str) -> JsonObject:
    return {"type": "QUICK_REPLY", "text": text}


def _url(text: str, url: str, *example: str) -> JsonObject:
    return {"type": "URL", "text": text, "url": url} | ({"example": list(example)} if example else {})


def _phone(text: str) -> JsonObject:
    return {"type": "PHONE_NUMBER", "text": text, "phone_number": "+541152638800"}


def _card(name: str, text: str, sku: str) -> JsonObject:
    return {
        "components": [
            _media("IMAGE", f"https://cdn.opticasur.example/{name}.jpg"),
            _text("BODY", text),
            _buttons(_reply("Quero este"), _url("Ver", "https://opticasur.example/p/{{1}}", sku)),
        ]
    }


def _template(
    number: int, account: AccountSample, name: str, category: str, components: Sequence[JsonObject], **rest: str
) -> JsonObject:
    facts = {"language": "es_AR", "status": "APPROVED", "quality": "UNKNOWN"} | rest
    return {
        "id": f"12748300445000{number:02d}",
        "waba_id": account.waba_id,
        "name": name,
        "category": category,
        "components": list(components),
        **facts,
    }


EVERYDAY: tuple[JsonObject, ...] = (
    _template(
        1,
        CLINIC,
        "retomar_turno",
        "UTILITY",
        [
            _body(
                "Hola {{1}}, soy {{2}} de Clínica Sur. Retomo tu consulta: tenemos lugar el {{3}}. ¿Te lo reservo?",
                "Carla",
                "Ana",
                "viernes 27, 15:30 h",
            ),
            _text("FOOTER", STOP),
            _buttons(_reply("Sí, reservar"), _reply("Ver otros horarios")),
        ],
        quality="GREEN",
    ),
    _template(
        2,
        CLINIC,
        "recordatorio_estudio",
        "UTILITY",
        [
            _text(
                "HEADER",
                "Recordatorio para {{nombre}}",
                {"header_text_named_params": _named(nombre="Carla")},
                format="TEXT",
            ),
            _text(
                "BODY",
                "Tu {{estudio}} es el {{fecha}}. Vení con la orden médica y tu credencial.",
                {"body_text_named_params": _named(estudio="resonancia de rodilla", fecha="martes 1/12, 8:15 h")},
            ),
            _text("FOOTER", "Clínica Sur · Av. San Juan 2450"),
            _buttons(_url("Ver preparación", "https://clinicasur.example/e/{{1}}", "resonancia"), _phone("Llamarnos")),
        ],
        parameter_format="NAMED",
        quality="GREEN",
    ),
    _template(
        3,
        CLINIC,
        "resultado_disponible",
        "UTILITY",
        [
            _media("DOCUMENT", f"{CDN}/informe-ejemplo.pdf"),
            _body("Hola {{1}}, ya está el informe de tu {{2}}. Te lo dejamos acá.", "Carla", "ecografía abdominal"),
            _buttons(_url("Entrar al portal", "https://clinicasur.example/resultados")),
        ],
        quality="GREEN",
    ),
    _template(
        4,
        CLINIC,
        "chequeo_anual",
        "MARKETING",
        [
            _media("IMAGE", f"{CDN}/chequeo.jpg"),
            _body(
                "{{1}}, este mes el chequeo anual tiene {{2}} de descuento. ¿Te reservamos un lugar?", "Carla", "30%"
            ),
            _text("FOOTER", STOP),
            _buttons(_reply("Quiero turno"), _reply("Más adelante")),
        ],
        quality="YELLOW",
    ),
    _template(
        5,
        CLINIC,
        "como_llegar",
        "UTILITY",
        [
            {"type": "HEADER", "format": "LOCATION"},
            _body("Hola {{1}}, te esperamos el {{2}} en esta sede.", "Carla", "lunes a las 9:00"),
            _buttons(_phone("Llamar a la sede")),
        ],
    ),
    _template(
        6,
        CLINIC,
        "codigo_acceso",
        "AUTHENTICATION",
        [
            {"type": "BODY", "text": "*{{1}}* es tu código de verificación.", "add_security_recommendation": True},
            {"type": "FOOTER", "text": "Vence en 10 minutos.", "code_expiration_minutes": 10},
            _buttons({"type": "OTP", "otp_type": "COPY_CODE", "text": "Copiar código"}),
        ],
    ),
    _template(
        7,
        CLINIC,
        "preparacion_estudio",
        "UTILITY",
        [
            _media("VIDEO", f"{CDN}/preparacion.mp4"),
            _body("{{1}}, en este video te contamos cómo prepararte para tu {{2}}.", "Carla", "videocolonoscopía"),
        ],
        status="PENDING",
    ),
    _template(
        8,
        CLINIC,
        "encuesta_atencion",
        "UTILITY",
        [
            _body("Hola {{1}}, ¿cómo te atendimos? Contanos en un minuto.", "Carla"),
            _buttons({"type": "FLOW", "text": "Responder", "flow_id": "88230041177", "flow_action": "navigate"}),
        ],
        status="PAUSED",
        quality="RED",
    ),
    _template(
        9,
        OPTICIAN,
        "retomar_pedido",
        "UTILITY",
        [
            _body(
                "Hola {{1}}, soy {{2}} de Óptica Sur. Te escribo por tu pedido {{3}}: ¿seguimos con él?",
                "Diego",
                "Camila",
                "OS-1043",
            ),
            _buttons(_reply("Sí, sigamos"), _reply("Cambiar algo")),
        ],
        quality="GREEN",
    ),
    _template(
        10,
        OPTICIAN,
        "oferta_anteojos",
        "MARKETING",
        [
            _media("IMAGE", "https://cdn.opticasur.example/oferta.jpg"),
            {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "¡Sólo hoy!", "has_expiration": True}},
            _body("{{1}}, llévate tu segundo par a mitad de precio con el código {{2}}.", "Diego", "VISTA50"),
            _buttons(
                {"type": "COPY_CODE", "example": "VISTA50"},
                _url("Comprar", "https://opticasur.example/o/{{1}}", "segundo-par"),
            ),
        ],
        language="es_MX",
    ),
    _template(
        11,
        OPTICIAN,
        "catalogo_lentes",
        "MARKETING",
        [
            _body("Hola {{1}}, llegaron los lentes de sol de la temporada. Miralos sin salir del chat.", "Diego"),
            _text("FOOTER", STOP),
            _buttons({"type": "CATALOG", "text": "Ver catálogo"}),
        ],
        quality="GREEN",
    ),
    _template(
        12,
        OPTICIAN,
        "novas_armacoes",
        "MARKETING",
        [
            _body("Olá {{1}}, separamos três armações que combinam com a sua receita.", "Rafael"),
            {
                "type": "CAROUSEL",
                "cards": [
                    _card("leve", "Leve, em titânio", "leve-01"),
                    _card("classica", "Clássica, em acetato", "classica-02"),
                    _card("esporte", "Esporte, com proteção UV", "esporte-03"),
                ],
            },
        ],
        language="pt_BR",
    ),
    _template(
        13,
        OPTICIAN,
        "order_ready",
        "UTILITY",
        [
            _text("HEADER", "Your order", format="TEXT"),
            _body("Hi {{1}}, your glasses are ready. Buy a case too!", "Diego"),
        ],
        language="en",
        status="REJECTED",
        rejected_reason="INCORRECT_CATEGORY",
    ),
    _template(
        14,
        OPTICIAN,
        "promo_cuotas",
        "MARKETING",
        [
            _body("{{1}}, pagá tus lentes en {{2}} cuotas sin interés.", "Diego", "6"),
            _buttons({"type": "COPY_CODE", "example": "CUOTAS6"}),
        ],
        status="DISABLED",
        quality="RED",
    ),
)

#: Deleted at the provider after the portal had learnt of it, so that the deletion comes by webhook.
DELETED = _template(
    15, CLINIC, "turnos_temporada", "UTILITY", [_body("Hola {{1}}, abrimos turnos de verano.", "Carla")]
)

RARE: tuple[JsonObject, ...] = (
    DELETED,
    _template(
        16,
        CLINIC,
        "aviso_demora",
        "UTILITY",
        [_body("{{1}}, el consultorio está demorado {{2}} minutos.", "Carla", "20")],
        status="IN_APPEAL",
    ),
    _template(
        17,
        CLINIC,
        "actualizar_datos",
        "UTILITY",
        [
            _body("Hola {{1}}, necesitamos tu teléfono actualizado.", "Carla"),
            _buttons({"type": "REQUEST_CONTACT_INFO", "text": "Compartir"}),
        ],
        status="PENDING_DELETION",
    ),
    _template(
        18,
        OPTICIAN,
        "mas_vendidos",
        "MARKETING",
        [
            _body("{{1}}, estos son los más vendidos del mes.", "Diego"),
            _buttons({"type": "MPM", "text": "Ver productos"}),
        ],
        status="LIMIT_EXCEEDED",
    ),
    _template(
        19,
        OPTICIAN,
        "lente_recomendado",
        "MARKETING",
        [
            {"type": "HEADER", "format": "PRODUCT"},
            _body("{{1}}, este modelo va con tu receta.", "Diego"),
            _buttons({"type": "SPM", "text": "Ver"}),
        ],
        status="ARCHIVED",
    ),
    _template(
        20,
        OPTICIAN,
        "llamada_asesora",
        "UTILITY",
        [
            _body("{{1}}, si preferís hablamos por teléfono.", "Diego"),
            _buttons({"type": "VOICE_CALL", "text": "Llamar ahora"}),
        ],
        status="LOCKED",
    ),
    _template(
        21,
        OPTICIAN,
        "raspadita",
        "MARKETING",
        [_body("{{1}}, raspá y descubrí tu premio.", "Diego"), {"type": "SCRATCH_CARD", "prize": "estuche"}],
        status="IN_BETA_REVIEW",
    ),
)

TEMPLATES = (*EVERYDAY, *RARE)

#: Whose quality the provider raises while the demo starts for the first time.
IMPROVED = next(template for template in EVERYDAY if template["name"] == "chequeo_anual")
