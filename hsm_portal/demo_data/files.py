"""What a customer of Ana's sends in: a picture and a document, by webhook, fetched by the worker as any other."""

from __future__ import annotations

import base64
from pathlib import Path

from customer_service.models import InboundMessage
from hsm_portal.demo_data.simulator import Simulator
from recontact.clock import database_now
from recontact.models import Query, ServiceWindow

ORDER = Path(__file__).with_name("orden_medica.png")
HISTORY = Path(__file__).with_name("historia_clinica.pdf")
PICTURE, DOCUMENT = "image", "document"
DOCUMENT_NAME = "historia-clinica-de-muestra.pdf"
#: Conversations in which the agent asked for the doctor's order.
SUBJECTS = ("Resonancia de rodilla", "Turno con traumatología")


def files_arrive(*, simulator: Simulator) -> int:
    """Let one customer with an open window send both, once. Returns how many files the provider was given."""
    if InboundMessage.objects.filter(kind=PICTURE).exists():
        return 0
    query = _query()
    if query is None:
        return 0
    who = {
        "phone_number_id": query.sender_number.external_id,
        "from": query.customer.wa_id or query.customer.bsuid,
    }
    simulator.post("inbound", **who, type=PICTURE, text="Acá va la foto de la orden", media=_content(ORDER))
    simulator.post("inbound", **who, type=DOCUMENT, media={"name": DOCUMENT_NAME, **_content(HISTORY)})
    return 2


def _content(path: Path) -> dict[str, str]:
    return {"base64": base64.b64encode(path.read_bytes()).decode()}


def _query() -> Query | None:
    """Ana's conversation about such an order, or else her latest one, in which the customer wrote within the last day."""
    opened = ServiceWindow.objects.filter(expires_at__gt=database_now()).values("customer_id")
    rows = Query.objects.filter(
        assigned_to__username="ana", state=Query.State.IN_PROGRESS, customer__in=opened, customer__phone__isnull=False
    ).select_related("customer", "sender_number")
    latest = list(rows.order_by("-activity_at", "-pk"))
    return next((query for query in latest if query.subject in SUBJECTS), latest[0] if latest else None)
