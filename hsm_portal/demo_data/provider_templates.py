"""The three templates of each provider's sample account: a utility one, a marketing one, one with media where that goes."""

from __future__ import annotations

from typing import Any

from providers.contracts import JsonObject

UTILITY, MARKETING, MEDIA = "seguimiento_consulta", "novedades_del_mes", "comprobante"
LANGUAGE = "es_AR"
CDN = "https://cdn.clinicasur.example"
SAMPLE_FILES = {"IMAGE": f"{CDN}/comprobante.jpg", "DOCUMENT": f"{CDN}/comprobante.pdf"}
#: The variables of each text by name, with their samples, in their order.
VARIABLES: dict[str, dict[str, str]] = {
    UTILITY: {"nombre": "Carla", "tema": "tu turno del viernes"},
    MARKETING: {"nombre": "Carla", "descuento": "20%"},
    MEDIA: {"nombre": "Carla"},
}
TEXTS = {
    UTILITY: "Hola {{nombre}}, te escribimos de Grupo Sur por {{tema}}. ¿Seguimos por acá?",
    MARKETING: "{{nombre}}, este mes los controles y los lentes tienen {{descuento}} de descuento. ¿Te contamos más?",
    MEDIA: "Hola {{nombre}}, te dejamos el comprobante de tu visita. Gracias por venir.",
}


def sample_templates(*, label: str, named: bool, replies: bool, media: str, fixed_host: bool) -> list[JsonObject]:
    """As the seed has them. `named`: variables go by name; `replies`: with quick replies; `media`: of the header, or "".

    `fixed_host`: the template holds the beginning of the media's address, and only its end is a variable.
    """
    footer: JsonObject = {"type": "FOOTER", "text": f"{label} · muestra"}
    answers = [_replies("Sí, sigamos", "Más tarde")] if replies else []
    header = [_header(media)] if media else []
    third = _template(MEDIA, "UTILITY", [*header, _body(MEDIA, named)], named)
    return [
        _template(UTILITY, "UTILITY", [_body(UTILITY, named), *answers], named),
        _template(MARKETING, "MARKETING", [_body(MARKETING, named), *([footer] if replies else [])], named),
        {**third, "settings": _content(media)} if fixed_host else third,
    ]


def variable_keys(name: str, *, named: bool) -> dict[str, str]:
    """The variables of a template's text with their samples, by the keys that a send uses."""
    pairs = enumerate(VARIABLES[name].items(), start=1)
    return {f"body.{variable if named else place}": sample for place, (variable, sample) in pairs}


def text_of(name: str, *, named: bool) -> str:
    """The text of a template, its variables by name or by number."""
    text = TEXTS[name]
    for place, variable in enumerate(VARIABLES[name], start=1):
        text = text if named else text.replace(f"{{{{{variable}}}}}", f"{{{{{place}}}}}")
    return text


def _template(name: str, category: str, components: list[JsonObject], named: bool) -> JsonObject:
    settings: dict[str, Any] = {"examples": dict(VARIABLES[name])} if named else {}
    return {
        "name": name,
        "language": LANGUAGE,
        "category": category,
        "status": "APPROVED",
        "quality": "GREEN",
        "parameter_format": "NAMED" if named else "POSITIONAL",
        "components": components,
        "settings": settings,
    }


def _content(media: str) -> JsonObject:
    """The third template in the words of the Content API."""
    host, _slash, file = SAMPLE_FILES[media].rpartition("/")
    place = len(VARIABLES[MEDIA]) + 1
    content = {"body": text_of(MEDIA, named=False), "media": [f"{host}/{{{{{place}}}}}"]}
    samples = dict(zip(("1",), VARIABLES[MEDIA].values(), strict=True)) | {str(place): file}
    return {"types": {"twilio/media": content}, "variables": samples}


def _body(name: str, named: bool) -> JsonObject:
    samples = VARIABLES[name]
    example: JsonObject = {"body_text": [list(samples.values())]}
    if named:
        pairs = [{"param_name": variable, "example": sample} for variable, sample in samples.items()]
        example = {"body_text_named_params": pairs}
    return {"type": "BODY", "text": text_of(name, named=named), "example": example}


def _header(media: str) -> JsonObject:
    return {"type": "HEADER", "format": media, "example": {"header_handle": [SAMPLE_FILES[media]]}}


def _replies(*texts: str) -> JsonObject:
    return {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": text} for text in texts]}
