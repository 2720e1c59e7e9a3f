"""A provider made for tests of the portal's own parts: what it answers is set on its class."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest

from providers import registry
from providers.abilities import Finding
from providers.contracts import (
    Accepted,
    AccountConfig,
    BadItem,
    BadSignature,
    Capabilities,
    CredentialField,
    Event,
    OutboundMessage,
    Protection,
    RemoteNumber,
    RemoteTemplate,
    WebhookRequest,
)
from providers.errors import ErrorCode, Reason

SLUG = "stub"


class StubProvider:
    """Answers what the test put on the class. A list that is an exception is raised."""

    slug = SLUG
    label = "Stub"
    capabilities = Capabilities(list_numbers=True)
    credential_fields: Sequence[CredentialField] = (CredentialField("api_key", "API key"),)
    error_codes: Mapping[str, ErrorCode] = {"7": ErrorCode(Reason.BILLING, "NO_MONEY")}

    numbers: ClassVar[Any] = ()
    templates: ClassVar[Any] = ()
    protection = Protection.SIGNATURE

    def __init__(self, config: AccountConfig) -> None:
        self.config = config

    async def send(self, message: OutboundMessage) -> Accepted:
        return Accepted(f"stub-{message.reference}")

    def webhook_protection(self) -> Protection:
        return self.protection

    def verify_webhook(self, request: WebhookRequest) -> None:
        if self.protection is not Protection.PATH:
            raise BadSignature("no signature")

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        return []

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return query.get("challenge")

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        return _listed(self.templates)

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        return _listed(self.numbers)


class DiagnosingProvider(StubProvider):
    """One that can say more than its lists do."""

    findings: ClassVar[Sequence[Finding]] = ()

    def diagnose(self, *, webhook_url: str, sender_external_ids: Sequence[str]) -> Iterable[Finding]:
        return self.findings


@contextmanager
def stub_registered(monkeypatch: pytest.MonkeyPatch, adapter: type[StubProvider], **answers: Any) -> Iterator[None]:
    """Make `adapter` the provider "stub", with these attributes."""
    for name, value in answers.items():
        monkeypatch.setattr(adapter, name, value)
    monkeypatch.setitem(registry.ADAPTERS, SLUG, f"{adapter.__module__}.{adapter.__name__}")
    registry_forget()
    try:
        yield
    finally:
        monkeypatch.delitem(registry.ADAPTERS, SLUG)
        registry_forget()


def registry_forget() -> None:
    """Let the registry look again at what there is."""
    for cached in (registry.adapter_paths, registry.adapter_class, registry.providers_available):
        cached.cache_clear()


def _listed(answer: Any) -> Iterable[Any]:
    if isinstance(answer, Exception):
        raise answer
    return list(answer)
