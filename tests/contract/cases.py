"""The cases of one adapter for the suite that all adapters pass: its fixtures, what is sent for them, what is read in them.

Each adapter has a module `tests/contract/cases_<slug>.py` with one `CASES: Cases`, that of an outside package an entry point
in the group `hsm_portal.provider_cases`. Fixtures are the files of `tests/payloads/<slug>/` (or of `Cases.payloads`): pure
bodies; `*.form.json` holds form fields, whose JSON texts are compared as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from providers.contracts import AccountConfig, Event, OutboundMessage, Provider, WebhookRequest
from providers.errors import Reason
from providers.registry import adapter_class

PAYLOADS = Path(__file__).parents[1] / "payloads"
#: Where an outside package names its cases, under its slug.
OUTSIDE_GROUP = "hsm_portal.provider_cases"
#: When every webhook of the cases comes: some providers' webhooks tell no time of their own.
RECEIVED_AT = datetime(2026, 11, 20, 14, 3, 12, tzinfo=UTC)
WEBHOOK_URL = "https://portal.example/webhooks/provider/0b0e7f9e-6f0e-4d8e-9d55-3c1f3f1f7a10/"


@dataclass(frozen=True)
class RequestCase:
    """A request fixture and the message that must give it.

    `path`: path of the call (with its query). `changed`: fields by dotted path ("messages.0.notifyUrl") whose value in the
    fixture is replaced, `omitted`: those that we do not send; both only for what the fixture's author chose freely.
    """

    fixture: str
    message: OutboundMessage
    path: str
    changed: Mapping[str, Any] = field(default_factory=dict)
    omitted: Sequence[str] = ()


@dataclass(frozen=True)
class AcceptedCase:
    """An answer that takes the message, under this id."""

    fixture: str
    status: int
    provider_message_id: str
    held: bool = False


@dataclass(frozen=True)
class RefusedCase:
    """An answer that does not. `kind`: rejected, throttled, unavailable, uncertain."""

    fixture: str
    status: int
    kind: str
    reason: Reason
    provider_code: str


@dataclass(frozen=True)
class WebhookCase:
    """A webhook fixture and exactly the events in it. `payload` and other raw copies are compared too: build them from the

    fixture. `query`: of the address that it came to.
    """

    fixture: str
    events: Sequence[Event]
    query: str = ""


@dataclass(frozen=True)
class Cases:
    """All of one adapter. `sign` gives the headers that make the body at this address authentic.

    `message` is any message that the adapter sends (for the answers). `elsewhere`: fixtures that are no case here, each with
    the test or reason that covers it. `private`: what must never be in a record of the requests, beside the credentials.
    `shaped`: names of optional credentials that cannot be any text (a private key); the tests with any text leave them out.
    """

    slug: str
    credentials: Mapping[str, str]
    external_id: str
    message: OutboundMessage
    sign: Callable[[bytes, str], Mapping[str, str]]
    requests: Sequence[RequestCase]
    accepted: Sequence[AcceptedCase]
    refused: Sequence[RefusedCase]
    webhooks: Sequence[WebhookCase]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    private: Sequence[str] = ("5491155550100", "Ana", "ORD-1042")
    payloads: Path | None = None
    shaped: Sequence[str] = ()

    @property
    def folder(self) -> Path:
        """Where the fixtures are."""
        return self.payloads or PAYLOADS / self.slug

    def adapter(self, base_url: str = "") -> Provider:
        """The adapter of the fixtures' account."""
        config = AccountConfig(1, self.slug, self.external_id, dict(self.credentials), base_url, 2.0, WEBHOOK_URL)
        return adapter_class(self.slug)(config)

    def body(self, fixture: str) -> bytes:
        """A fixture as it comes over the wire."""
        raw = (self.folder / fixture).read_bytes()
        return urlencode(json.loads(raw)).encode() if fixture.endswith(".form.json") else raw

    def request(self, case: WebhookCase) -> WebhookRequest:
        """The webhook as the portal gets it, signed."""
        url = f"{WEBHOOK_URL}?{case.query}" if case.query else WEBHOOK_URL
        return self.signed(self.body(case.fixture), url, form=case.fixture.endswith(".form.json"))

    def signed(self, body: bytes, url: str = WEBHOOK_URL, *, form: bool = False) -> WebhookRequest:
        """`body` as the provider would send it."""
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        return WebhookRequest(body, {"content-type": kind, **self.sign(body, url)}, url, RECEIVED_AT)


@cache
def cases_of(slug: str) -> Cases:
    """The cases of one adapter."""
    name = f"tests.contract.cases_{slug}"
    if find_spec(name) is not None:
        found: Cases = import_module(name).CASES
        return found
    outside: Cases = entry_points(group=OUTSIDE_GROUP)[slug].load()
    return outside
