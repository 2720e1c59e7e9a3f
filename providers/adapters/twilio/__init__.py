"""Twilio's Programmable Messaging for WhatsApp (https://www.twilio.com/docs/whatsapp)."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from providers.abilities import LookUp, LookUpAnswer, MediaSource, TemplateDraft
from providers.adapters.twilio.errors import CODES
from providers.adapters.twilio.look_up import message_look_up
from providers.adapters.twilio.send import KEPT_PATHS, answer_read, form_build
from providers.adapters.twilio.templates import template_delete, template_edit, template_submit, templates_read
from providers.adapters.twilio.usage import usage_read
from providers.adapters.twilio.webhook import form_parse, signature_verify
from providers.contracts import (
    ALL_MEDIA,
    Accepted,
    AccountConfig,
    BadItem,
    Capabilities,
    CredentialField,
    Event,
    JsonObject,
    MediaPointer,
    OutboundMessage,
    Protection,
    RemoteNumber,
    RemoteTemplate,
    WebhookRequest,
)
from providers.errors import ErrorCode, ProviderCallError, SendError
from providers.http import MAX_LIST_BYTES, Answer, Call, call_provider, call_provider_sync
from providers.media_sources import own_source
from providers.usage import Usage

API_URL = "https://api.twilio.com"
CONTENT_URL = "https://content.twilio.com"
MEDIA_HOSTS = ("twilio.com",)

#: Twilio's pages name no time after which a message that is not in its list was never taken: so it never proves that.
ABSENCE_PROVES_AFTER: float | None = None

CARRIED = frozenset(
    {
        "header_text",
        "header_image",
        "header_video",
        "header_document",
        "body",
        "button_url",
        "button_quick_reply",
        "button_copy_code",
        "carousel",
    }
)


class Twilio:
    """One account (or subaccount) at Twilio. `config.external_id` is the account sid (AC...)."""

    slug: str = "twilio"
    label: str = "Twilio"
    capabilities: Capabilities = Capabilities(
        media=ALL_MEDIA,
        parts=CARRIED,
        look_up=True,
        usage=True,
        absence_proves_after=ABSENCE_PROVES_AFTER,
        callback_reference=True,
        submit_templates=True,
        edit_templates=True,
        delete_templates=True,
        business_scoped_ids=True,
    )
    error_codes: Mapping[str, ErrorCode] = CODES
    credential_fields: Sequence[CredentialField] = (
        CredentialField(
            "auth_token",
            _("Auth token"),
            _("The account's primary one (Console, Account info); it signs the webhooks."),
        ),
        CredentialField(
            "api_key_sid",
            _("API key"),
            _("SK..., from API keys and tokens. Empty: calls are made with the auth token."),
            secret=False,
            required=False,
        ),
        CredentialField("api_key_secret", _("API key's secret"), _("Shown once when the key is made."), required=False),
        CredentialField(
            "messaging_service_sid",
            _("Messaging Service"),
            _("MG..., if messages go through one; the sender numbers must be in its pool. Usually empty."),
            secret=False,
            required=False,
        ),
    )

    def __init__(self, config: AccountConfig) -> None:
        self.config = config
        api = (config.base_url or API_URL).rstrip("/")
        self._account_url = f"{api}/2010-04-01/Accounts/{quote(config.external_id, safe='')}"
        self._content_root = (config.base_url or CONTENT_URL).rstrip("/")
        self._headers = {"Authorization": self._authorization()}

    async def send(self, message: OutboundMessage) -> Accepted:
        form = form_build(
            message,
            webhook_url=self.config.webhook_url,
            messaging_service=self._credential("messaging_service_sid"),
            capabilities=self.capabilities,
        )
        call = Call(
            "POST",
            f"{self._account_url}/Messages.json",
            headers=self._headers,
            form=form,
            kept_paths=KEPT_PATHS,
            timeout=self.config.timeout_seconds,
        )
        return answer_read(await call_provider(call))

    async def look_up(self, message: LookUp) -> LookUpAnswer:
        return await message_look_up(self._get, message)

    def media_source(self, pointer: MediaPointer) -> MediaSource:
        # The address leads on to one that is signed for a while.
        return own_source(pointer.url, hosts=MEDIA_HOSTS, headers=self._headers, base_url=self.config.base_url)

    def webhook_protection(self) -> Protection:
        return Protection.SIGNATURE

    def verify_webhook(self, request: WebhookRequest) -> None:
        signature_verify(request, auth_token=self._credential("auth_token"))

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        return form_parse(request)

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        return templates_read(self._ask)

    def submit_template(self, draft: TemplateDraft) -> RemoteTemplate:
        return template_submit(self._ask, draft)

    def edit_template(self, external_id: str, draft: TemplateDraft) -> RemoteTemplate:
        return template_edit(self._ask, external_id, draft)

    def delete_template(self, external_id: str, *, name: str, language: str) -> None:
        template_delete(self._ask, external_id)

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        return ()

    def fetch_usage(self, first: date, last: date, *, zone: str) -> Usage:
        return usage_read(self._records, first, last)

    def _records(self, query: dict[str, str]) -> Answer:
        return call_provider_sync(
            Call(
                "GET",
                f"{self._account_url}/Usage/Records/Daily.json",
                headers=self._headers,
                params=query,
                timeout=self.config.timeout_seconds,
                max_bytes=MAX_LIST_BYTES,
            )
        )

    async def _get(self, path: str, query: dict[str, str]) -> Answer:
        url = f"{self._account_url}/{path}"
        call = Call("GET", url, headers=self._headers, params=query, timeout=self.config.timeout_seconds)
        try:
            return await call_provider(call)
        except SendError as error:
            raise ProviderCallError(error.reason, detail=error.detail, exchange=error.exchange) from error

    def _ask(self, method: str, path: str, query: dict[str, str], body: JsonObject | None) -> Answer:
        return call_provider_sync(
            Call(
                method,
                f"{self._content_root}{path}",
                headers=self._headers,
                params=query,
                json_body=body,
                timeout=self.config.timeout_seconds,
                max_bytes=MAX_LIST_BYTES,
            )
        )

    def _authorization(self) -> str:
        key, secret = self._credential("api_key_sid"), self._credential("api_key_secret")
        if not key or not secret:
            key, secret = self.config.external_id, self._credential("auth_token")
        return f"Basic {base64.b64encode(f'{key}:{secret}'.encode()).decode()}"

    def _credential(self, name: str) -> str:
        # A line end pasted with a token would make every call fail before it begins.
        return self.config.credentials.get(name, "").strip()
