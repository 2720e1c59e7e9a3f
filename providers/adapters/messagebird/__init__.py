"""Bird's Channels API (https://docs.bird.com/api/channels-api), formerly MessageBird, WhatsApp channels."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from providers.abilities import LookUp, LookUpAnswer, MediaSource
from providers.adapters.messagebird.errors import CODES
from providers.adapters.messagebird.look_up import found_by_id, found_by_list
from providers.adapters.messagebird.send import KEPT_PATHS, PARTS, answer_read, payload_build
from providers.adapters.messagebird.templates import templates_read
from providers.adapters.messagebird.webhook import body_parse, signature_verify
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
from providers.errors import ErrorCode, Reason
from providers.http import MAX_LIST_BYTES, Answer, Call, call_provider, call_provider_sync
from providers.media_sources import own_source
from providers.parts import media_check
from providers.policy import error_of

BASE_URL = "https://api.bird.com"
MEDIA_HOSTS = ("bird.com",)


class MessageBird:
    """One Bird workspace. `config.external_id` is the workspace id; a sender's external id is its channel id."""

    slug: str = "messagebird"
    label: str = "Bird (MessageBird)"
    capabilities: Capabilities = Capabilities(media=ALL_MEDIA, parts=PARTS, look_up=True, callback_reference=True)
    error_codes: Mapping[str, ErrorCode] = CODES
    credential_fields: Sequence[CredentialField] = (
        CredentialField(
            "access_key", _("Access key"), _("Of the workspace (Settings, Security, Access keys); starts every call.")
        ),
        CredentialField(
            "signing_key",
            _("Signing key"),
            _("The key that was entered when the webhook subscriptions were made; Bird signs with it."),
        ),
    )

    def __init__(self, config: AccountConfig) -> None:
        self.config = config
        root = (config.base_url or BASE_URL).rstrip("/")
        self._workspace = f"{root}/workspaces/{quote(config.external_id, safe='')}"
        self._headers = {"Authorization": f"AccessKey {self._credential('access_key')}"}

    async def send(self, message: OutboundMessage) -> Accepted:
        if isinstance(message.content, MediaContent):
            media_check(message.content, self.capabilities)
        if not self.config.external_id or not message.sender_external_id:
            problem = "The workspace id or the number's channel id is missing."
            raise error_of(ErrorCode(Reason.CONFIGURATION), detail=problem)
        call = Call(
            "POST",
            f"{self._channel(message.sender_external_id)}/messages",
            headers=self._headers,
            json_body=payload_build(message),
            kept_paths=KEPT_PATHS,
            timeout=self.config.timeout_seconds,
        )
        return answer_read(await call_provider(call))

    def webhook_protection(self) -> Protection:
        return Protection.SIGNATURE

    def verify_webhook(self, request: WebhookRequest) -> None:
        # Behind a proxy the address as it came in may differ from the one that Bird was given.
        addresses = (request.url, self.config.webhook_url)
        signature_verify(request, key=self._credential("signing_key"), addresses=addresses)

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        return body_parse(request.body)

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        return templates_read(lambda path, query: self._get(f"{self._workspace}/{path}", query))

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        return ()

    async def look_up(self, message: LookUp) -> LookUpAnswer:
        channel = self._channel(message.sender_external_id)
        find = found_by_id if message.provider_message_id else found_by_list
        return await asyncio.to_thread(
            partial(find, lambda path, query: self._get(f"{channel}/{path}", query), message)
        )

    def media_source(self, pointer: MediaPointer) -> MediaSource:
        return own_source(pointer.url, hosts=MEDIA_HOSTS, headers=self._headers, base_url=self.config.base_url)

    def _channel(self, channel_id: str) -> str:
        return f"{self._workspace}/channels/{quote(channel_id, safe='')}"

    def _get(self, url: str, query: Mapping[str, str]) -> Answer:
        timeout = self.config.timeout_seconds
        return call_provider_sync(
            Call("GET", url, headers=self._headers, params=query, timeout=timeout, max_bytes=MAX_LIST_BYTES)
        )

    def _credential(self, name: str) -> str:
        return self.config.credentials.get(name, "").strip()
