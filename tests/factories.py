"""Ready-made rows for tests: keyword-only, each with sound defaults."""

from __future__ import annotations

import itertools
from typing import Any

from providers.contracts import JsonObject
from providers.credentials import credentials_encrypt
from providers.models import ProviderAccount, SenderNumber
from templates_app.models import Template, TemplateStatus
from templates_app.selectors import content_hash

_sequence = itertools.count(1)

CREDENTIALS = {"access_token": "test-token", "app_secret": "test-app-secret", "verify_token": "test-verify-token"}

RETOMAR_TURNO: list[JsonObject] = [
    {
        "type": "BODY",
        "text": "Hola {{1}}, soy {{2}} de Clínica Sur. Retomo tu consulta: tenemos lugar el {{3}}. ¿Te lo reservo?",
        "example": {"body_text": [["Carla", "Ana", "viernes 21, 15:30 h"]]},
    },
    {"type": "FOOTER", "text": "Respondé BAJA para no recibir más"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Sí, reservar"},
            {"type": "QUICK_REPLY", "text": "Ver otros horarios"},
        ],
    },
]


def account_make(*, name: str = "", provider: str = "meta", external_id: str = "", **fields: Any) -> ProviderAccount:
    """An active provider account with credentials."""
    number = next(_sequence)
    return ProviderAccount.objects.create(
        name=name or f"Clínica Sur {number}",
        provider=provider,
        external_id=external_id or f"3019452263{number:05d}",
        credentials=credentials_encrypt(CREDENTIALS),
        **fields,
    )


def sender_number_make(*, account: ProviderAccount | None = None, phone: str = "", **fields: Any) -> SenderNumber:
    """An active sender number of `account` (a new one when not given)."""
    number = next(_sequence)
    fields.setdefault("external_id", f"1065401726{number:05d}")
    return SenderNumber.objects.create(
        account=account or account_make(), phone=phone or f"+5411400{number:05d}", **fields
    )


def template_make(
    *,
    account: ProviderAccount | None = None,
    name: str = "retomar_turno",
    language: str = "es_AR",
    category: str = Template.Category.UTILITY,
    status: str = TemplateStatus.APPROVED,
    components: list[JsonObject] | None = None,
    parameter_format: str = "POSITIONAL",
    **fields: Any,
) -> Template:
    """An approved utility template: "Hola {{1}}, soy {{2}} ... {{3}}. ¿Te lo reservo?" with two quick replies."""
    shown = RETOMAR_TURNO if components is None else components
    fields.setdefault("external_id", f"12748300445{next(_sequence):05d}")
    return Template.objects.create(
        account=account or account_make(),
        name=name,
        language=language,
        category=category,
        status=status,
        components=shown,
        parameter_format=parameter_format,
        content_hash=content_hash(shown, parameter_format),
        **fields,
    )
