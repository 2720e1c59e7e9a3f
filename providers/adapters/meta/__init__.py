"""The Meta Cloud API (https://developers.facebook.com/documentation/business-messaging/whatsapp/)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache, partial
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from providers.abilities import Finding, LookUp, LookUpAnswer, MediaSource, TemplateDraft
from providers.adapters.meta.diagnosis import findings
from providers.adapters.meta.errors import CODES
from providers.adapters.meta.look_up import history_query, history_read
from providers.adapters.meta.media import media_source, media_upload
from providers.adapters.meta.samples import samples_upload
from providers.adapters.meta.send import KEPT_PATHS, answer_read, payload_build
from providers.adapters.meta.template_changes import KEPT_PATHS as KEPT_TEMPLATE_PATHS
from providers.adapters.meta.template_changes import template_create, template_delete, template_edit
from providers.adapters.meta.templates import numbers_read, templates_read
from providers.adapters.meta.usage import usage_read
from providers.adapters.meta.webhook import body_parse, challenge_answer, signature_verify
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
from providers.parts import media_check
from providers.usage import Usage

BASE_URL = "https://graph.facebook.com"
GRAPH_VERSION = "v25.0"

#: A number's id comes with each of its messages.
_path_part = lru_cache(maxsize=256)(partial(quote, safe=""))


class MetaCloudApi:
    """One WhatsApp business account at Meta. `config.external_id` is the WABA id."""

    slug: str = "meta"
    label: str = "Meta Cloud API"
    capabilities: Capabilities = Capabilities(
        media=ALL_MEDIA,
        look_up=True,
        callback_reference=True,
        price_reports=True,
        usage=True,
        list_numbers=True,
        submit_templates=True,
        edit_templates=True,
        delete_templates=True,
        business_scoped_ids=True,
    )
    error_codes: Mapping[str, ErrorCode] = CODES
    credential_fields: Sequence[CredentialField] = (
        CredentialField("access_token", _("Access token"), _("A system user's permanent token.")),
        CredentialField("app_secret", _("App secret"), _("Meta signs its webhooks with it.")),
        CredentialField(
            "verify_token", _("Verify token"), _("The word that Meta repeats when it checks the webhook."), secret=False
        ),
        CredentialField(
            "app_id",
            _("App id"),
            _("Samples of new templates are uploaded under it. Empty: the app that the token belongs to."),
            secret=False,
            required=False,
        ),
        CredentialField(
            "graph_version",
            _("Graph version"),
            _("Of the form v25.0. Empty: the version that the portal was tested with."),
            secret=False,
            required=False,
        ),
    )

    def __init__(self, config: AccountConfig) -> None:
        self.config = config
        version = self._credential("graph_version") or GRAPH_VERSION
        self._root = f"{(config.base_url or BASE_URL).rstrip('/')}/{quote(version, safe='')}"
        self._headers = {"Authorization": f"Bearer {self._credential('access_token')}"}

    async def send(self, message: OutboundMessage) -> Accepted:
        timeout, media_id = self.config.timeout_seconds, ""
        number = f"{self._root}/{_path_part(message.sender_external_id)}"
        if isinstance(message.content, MediaContent):
            media_check(message.content, self.capabilities)
            # Both calls together take no longer than one may.
            timeout /= 2
            media_id = await media_upload(
                message.content, partial(self._upload_media, f"{number}/media", message.content)
            )
        call = Call(
            "POST",
            f"{number}/messages",
            headers=self._headers,
            json_body=payload_build(message, media_id=media_id),
            kept_paths=KEPT_PATHS,
            timeout=timeout,
        )
        answer = await call_provider(call)
        return answer_read(answer.status, answer.json_object(), answer.headers, exchange=answer.exchange)

    def webhook_protection(self) -> Protection:
        return Protection.SIGNATURE

    def verify_webhook(self, request: WebhookRequest) -> None:
        signature_verify(request, app_secret=self._credential("app_secret"))

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        return body_parse(request.body, account_external_id=self.config.external_id)

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return challenge_answer(query, verify_token=self._credential("verify_token"))

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        return templates_read(partial(self._list, "message_templates"))

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        return numbers_read(partial(self._list, "phone_numbers"))

    def submit_template(self, draft: TemplateDraft) -> RemoteTemplate:
        created = template_create(self._manage, self.config.external_id, self._with_handles(draft))
        return replace(created, components=list(draft.components))

    def edit_template(self, external_id: str, draft: TemplateDraft) -> RemoteTemplate:
        edited = template_edit(self._manage, external_id, self._with_handles(draft))
        return replace(edited, components=list(draft.components))

    def delete_template(self, external_id: str, *, name: str, language: str) -> None:
        template_delete(self._manage, self.config.external_id, external_id, name)

    async def look_up(self, message: LookUp) -> LookUpAnswer:
        if not message.provider_message_id:
            return LookUpAnswer()
        path = f"{quote(message.sender_external_id, safe='')}/message_history"
        return history_read(await asyncio.to_thread(self._get, path, history_query(message)), message)

    async def _upload_media(self, url: str, content: MediaContent, fields: Mapping[str, str], body: bytes) -> Answer:
        return await call_provider(
            Call(
                "POST",
                url,
                headers=self._headers,
                multipart=fields,
                file=("file", content.file_name, content.content_type, body),
                timeout=self.config.timeout_seconds / 2,
            )
        )

    def media_source(self, pointer: MediaPointer) -> MediaSource:
        return media_source(pointer, ask=self._get, headers=self._headers, base_url=self.config.base_url)

    def diagnose(self, *, webhook_url: str, sender_external_ids: Sequence[str]) -> Iterable[Finding]:
        account_id = self.config.external_id
        numbers = sender_external_ids
        return findings(self._get, account_id=account_id, webhook_url=webhook_url, sender_external_ids=numbers)

    def fetch_usage(self, first: date, last: date, *, zone: str) -> Usage:
        path = quote(self.config.external_id, safe="")
        return usage_read(lambda fields: self._get(path, {"fields": fields}), first, last, zone=zone)

    def _with_handles(self, draft: TemplateDraft) -> TemplateDraft:
        token = self._credential("access_token")
        return samples_upload(draft, app_id=self._credential("app_id"), token=token, upload=self._upload)

    def _upload(self, path: str, query: Mapping[str, str], headers: Mapping[str, str], content: bytes | None) -> Answer:
        return call_provider_sync(
            Call(
                "POST",
                f"{self._root}/{path}",
                headers={**self._headers, **headers},
                params=query,
                content=content,
                timeout=self.config.timeout_seconds,
            )
        )

    def _list(self, edge: str, query: Mapping[str, str]) -> Answer:
        return self._get(f"{quote(self.config.external_id, safe='')}/{edge}", query)

    def _get(self, path: str, query: Mapping[str, str]) -> Answer:
        return self._manage("GET", path, query, None)

    def _manage(self, method: str, path: str, query: Mapping[str, str], body: JsonObject | None) -> Answer:
        return call_provider_sync(
            Call(
                method,
                f"{self._root}/{path}",
                headers=self._headers,
                params=query,
                json_body=body,
                kept_paths=KEPT_TEMPLATE_PATHS,
                timeout=self.config.timeout_seconds,
                max_bytes=MAX_LIST_BYTES,
            )
        )

    def _credential(self, name: str) -> str:
        # A line end pasted with a token would make every call fail before it begins.
        return self.config.credentials.get(name, "").strip()
