"""360dialog (https://docs.360dialog.com): Meta's wire behind an API key, with errors, templates and a webhook door of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext_noop as _

from providers.abilities import MediaSource, TemplateDraft
from providers.adapters.dialog360.errors import CODES, is_own_error, own_error
from providers.adapters.dialog360.templates import (
    template_create,
    template_delete,
    template_edit,
    templates_read,
)
from providers.adapters.meta.media import media_source
from providers.adapters.meta.send import KEPT_PATHS, answer_read, payload_build
from providers.adapters.meta.webhook import body_parse
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
    WebhookRequest,
)
from providers.errors import ErrorCode, ProviderCallError, Reason
from providers.http import MAX_LIST_BYTES, Answer, Call, call_provider, call_provider_sync
from providers.parts import media_check
from providers.policy import error_of
from providers.webhook_protection import secret_protection, secret_verify

BASE_URL = "https://waba-v2.360dialog.io"
HUB_URL = "https://hub.360dialog.io"
#: Of the Partner API; that a template below it is changed with PATCH is known from a client in use, not from its pages.
PARTNER_PATH = "api/v2/partners/{partner}/waba_accounts/{waba}"
#: Hosts of 360dialog that speak another contract: the old On-Premises API, and the sandbox, which answers without ids.
OTHER_CONTRACTS = frozenset({"waba.360dialog.io", "waba-sandbox.360dialog.io"})
KEPT_TEMPLATE_PATHS = frozenset({"name", "language", "category", "parameter_format", "components.type"})


class Dialog360:
    """One number of a WhatsApp business account at 360dialog. `config.external_id` is the WABA id."""

    slug: str = "dialog360"
    label: str = "360dialog"
    capabilities: Capabilities = Capabilities(
        media=ALL_MEDIA,
        callback_reference=True,
        price_reports=True,
        submit_templates=True,
        edit_templates=True,
        edit_needs=("partner_id", "partner_api_key", "waba_account_id"),
        delete_templates=True,
        delete_scope=DeleteScope.ALL_LANGUAGES,
        business_scoped_ids=True,
    )
    error_codes: Mapping[str, ErrorCode] = CODES
    credential_fields: Sequence[CredentialField] = (
        CredentialField("api_key", _("API key"), _("The key of the number, made in the 360dialog Hub (D360-API-KEY).")),
        CredentialField(
            "webhook_secret",
            _("Webhook secret"),
            _("Any long word; the same one is entered at 360dialog as a header of the webhook's address."),
            required=False,
        ),
        CredentialField(
            "partner_id",
            _("Partner id"),
            _("Only for changing templates: your id in the 360dialog Partner Hub (...PA)."),
            secret=False,
            required=False,
        ),
        CredentialField(
            "partner_api_key", _("Partner API key"), _("Only for changing templates: a key of the Hub."), required=False
        ),
        CredentialField(
            "waba_account_id",
            _("WABA account at 360dialog"),
            _("Only for changing templates: 360dialog's own id of the account (...WA), not Meta's."),
            secret=False,
            required=False,
        ),
    )

    def __init__(self, config: AccountConfig) -> None:
        self.config = config
        self._root = (config.base_url or BASE_URL).rstrip("/")
        self._headers = {"D360-API-KEY": self._credential("api_key")}

    async def send(self, message: OutboundMessage) -> Accepted:
        if problem := self._address_problem():
            raise error_of(ErrorCode(Reason.CONFIGURATION), detail=problem)
        if isinstance(message.content, MediaContent):
            media_check(message.content, self.capabilities)
        call = Call(
            "POST",
            f"{self._root}/messages",
            headers=self._headers,
            json_body=payload_build(message),
            kept_paths=KEPT_PATHS,
            timeout=self.config.timeout_seconds,
        )
        answer = await call_provider(call)
        if is_own_error(answer):
            raise own_error(answer)
        return answer_read(answer.status, answer.json_object(), answer.headers, exchange=answer.exchange)

    def webhook_protection(self) -> Protection:
        return secret_protection(self._credential("webhook_secret"))

    def verify_webhook(self, request: WebhookRequest) -> None:
        secret_verify(request, secret=self._credential("webhook_secret"))

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        return body_parse(request.body, account_external_id=self.config.external_id)

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        return templates_read(self._manage)

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        return ()

    def submit_template(self, draft: TemplateDraft) -> RemoteTemplate:
        return template_create(self._manage, draft)

    def edit_template(self, external_id: str, draft: TemplateDraft) -> RemoteTemplate:
        if not all(self._credential(name) for name in self.capabilities.edit_needs):
            raise ProviderCallError(Reason.CONFIGURATION, detail="The account has no access to the Partner API.")
        path = PARTNER_PATH.format(
            partner=quote(self._credential("partner_id"), safe=""),
            waba=quote(self._credential("waba_account_id"), safe=""),
        )
        return template_edit(self._manage, self._hub, path, external_id, draft)

    def delete_template(self, external_id: str, *, name: str, language: str) -> None:
        template_delete(self._manage, name)

    def media_source(self, pointer: MediaPointer) -> MediaSource:
        def ask(path: str, query: Mapping[str, str]) -> Answer:
            return self._manage("GET", path, query, None)

        # Meta's address is read at 360dialog's host, which knows the key; Meta's own would not.
        return media_source(pointer, ask=ask, headers=self._headers, base_url=self._root)

    def _manage(self, method: str, path: str, query: Mapping[str, str], body: JsonObject | None) -> Answer:
        if problem := self._address_problem():
            raise ProviderCallError(Reason.CONFIGURATION, detail=problem)
        return self._called(method, f"{self._root}/{path}", query, body, self._headers)

    def _hub(self, method: str, path: str, query: Mapping[str, str], body: JsonObject | None) -> Answer:
        root = (self.config.base_url or HUB_URL).rstrip("/")
        headers = {"X-API-Key": self._credential("partner_api_key")}
        return self._called(method, f"{root}/{path}", query, body, headers)

    def _called(
        self, method: str, url: str, query: Mapping[str, str], body: JsonObject | None, headers: Mapping[str, str]
    ) -> Answer:
        return call_provider_sync(
            Call(
                method,
                url,
                headers=headers,
                params=query,
                json_body=body,
                kept_paths=KEPT_TEMPLATE_PATHS,
                timeout=self.config.timeout_seconds,
                max_bytes=MAX_LIST_BYTES,
            )
        )

    def _address_problem(self) -> str:
        host = (urlsplit(self._root).hostname or "").lower()
        return f"{host} speaks another contract; the portal needs {BASE_URL}." if host in OTHER_CONTRACTS else ""

    def _credential(self, name: str) -> str:
        return self.config.credentials.get(name, "").strip()
