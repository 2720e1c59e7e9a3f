"""Clickatell's One API for WhatsApp (https://docs.clickatell.com/channels/one-api/)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from providers.abilities import LookUp, LookUpAnswer
from providers.adapters.clickatell.errors import CODES
from providers.adapters.clickatell.look_up import answer_read
from providers.adapters.clickatell.send import KEPT_PATHS, Outcome, message_build, outcomes_read, together
from providers.adapters.clickatell.webhook import body_parse
from providers.contracts import (
    Accepted,
    AccountConfig,
    BadItem,
    Capabilities,
    CredentialField,
    Event,
    JsonObject,
    OutboundMessage,
    Protection,
    RemoteNumber,
    RemoteTemplate,
    WebhookRequest,
)
from providers.errors import ErrorCode, ProviderCallError, Reason, Rejected, SendError, Unavailable
from providers.http import Call, call_provider
from providers.webhook_protection import secret_protection, secret_verify

BASE_URL = "https://platform.clickatell.com"


class Clickatell:
    """One integration at Clickatell: its API key fixes the sender. `config.external_id` is the integration's id."""

    slug: str = "clickatell"
    label: str = "Clickatell"
    capabilities: Capabilities = Capabilities(
        parts=frozenset({"body"}),
        look_up=True,
        callback_reference=True,
        bulk_limit=200,
        list_templates=False,
    )
    error_codes: Mapping[str, ErrorCode] = CODES
    credential_fields: Sequence[CredentialField] = (
        CredentialField("api_key", _("API key"), _("Of the integration (Setups, WhatsApp, API integration).")),
        CredentialField(
            "webhook_secret",
            _("Webhook secret"),
            _("Clickatell signs nothing: put https://hsm:SECRET@... into the address of both callbacks."),
            required=False,
        ),
    )

    def __init__(self, config: AccountConfig) -> None:
        self.config = config
        self._messages_url = f"{(config.base_url or BASE_URL).rstrip('/')}/v1/message"
        # The key stands there by itself, without "Bearer".
        self._headers = {"Authorization": self._credential("api_key"), "Accept": "application/json"}

    async def send(self, message: OutboundMessage) -> Accepted:
        outcome = (await self.send_many([message]))[0]
        if isinstance(outcome, SendError):
            raise outcome
        return outcome

    async def send_many(self, messages: Sequence[OutboundMessage]) -> list[Outcome]:
        built: dict[str, JsonObject] = {}
        refused: dict[str, Outcome] = {}
        for message in messages:
            try:
                built[message.reference] = message_build(message, self.capabilities)
            except Rejected as error:
                refused[message.reference] = error
        fit = [message for message in messages if message.reference in built]
        sent = fit[: together(fit)]
        for message in fit[len(sent) :]:
            detail = "It goes in a smaller request: a larger one was refused because of one of its messages."
            refused[message.reference] = Unavailable(Reason.NOT_STARTED, detail=detail)
        answered = await self._call([built[message.reference] for message in sent], sent) if sent else []
        outcomes = refused | {message.reference: outcome for message, outcome in zip(sent, answered, strict=True)}
        return [outcomes[message.reference] for message in messages]

    async def look_up(self, message: LookUp) -> LookUpAnswer:
        if not message.provider_message_id:
            return LookUpAnswer()
        url = f"{self._messages_url}/{quote(message.provider_message_id, safe='')}"
        try:
            answer = await call_provider(Call("GET", url, headers=self._headers, timeout=self.config.timeout_seconds))
        except SendError as error:
            raise ProviderCallError(error.reason, detail=error.detail, exchange=error.exchange) from error
        return answer_read(answer, message)

    def webhook_protection(self) -> Protection:
        return secret_protection(self._credential("webhook_secret"))

    def verify_webhook(self, request: WebhookRequest) -> None:
        secret_verify(request, secret=self._credential("webhook_secret"))

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        return body_parse(request.body)

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        return ()

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        return ()

    async def _call(self, built: list[JsonObject], messages: Sequence[OutboundMessage]) -> list[Outcome]:
        call = Call(
            "POST",
            self._messages_url,
            headers=self._headers,
            json_body={"messages": built},
            kept_paths=KEPT_PATHS,
            timeout=self.config.timeout_seconds,
        )
        try:
            answer = await call_provider(call)
        except SendError as error:
            return [error for _message in messages]
        return outcomes_read(answer, messages)

    def _credential(self, name: str) -> str:
        # A line end pasted with a key would make every call fail before it begins.
        return self.config.credentials.get(name, "").strip()
