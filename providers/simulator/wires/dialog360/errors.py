"""360dialog's own errors; all others are Meta's, passed through."""

from __future__ import annotations

from providers.simulator.documents import Json
from providers.simulator.refusal import Refusal
from providers.simulator.wires.meta.errors import graph_answer

UNPAID = (
    "Could not send message due to lack of payment. Messaging can resume once overdue invoices towards 360dialog are "
    "settled. Please reach out to our integration partner."
)
OWN_ERRORS: dict[int, tuple[int, str]] = {
    104: (401, "Invalid api_key"),
    190: (401, "Invalid api_key"),
    4: (400, "You have exceeded the endpoint rate limit."),
    131042: (400, UNPAID),
}


def error_answer(refusal: Refusal) -> tuple[int, Json]:
    """HTTP status and body."""
    own = OWN_ERRORS.get(refusal.code)
    if own is None:
        return graph_answer(refusal)
    status, text = own
    return status, {"meta": {"success": False, "http_code": status, "developer_message": text}}
