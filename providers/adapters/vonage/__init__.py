"""Vonage's Messages API (https://developer.vonage.com/en/messages)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from providers.abilities import MediaSource
from providers.adapters.vonage.errors import CODES
from providers.adapters.vonage.send import KEPT_PATHS, MESSAGES_PATH, answer_read, payload_build
from providers.adapters.vonage.templates import templates_read
from providers.adapters.vonage.tokens import BadKey, bearer_token, signature_verify
from providers.adapters.vonage.webhook import body_parse
from providers.contracts import (
    ALL_MEDIA,
    Accepted,
    AccountConfig,
    BadItem,
    Capabilities,
    CredentialField,
    Event,
    MediaContent,
    MediaPointer,
    OutboundMessage,
    Protection,
    RemoteNumber,
    RemoteTemplate,
    WebhookRequest,
)
from providers.errors import ErrorCode, Park, ProviderCallError, Reason, Unavailable
from providers.http import MAX_LIST_BYTES, Answer, Call, call_provider, call_provider_sync
from providers.media_sources import own_source
from providers.parts import media_check

HOST = "api.nexmo.com"
MEDIA_HOSTS = ("nexmo.com", "vonage.com")


class Vonage:
    """One WhatsApp business account at Vonage. `config.external_id` is the WABA id; senders are phone numbers."""

    slug: str = "vonage"
    label: str = "Vonage"
    capabilities: Capabilities = Capabilities(
        media=ALL_MEDIA,
        callback_reference=True,
        price_reports=True,
        business_scoped_ids=True,
    )
    error_codes: Mapping[str, ErrorCode] = CODES
    credential_fields: Sequence[CredentialField] = (
        CredentialField(
            "application_id",
            _("Application id"),
            _("Vonage dashboard, Applications: the application that the WhatsApp number is linked to."),
            secret=False,
            required=False,
        ),
        CredentialField(
            "private_key",
            _("Private key"),
            _("The whole text of the file private.key of the application. Without it the API key and secret are used."),
            required=False,
        ),
        CredentialField("api_key", _("API key"), _("Vonage dashboard, API settings."), secret=False, required=False),
        CredentialField(
            "api_secret",
            _("API secret"),
            _("Vonage dashboard, API settings. Only needed without a private key."),
            required=False,
        ),
        CredentialField(
            "signature_secret",
            _("Signature secret"),
            _("Vonage dashboard, API settings. Vonage signs its webhooks with it."),
        ),
        CredentialField(
            "host",
            _("API host"),
            _("Of a region: api-eu.nexmo.com, api-us.nexmo.com. Empty: api.nexmo.com."),
            secret=False,
            required=False,
        ),
    )

    def __init__(self, config: AccountConfig) -> None:
        self.config = config
        host = self._credential("host").removeprefix("https://").strip("/") or HOST
        self._root = (config.base_url or f"https://{host}").rstrip("/")

    async def send(self, message: OutboundMessage) -> Accepted:
        if isinstance(message.content, MediaContent):
            media_check(message.content, self.capabilities)
        payload = payload_build(message, webhook_url=self.config.webhook_url, carried=self.capabilities.parts)
        try:
            headers = self._headers()
        except BadKey as error:
            raise Unavailable(Reason.CREDENTIALS, detail=str(error), park=Park.ACCOUNT) from error
        call = Call(
            "POST",
            f"{self._root}{MESSAGES_PATH}",
            headers=headers,
            json_body=payload,
            kept_paths=KEPT_PATHS,
            timeout=self.config.timeout_seconds,
        )
        return answer_read(await call_provider(call))

    def webhook_protection(self) -> Protection:
        return Protection.SIGNATURE

    def verify_webhook(self, request: WebhookRequest) -> None:
        signature_verify(request, secret=self._credential("signature_secret"))

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        return body_parse(request.body)

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        return list(templates_read(self._list))

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        return []

    def media_source(self, pointer: MediaPointer) -> MediaSource:
        try:
            headers = self._headers()
        except BadKey as error:
            raise ProviderCallError(Reason.CREDENTIALS, detail=str(error)) from error
        return own_source(
            pointer.url,
            hosts=MEDIA_HOSTS,
            headers={"Authorization": headers["Authorization"]},
            base_url=self.config.base_url,
        )

    def _list(self, query: Mapping[str, str]) -> Answer:
        try:
            headers = self._headers()
        except BadKey as error:
            raise ProviderCallError(Reason.CREDENTIALS, detail=str(error)) from error
        waba = quote(self.config.external_id, safe="")
        url = f"{self._root}/v2/whatsapp-manager/wabas/{waba}/templates"
        timeout = self.config.timeout_seconds
        return call_provider_sync(
            Call("GET", url, headers=headers, params=query, timeout=timeout, max_bytes=MAX_LIST_BYTES)
        )

    def _headers(self) -> dict[str, str]:
        """A token of the application where the account has its key, basic authentication otherwise."""
        private_key = self._credential("private_key")
        if private_key:
            token = bearer_token(self._credential("application_id"), private_key)
            return {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        pair = f"{self._credential('api_key')}:{self._credential('api_secret')}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}", "Accept": "application/json"}

    def _credential(self, name: str) -> str:
        return self.config.credentials.get(name, "").strip()
