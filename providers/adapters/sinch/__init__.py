"""The Sinch Conversation API (https://developers.sinch.com/docs/conversation), WhatsApp channel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from providers.abilities import LookUp, LookUpAnswer, MediaSource
from providers.adapters.sinch.auth import Access
from providers.adapters.sinch.errors import CODES
from providers.adapters.sinch.look_up import found_by_id, found_by_list
from providers.adapters.sinch.send import KEPT_PATHS, PARTS, answer_read, payload_build
from providers.adapters.sinch.templates import templates_read
from providers.adapters.sinch.webhook import body_parse, signature_verify
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
from providers.errors import ErrorCode, ProviderCallError, Reason, SendError
from providers.http import MAX_LIST_BYTES, Answer, Call, call_provider, call_provider_sync
from providers.media_sources import own_source
from providers.parts import media_check
from providers.policy import error_of

REGIONS = ("us", "eu", "br")
TOKEN_URL = "https://auth.sinch.com"  # noqa: S105 - an address
PROVISIONING_URL = "https://provisioning.api.sinch.com"
# For testing: Sinch limits it heavily.
BASIC = "basic"


class Sinch:
    """One app of a Sinch project. `config.external_id` is the app id."""

    slug: str = "sinch"
    label: str = "Sinch"
    capabilities: Capabilities = Capabilities(
        captions=frozenset(),
        media=ALL_MEDIA,
        parts=PARTS,
        look_up=True,
        callback_reference=True,
    )
    error_codes: Mapping[str, ErrorCode] = CODES
    credential_fields: Sequence[CredentialField] = (
        CredentialField(
            "project_id", _("Project id"), _("In the Sinch dashboard, beside the project's name."), secret=False
        ),
        CredentialField(
            "key_id", _("Access key id"), _("Of an access key of the project (Settings, Access keys)."), secret=False
        ),
        CredentialField("key_secret", _("Access key secret"), _("Shown once, when the access key is made.")),
        CredentialField(
            "webhook_secret",
            _("Webhook secret"),
            _("The secret that is entered with the app's webhook; Sinch signs with it."),
        ),
        CredentialField(
            "region",
            _("Region"),
            _("Of the app: us, eu or br. Empty: us."),
            secret=False,
            required=False,
        ),
        CredentialField(
            "authentication",
            _("Authentication"),
            _("oauth2 or basic. Empty: oauth2. Basic is for tests only: Sinch limits it heavily."),
            secret=False,
            required=False,
        ),
    )

    def __init__(self, config: AccountConfig) -> None:
        self.config = config
        self._region = self._credential("region").lower() or REGIONS[0]
        token_url = f"{config.base_url or TOKEN_URL}".rstrip("/") + "/oauth2/token"
        basic = self._credential("authentication").lower() == BASIC
        self._access = Access(self._credential("key_id"), self._credential("key_secret"), "" if basic else token_url)

    async def send(self, message: OutboundMessage) -> Accepted:
        if isinstance(message.content, MediaContent):
            media_check(message.content, self.capabilities)
        self._check_settings()
        body = payload_build(message, self.config.external_id)
        began = time.monotonic()
        kept = self._access.kept_headers()
        headers = kept or await self._access.token_headers(self.config.timeout_seconds / 2)
        call = Call(
            "POST",
            f"{self._project()}/messages:send",
            headers=headers,
            json_body=body,
            kept_paths=KEPT_PATHS,
            timeout=self.config.timeout_seconds - (time.monotonic() - began),
        )
        answer = await call_provider(call)
        if answer.status == 401 and self._access.token_url:
            self._access.forget()
            if kept is not None:
                raise _token_ended(answer)
        return answer_read(answer)

    def media_source(self, pointer: MediaPointer) -> MediaSource:
        # Their addresses are signed and open by themselves: no key goes along.
        return own_source(pointer.url, hosts=("sinch.com",), headers={}, base_url=self.config.base_url)

    def webhook_protection(self) -> Protection:
        return Protection.SIGNATURE

    def verify_webhook(self, request: WebhookRequest) -> None:
        signature_verify(request, secret=self._credential("webhook_secret"))

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        return body_parse(request.body, app_id=self.config.external_id)

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        root = (self.config.base_url or PROVISIONING_URL).rstrip("/")
        project = quote(self._credential("project_id"), safe="")
        return templates_read(partial(self._get, f"{root}/v1/projects/{project}/whatsapp/templates"))

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        return ()

    async def look_up(self, message: LookUp) -> LookUpAnswer:
        return await asyncio.to_thread(self._look_up, message)

    def _look_up(self, message: LookUp) -> LookUpAnswer:
        address = f"{self._project()}/messages"
        if message.provider_message_id:
            known = found_by_id(self._get(f"{address}/{quote(message.provider_message_id, safe='')}", {}), message)
            return known or LookUpAnswer()
        if not message.recipient.phone:
            return LookUpAnswer()
        return found_by_list(partial(self._get, address), message, self.config.external_id)

    def _get(self, url: str, query: Mapping[str, str]) -> Answer:
        timeout = self.config.timeout_seconds
        if problem := self._settings_problem():
            raise ProviderCallError(Reason.CONFIGURATION, detail=problem)
        headers = self._access.headers_sync(timeout)
        answer = call_provider_sync(
            Call("GET", url, headers=headers, params=query, timeout=timeout, max_bytes=MAX_LIST_BYTES)
        )
        if answer.status == 401:
            self._access.forget()
        return answer

    def _check_settings(self) -> None:
        if problem := self._settings_problem():
            raise error_of(ErrorCode(Reason.CONFIGURATION), detail=problem)

    def _settings_problem(self) -> str:
        if not self.config.external_id:
            return "The account has no app id."
        return "" if self._region in REGIONS else f"There is no region {self._region!r}: it is us, eu or br."

    def _project(self) -> str:
        root = (self.config.base_url or f"https://{self._region}.conversation.api.sinch.com").rstrip("/")
        return f"{root}/v1/projects/{quote(self._credential('project_id'), safe='')}"

    def _credential(self, name: str) -> str:
        return self.config.credentials.get(name, "").strip()


def _token_ended(answer: Answer) -> SendError:
    """A token that worked before is refused now: the same message goes again with a new one."""
    detail = "The access token was no longer valid; the next try fetches another one."
    return error_of(ErrorCode(Reason.PROVIDER_DOWN), code="HTTP 401", detail=detail, exchange=answer.exchange)
