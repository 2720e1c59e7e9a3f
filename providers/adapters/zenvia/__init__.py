"""Zenvia's API v2 for WhatsApp (https://zenvia.github.io/zenvia-openapi-spec/v2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from providers.abilities import MediaSource, TemplateDraft
from providers.adapters.zenvia.drafts import changes_body, draft_body
from providers.adapters.zenvia.errors import CODES
from providers.adapters.zenvia.send import KEPT_PATHS, PARTS, answer_read, payload_build
from providers.adapters.zenvia.templates import checked, template_of, templates_read
from providers.adapters.zenvia.webhook import body_parse
from providers.contracts import (
    ALL_MEDIA,
    Accepted,
    AccountConfig,
    BadItem,
    Capabilities,
    CredentialField,
    Event,
    JsonObject,
    MediaContent,
    MediaPointer,
    OutboundMessage,
    Protection,
    RemoteNumber,
    RemoteTemplate,
    WebhookRequest,
)
from providers.errors import ErrorCode
from providers.http import MAX_LIST_BYTES, Answer, Call, call_provider, call_provider_sync
from providers.media_sources import own_source
from providers.parts import media_check
from providers.webhook_protection import secret_protection, secret_verify

BASE_URL = "https://api.zenvia.com"


class Zenvia:
    """One sender at Zenvia. `config.external_id` is its sender id: the number's digits, or its alias."""

    slug: str = "zenvia"
    label: str = "Zenvia"
    capabilities: Capabilities = Capabilities(
        media=ALL_MEDIA,
        parts=PARTS,
        callback_reference=True,
        submit_templates=True,
        edit_templates=True,
        delete_templates=True,
    )
    error_codes: Mapping[str, ErrorCode] = CODES
    credential_fields: Sequence[CredentialField] = (
        CredentialField("api_token", _("API token"), _("In Zenvia's console under Developers, Tokens.")),
        CredentialField(
            "webhook_secret",
            _("Webhook secret"),
            _("Any long word. Enter the same one at Zenvia as the header X-Hook-Secret of both subscriptions."),
            required=False,
        ),
        CredentialField(
            "notification_email",
            _("E-mail for templates"),
            _("Zenvia writes to it when a template that was submitted here is decided on."),
            secret=False,
            required=False,
        ),
    )

    def __init__(self, config: AccountConfig) -> None:
        self.config = config
        self._root = f"{(config.base_url or BASE_URL).rstrip('/')}/v2"
        self._headers = {"X-API-TOKEN": self._credential("api_token")}

    async def send(self, message: OutboundMessage) -> Accepted:
        if isinstance(message.content, MediaContent):
            media_check(message.content, self.capabilities)
        call = Call(
            "POST",
            f"{self._root}/channels/whatsapp/messages",
            headers=self._headers,
            json_body=payload_build(message),
            kept_paths=KEPT_PATHS,
            timeout=self.config.timeout_seconds,
        )
        return answer_read(await call_provider(call))

    def media_source(self, pointer: MediaPointer) -> MediaSource:
        # Their addresses are signed and open by themselves: no key goes along.
        return own_source(pointer.url, hosts=("zenvia.com",), headers={}, base_url=self.config.base_url)

    def webhook_protection(self) -> Protection:
        return secret_protection(self._credential("webhook_secret"))

    def verify_webhook(self, request: WebhookRequest) -> None:
        secret_verify(request, secret=self._credential("webhook_secret"))

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        return body_parse(request)

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        return templates_read(lambda query: self._templates("GET", params={**query, "senderId": self._sender}))

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        return ()

    def submit_template(self, draft: TemplateDraft) -> RemoteTemplate:
        """Create the template; Zenvia looks at it and hands it to WhatsApp for approval."""
        body = draft_body(draft, sender=self._sender, notification_email=self._credential("notification_email"))
        return template_of(self._templates("POST", body=body))

    def edit_template(self, external_id: str, draft: TemplateDraft) -> RemoteTemplate:
        """Change category and components; name and language stay."""
        return template_of(self._templates("PATCH", external_id, body=changes_body(draft)))

    def delete_template(self, external_id: str, *, name: str, language: str) -> None:
        """Delete this one, by its id."""
        answer = self._templates("DELETE", external_id)
        if answer.status != 404:
            checked(answer)

    @property
    def _sender(self) -> str:
        return self.config.external_id.strip()

    def _templates(
        self,
        method: str,
        external_id: str = "",
        *,
        params: Mapping[str, str] | None = None,
        body: JsonObject | None = None,
    ) -> Answer:
        path = f"templates/{quote(external_id, safe='')}" if external_id else "templates"
        return call_provider_sync(
            Call(
                method,
                f"{self._root}/{path}",
                headers=self._headers,
                params=params or {},
                json_body=body,
                timeout=self.config.timeout_seconds,
                max_bytes=MAX_LIST_BYTES,
            )
        )

    def _credential(self, name: str) -> str:
        # A line end pasted with a token would make every call fail before it begins.
        return self.config.credentials.get(name, "").strip()
