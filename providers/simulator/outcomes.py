"""What happens to a message, chosen by the last two digits of its recipient. The one table of these outcomes.

Digits that are not in the table (50 to 99) are plain deliveries: ``sent`` and ``delivered``, and ``read`` for the share
of them that the knob ``read_share`` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# How the answer to an accepted message reaches the client, or does not.
Answer = Literal["normal", "never", "close", "reset", "html_500", "half", "junk", "slow"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One fate: the words for people, and what to do with answer and statuses."""

    english: str
    spanish: str
    refused: int | None = None
    gateway_error: bool = False
    answer: Answer = "normal"
    held: bool = False
    statuses: tuple[str, ...] = ("sent", "delivered")
    failure: int | None = None
    bsuid_only: bool = False


def _refused(code: int, english: str, spanish: str) -> Outcome:
    return Outcome(f"Refused, {code}: {english}", f"Rechazado, {code}: {spanish}", refused=code, statuses=())


def _failed(code: int, english: str, spanish: str) -> Outcome:
    return Outcome(
        f"Accepted, then failed {code}: {english}",
        f"Aceptado, luego falla {code}: {spanish}",
        statuses=("failed",),
        failure=code,
    )


PLAIN = Outcome("Delivered", "Entregado")
PLAIN_READ = Outcome("Delivered, then read", "Entregado y luego leído", statuses=("sent", "delivered", "read"))
STOPPED = _failed(131050, "the customer stopped marketing messages", "el cliente dejó de aceptar promociones")

OUTCOMES: dict[str, Outcome] = {
    "00": PLAIN_READ,
    "01": Outcome("Read without delivered", "Leído sin entregado", statuses=("sent", "read")),
    "02": _failed(131026, "not on WhatsApp", "no está en WhatsApp"),
    "03": _failed(131049, "per-user marketing limit", "límite de promociones por persona"),
    "04": STOPPED,
    "05": _refused(130429, "throughput of the number", "velocidad del número"),
    "06": _refused(131056, "too many to the same person", "demasiados a la misma persona"),
    "07": Outcome(
        "Accepted, the answer never comes",
        "Aceptado, la respuesta no llega nunca",
        answer="never",
        statuses=("sent", "delivered", "read"),
    ),
    "08": _refused(131000, "unknown error (HTTP 500)", "error desconocido (HTTP 500)"),
    "09": Outcome(
        "Held for quality, then failed 132015",
        "Retenido por calidad, luego falla 132015",
        held=True,
        statuses=("failed",),
        failure=132015,
    ),
    "10": Outcome(
        "Held for quality, then released",
        "Retenido por calidad, luego liberado",
        held=True,
        statuses=("sent", "delivered", "read"),
    ),
    "11": Outcome(
        "Delivered; webhooks carry no phone, only the user id",
        "Entregado; los avisos no traen teléfono, sólo el id de usuario",
        bsuid_only=True,
        statuses=("sent", "delivered", "read"),
    ),
    "12": Outcome("Delivered, never read", "Entregado, nunca leído"),
    "13": Outcome("Sent, never delivered", "Enviado, nunca entregado", statuses=("sent",)),
    "14": Outcome("Accepted, then silence", "Aceptado, después silencio", statuses=()),
    "15": Outcome(
        "Sent, then failed 131000",
        "Enviado, luego falla 131000",
        statuses=("sent", "failed"),
        failure=131000,
    ),
    "16": _refused(131031, "account locked", "cuenta bloqueada"),
    "17": _refused(368, "account blocked for policy", "cuenta bloqueada por políticas"),
    "18": _refused(190, "token expired", "token vencido"),
    "19": _refused(131042, "payment problem", "problema de pago"),
    "20": _refused(132015, "template paused", "plantilla pausada"),
    "21": _refused(131048, "number restricted for spam", "número limitado por spam"),
    "22": _refused(132016, "template disabled", "plantilla deshabilitada"),
    "23": _refused(131016, "service unavailable", "servicio no disponible"),
    "24": Outcome(
        "Accepted, answered HTTP 500 without JSON",
        "Aceptado, responde HTTP 500 sin JSON",
        answer="html_500",
        statuses=("sent", "delivered", "read"),
    ),
    "25": Outcome(
        "Accepted, connection closed without an answer",
        "Aceptado, conexión cerrada sin respuesta",
        answer="close",
        statuses=("sent", "delivered", "read"),
    ),
    "26": Outcome(
        "Accepted, slow answer", "Aceptado, respuesta lenta", answer="slow", statuses=("sent", "delivered", "read")
    ),
    "27": Outcome(
        "Accepted, the answer breaks off half way",
        "Aceptado, la respuesta se corta por la mitad",
        answer="half",
        statuses=("sent", "delivered", "read"),
    ),
    "28": Outcome(
        "Accepted, the answer is not JSON",
        "Aceptado, la respuesta no es JSON",
        answer="junk",
        statuses=("sent", "delivered", "read"),
    ),
    "29": _failed(130472, "part of an experiment", "parte de un experimento"),
    "30": _failed(131042, "payment problem", "problema de pago"),
    "31": _failed(131048, "number restricted for spam", "número limitado por spam"),
    "32": _failed(131053, "media could not be fetched", "no se pudo bajar el archivo"),
    "33": _refused(131026, "undeliverable", "no se puede entregar"),
    "34": _refused(4, "calls per hour of the app", "llamadas por hora de la aplicación"),
    "35": _refused(80007, "rate limit of the account", "límite de la cuenta"),
    "36": _refused(131057, "number in maintenance", "número en mantenimiento"),
    "37": _refused(2, "temporary outage (HTTP 503)", "caída temporal (HTTP 503)"),
    "38": _refused(131030, "not in the allowed list", "fuera de la lista de prueba"),
    "39": _refused(130497, "country not allowed", "país no permitido"),
    "40": Outcome(
        "Not accepted, HTTP 502 without JSON", "No aceptado, HTTP 502 sin JSON", gateway_error=True, statuses=()
    ),
    "41": Outcome(
        "Accepted, no answer and no webhook ever",
        "Aceptado, sin respuesta ni avisos, nunca",
        answer="close",
        statuses=(),
    ),
    "42": Outcome(
        "Failed 131026, then delivered after all",
        "Falla 131026 y al final se entrega",
        statuses=("failed", "delivered"),
        failure=131026,
    ),
    "43": _refused(131045, "registration of the number", "registro del número"),
    "44": _refused(133010, "number not registered", "número no registrado"),
    "45": _refused(10, "permission missing", "falta un permiso"),
    "46": _refused(200, "no permission on the account", "sin permiso sobre la cuenta"),
    "47": _refused(131063, "marketing disabled on this API", "promociones deshabilitadas en esta API"),
    "48": _refused(131064, "template misclassification limit", "límite por plantillas mal clasificadas"),
    "49": _refused(131005, "access denied", "acceso denegado"),
}


def outcome_for(recipient: str) -> Outcome:
    """The outcome for a phone number or business-scoped user id."""
    return OUTCOMES.get(recipient[-2:], PLAIN)
