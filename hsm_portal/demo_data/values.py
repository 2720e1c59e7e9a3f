"""The values that the sample sends fill their templates with."""

from __future__ import annotations

from collections.abc import Mapping

#: Templates that take a clinic's query up again, the usual one most often.
CLINIC_RECONTACTS = ("retomar_turno", "retomar_turno", "retomar_turno", "recordatorio_estudio", "resultado_disponible")
SHOP_RECONTACT = "retomar_pedido"
CLINIC_MARKETING = "chequeo_anual"
SHOP_MARKETING = "catalogo_lentes"
BRAZILIAN_MARKETING = "novas_armacoes"


def values_for(template: str, *, customer: str, agent: str, data: Mapping[str, str]) -> dict[str, str]:
    """Values by variable key for the template of this name; `customer` and `agent` are first names."""
    date, study = data.get("fecha", "lunes, 10:00 h"), data.get("estudio", "control clínico")
    values: dict[str, dict[str, str]] = {
        "retomar_turno": {"body.1": customer, "body.2": agent, "body.3": date},
        "recordatorio_estudio": {
            "header.nombre": customer,
            "body.estudio": study,
            "body.fecha": date,
            "button.0.url": "preparacion",
        },
        "resultado_disponible": {
            "header.document": "https://cdn.clinicasur.example/informes/informe.pdf",
            "header.document.filename": "Informe.pdf",
            "body.1": customer,
            "body.2": study,
        },
        "retomar_pedido": {"body.1": customer, "body.2": agent, "body.3": data.get("pedido", "OS-1500")},
        "chequeo_anual": {
            "header.image": "https://cdn.clinicasur.example/chequeo.jpg",
            "body.1": customer,
            "body.2": "30%",
        },
        "catalogo_lentes": {"body.1": customer},
        "novas_armacoes": {"body.1": customer, **_carousel("leve", "classica", "esporte")},
    }
    return values[template]


def _carousel(*names: str) -> dict[str, str]:
    return {
        key: value
        for index, name in enumerate(names)
        for key, value in (
            (f"card.{index}.header.image", f"https://cdn.opticasur.example/{name}.jpg"),
            (f"card.{index}.button.1.url", f"{name}-0{index + 1}"),
        )
    }
