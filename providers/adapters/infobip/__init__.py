"""Infobip's WhatsApp API (https://www.infobip.com/docs/api/channels/whatsapp)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from providers.abilities import Finding, LookUp, LookUpAnswer, MediaSource, TemplateDraft
from providers.adapters.infobip.diagnosis import findings
from providers.adapters.infobip.errors import CODES
from providers.adapters.infobip.look_up import message_look_up
from providers.adapters.infobip.send import (
    KEPT_PATHS,
    TEMPLATE_PATH,
    all_failed,
    message_body,
    outcomes_read,
    path_of,
    together,
)
from providers.adapters.infobip.templates import (
    LIST_PATH,
    answered,
    draft_body,
    edit_body,
    template_read,
    templates_read,
)
from providers.adapters.infobip.usage import USAGE_PATH, usage_asked, usage_body
from providers.adapters.infobip.values import PARTS
from providers.adapters.infobip.webhook import body_parse
from providers.contracts import (
    ALL_MEDIA,
    Accepted,
    AccountConfig,
    BadItem,
    Capabilities,
    CredentialField,
    DeleteScope,
    Event,
    JsonObject,
    MediaContent,
    MediaPointer,
    OutboundMessage,
    Protection,
    RemoteNumber,
    RemoteTemplate,
    TemplateContent,
    WebhookRequest,
)
from providers.errors import ErrorCode, ProviderCallError, Reason, SendError, Unavailable
from providers.http import MAX_LIST_BYTES, Answer, Call, call_provider, call_provider_sync
from providers.media_sources import own_source
from providers.parts import media_check
from providers.usage import UsageAsked
from providers.webhook_protection import secret_protection, secret_verify

BASE_URL = "https://api.infobip.com"
MEDIA_HOSTS = ("infobip.com",)
# Infobip names no limit of messages in one request; this one keeps requests and answers below a megabyte.
BULK_LIMIT = 1000


class Infobip:
    """One Infobip account. `config.external_id` is only its name here; senders are phone numbers."""

    slug: str = "infobip"
    label: str = "Infobip"
    capabilities: Capabilities = Capabilities(
        media=ALL_MEDIA,
        parts=PARTS,
        look_up=True,
        callback_reference=True,
        price_reports=True,
        usage=True,
        bulk_limit=BULK_LIMIT,
        submit_templates=True,
        edit_templates=True,
        delete_templates=True,
        delete_scope=DeleteScope.ALL_LANGUAGES,
        business_scoped_ids=True,
    )
    error_codes: Mapping[str, ErrorCode] = CODES
    credential_fields: Sequence[CredentialField] = (
        CredentialField(
            "api_key",
            _("API key"),
            _("Infobip portal, Developers, API keys; with the scopes whatsapp:message:send and whatsapp:manage."),
        ),
        CredentialField(
            "personal_domain",
            _("Personal domain"),
            _("Of the form xk9p2.api.infobip.com, on the portal's home page. Empty: api.infobip.com."),
            secret=False,
            required=False,
        ),
        CredentialField(
            "template_sender",
            _("Sender of the templates"),
            _("A sender number of the account, digits only. Needed to create, edit and delete templates."),
            secret=False,
            required=False,
        ),
        CredentialField(
            "webhook_secret",
            _("Webhook secret"),
            _(
                "The password (user hsm) or the X-Hook-Secret header of the notification profile at Infobip. "
                "Empty: only the webhook's secret address protects it."
            ),
            required=False,
        ),
    )

    def __init__(self, config: AccountConfig) -> None:
        self.config = config
        domain = self._credential("personal_domain").removeprefix("https://").strip("/")
        self._root = (config.base_url or (f"https://{domain}" if domain else BASE_URL)).rstrip("/")
        # Without Accept an error may come as XML.
        self._headers = {"Authorization": f"App {self._credential('api_key')}", "Accept": "application/json"}

    async def send(self, message: OutboundMessage) -> Accepted:
        body = message_body(message, notify_url=self._notify_url())
        if isinstance(message.content, MediaContent):
            media_check(message.content, self.capabilities)
        outcome = outcomes_read(await self._call([body], path_of(message)), [message])[0]
        if isinstance(outcome, SendError):
            raise outcome
        return outcome

    async def send_many(self, messages: Sequence[OutboundMessage]) -> list[Accepted | SendError]:
        """As `abilities.SendsInBulk`. Texts have no bulk request: beside others they wait for a call of their own."""
        outcomes: dict[int, Accepted | SendError] = {}
        bodies: dict[int, JsonObject] = {}
        for index, message in enumerate(messages):
            try:
                if len(messages) > 1 and not isinstance(message.content, TemplateContent):
                    raise Unavailable(Reason.NOT_STARTED, detail="A text or a file is sent by itself.")
                bodies[index] = message_body(message, notify_url=self._notify_url())
            except SendError as error:
                outcomes[index] = error
        for index in list(bodies)[together([messages[index] for index in bodies]) :]:
            detail = "It goes in a smaller request: a larger one was refused because of one of its messages."
            outcomes[index] = Unavailable(Reason.NOT_STARTED, detail=detail)
            del bodies[index]
        if bodies:
            sent = [messages[index] for index in bodies]
            try:
                found = outcomes_read(await self._call(list(bodies.values()), path_of(sent[0])), sent)
            except SendError as error:
                found = all_failed(error, len(sent))
            outcomes.update(zip(bodies, found, strict=True))
        return [outcomes[index] for index in range(len(messages))]

    async def _call(self, bodies: Sequence[JsonObject], path: str) -> Answer:
        """The one call for these messages: a text or a file is the whole request, templates go as a list."""
        return await call_provider(
            Call(
                "POST",
                f"{self._root}{path}",
                headers=self._headers,
                json_body={"messages": list(bodies)} if path == TEMPLATE_PATH else bodies[0],
                kept_paths=KEPT_PATHS,
                timeout=self.config.timeout_seconds,
            )
        )

    async def look_up(self, message: LookUp) -> LookUpAnswer:
        async def ask(path: str, query: dict[str, str]) -> Answer:
            timeout = self.config.timeout_seconds
            return await call_provider(
                Call("GET", f"{self._root}{path}", headers=self._headers, params=query, timeout=timeout)
            )

        return await message_look_up(ask, message)

    def media_source(self, pointer: MediaPointer) -> MediaSource:
        headers = {"Authorization": self._headers["Authorization"]}
        return own_source(pointer.url, hosts=MEDIA_HOSTS, headers=headers, base_url=self.config.base_url)

    # --- webhooks ----------------------------------------------------------------------------------------------------

    def webhook_protection(self) -> Protection:
        return secret_protection(self._credential("webhook_secret"))

    def verify_webhook(self, request: WebhookRequest) -> None:
        secret_verify(request, secret=self._credential("webhook_secret"))

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        return body_parse(request.body)

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def _notify_url(self) -> str:
        # A secret travels only with the webhook that is set up at Infobip, so the reports must go there.
        return "" if self._credential("webhook_secret") else self.config.webhook_url

    # --- management --------------------------------------------------------------------------------------------------

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        return list(templates_read(partial(self._manage, "GET", LIST_PATH)))

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        return []

    def fetch_usage(self, first: date, last: date, *, zone: str) -> UsageAsked:
        if self._credential("webhook_secret"):
            detail = "Infobip sends the answer to an address without the webhook's secret, so it would be refused here."
            raise ProviderCallError(Reason.CONFIGURATION, detail=detail)
        body = usage_body(first, last, callback_url=self.config.webhook_url)
        return usage_asked(self._manage("POST", USAGE_PATH, body=body))

    def diagnose(self, *, webhook_url: str, sender_external_ids: Sequence[str]) -> Iterable[Finding]:
        return findings(partial(self._manage, "GET"), sender_external_ids)

    def submit_template(self, draft: TemplateDraft) -> RemoteTemplate:
        answer = self._manage("POST", self._templates_path(), body=draft_body(draft))
        return template_read(answered(answer, 200, 201), answer)

    def edit_template(self, external_id: str, draft: TemplateDraft) -> RemoteTemplate:
        path = f"{self._templates_path()}/{quote(external_id, safe='')}"
        current = answered(self._manage("GET", path), 200)
        answer = self._manage("PATCH", path, body=edit_body(draft, current))
        return template_read(answered(answer, 200), answer)

    def delete_template(self, external_id: str, *, name: str, language: str) -> None:
        answer = self._manage("DELETE", f"{self._templates_path()}/{quote(name, safe='')}")
        if answer.status != 404:
            answered(answer, 200, 204)

    def _templates_path(self) -> str:
        sender = self._credential("template_sender").lstrip("+")
        if not sender:
            raise ProviderCallError(Reason.CONFIGURATION, detail="The account names no sender of the templates.")
        return f"/whatsapp/2/senders/{quote(sender, safe='')}/templates"

    def _manage(
        self, method: str, path: str, query: Mapping[str, str] | None = None, *, body: JsonObject | None = None
    ) -> Answer:
        return call_provider_sync(
            Call(
                method,
                f"{self._root}{path}",
                headers=self._headers,
                params=query or {},
                json_body=body,
                timeout=self.config.timeout_seconds,
                max_bytes=MAX_LIST_BYTES,
            )
        )

    def _credential(self, name: str) -> str:
        return self.config.credentials.get(name, "").strip()
