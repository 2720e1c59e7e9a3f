"""A Twilio account in the simulator, with the contents of the samples, for the tests of its wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

import httpx

from tests.providers.simulator.server import Arrived, Receiver, SimulatorProcess, sample, until
from tests.providers.simulator.wires.stage import TOKEN, Stage, stage_make

SID = "AC0123456789abcdef0123456789abcdef"
SERVICE = "MG9752274e9e5194189752274e9e519418"
REFERENCE = "0193a1c2-7b1e-7c4f-9a11-2f6f2b8c0001"
MESSAGES = f"/2010-04-01/Accounts/{SID}/Messages"
CONTENTS = sample("twilio", "content-and-approvals")["contents"]
ORDER = "HXb5b62575e6e4ff61b5b62575e6e4ff61"
SETTINGS = {
    "account_sid": SID,
    "messaging_service_sid": SERVICE,
    "api_key_sid": "SK0123456789abcdef0123456789abcdef",
    "api_key_secret": "another-secret",
}


def template(sid: str, name: str, *components: dict[str, Any], **fields: Any) -> dict[str, Any]:
    own = {"language": "es_AR", "category": "UTILITY"}
    return {"id": sid, "name": name, "components": list(components), **own, **fields}


BODY = {"type": "BODY", "text": "Hola {{1}}, tu pedido {{2}} está listo."}
PROMO = {"type": "BODY", "text": "Hola {{1}}, mirá las ofertas de hoy."}
CHECK = {"type": "BODY", "text": "Hola {{1}}, ¿confirmás tu turno del {{2}}?"}
REPLIES = {
    "type": "BUTTONS",
    "buttons": [{"type": "QUICK_REPLY", "text": "Confirmar"}, {"type": "QUICK_REPLY", "text": "Cancelar"}],
}
LINK = {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Ver", "url": "https://tienda.example.com/{{1}}"}]}
TEMPLATES = [
    template(ORDER, "order_update", BODY),
    template(
        CONTENTS[1]["sid"], "promo_noviembre", {"type": "HEADER", "format": "IMAGE"}, PROMO, category="MARKETING",
        status="REJECTED", rejected_reason="INVALID_FORMAT",
    ),
    template(
        CONTENTS[2]["sid"], "turno_confirmar", CHECK, REPLIES, status="PAUSED",
        settings={"types": CONTENTS[2]["types"], "variables": CONTENTS[2]["variables"]},
    ),
    template(CONTENTS[3]["sid"], "borrador", {"type": "BODY", "text": "Hola {{1}}, seguilo acá."}, LINK, status="UNSUBMITTED"),
]  # fmt: skip


@contextmanager
def twilio_stage(simulator: SimulatorProcess, receiver: Receiver) -> Iterator[Stage]:
    stage = stage_make(simulator, receiver, "twilio", settings=SETTINGS, templates=TEMPLATES)
    stage.client.auth = httpx.BasicAuth(SID, TOKEN)
    yield stage
    stage.client.close()


def callback(stage: Stage) -> str:
    return f"{stage.receiver.url}/status?uuid={REFERENCE}"


def send(stage: Stage, name: str = "send-template", **changes: str) -> httpx.Response:
    form = {**sample("twilio", f"{name}.form"), "StatusCallback": callback(stage), **changes}
    return stage.client.post(f"{MESSAGES}.json", data={key: value for key, value in form.items() if value})


def forms(stage: Stage, count: int) -> list[dict[str, str]]:
    """The fields of the first callbacks, once so many have come."""
    until(lambda: len(stage.receiver.arrived) >= count)
    return [fields(webhook) for webhook in stage.receiver.arrived]


def fields(webhook: Arrived) -> dict[str, str]:
    return dict(parse_qsl(webhook.body.decode(), keep_blank_values=True))


def approve(stage: Stage, *sids: str) -> None:
    for sid in sids:
        stage.simulator.post(f"templates/{sid}/status", status="APPROVED")
