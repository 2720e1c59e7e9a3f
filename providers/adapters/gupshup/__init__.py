"""Gupshup's self-serve API for WhatsApp (https://docs.gupshup.io/docs/template-messages)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from urllib.parse import quote

from django.utils.translation import gettext_noop as _

from providers.abilities import MediaSource, TemplateDraft
from providers.adapters.gupshup.errors import CODES
from providers.adapters.gupshup.samples import sample_upload
from providers.adapters.gupshup.send import KEPT_PATHS, PARTS, answer_read, media_form, template_form, text_form
from providers.adapters.gupshup.templates import (
    change_form,
    checked,
    draft_form,
    is_gone,
    template_changed,
    template_created,
    templates_read,
)
from providers.adapters.gupshup.usage import usage_read
from providers.adapters.gupshup.webhook import body_parse
from providers.contracts import (
    ALL_MEDIA,
    Accepted,
    AccountConfig,
    BadItem,
    Capabilities,
    CredentialField,
    DeleteScope,
    Event,
    MediaContent,
    MediaPointer,
    OutboundMessage,
    Protection,
    RemoteNumber,
    RemoteTemplate,
    TemplateContent,
    WebhookRequest,
)
from providers.errors import ErrorCode, ProviderCallError, Reason, preparing
from providers.http import MAX_LIST_BYTES, Answer, Call, call_provider, call_provider_sync
from providers.media_sources import own_source
from providers.parts import media_check
from providers.usage import Usage
from providers.webhook_protection import secret_protection, secret_verify

BASE_URL = "https://api.gupshup.io"
PARTNER_URL = "https://partner.gupshup.io"


class Gupshup:
    """One app at Gupshup, which has one number. `config.external_id` is the app's id."""

    slug: str = "gupshup"
    label: str = "Gupshup"
    capabilities: Capabilities = Capabilities(
        media=ALL_MEDIA,
        parts=PARTS,
        price_reports=True,
        usage=True,
        usage_needs=("partner_app_token",),
        submit_templates=True,
        edit_templates=True,
        edit_needs=("partner_app_token",),
        delete_templates=True,
        delete_scope=DeleteScope.ALL_LANGUAGES,
        business_scoped_ids=True,
    )
    error_codes: Mapping[str, ErrorCode] = CODES
    credential_fields: Sequence[CredentialField] = (
        CredentialField("api_key", _("API key"), _("In Gupshup's console under the profile: one key per account.")),
        CredentialField("app_name", _("App name"), _("The name of the app that has the number."), secret=False),
        CredentialField(
            "app_number",
            _("Number of the app"),
            _("With country code, digits only. Gupshup's events do not name it, so each app is an account of its own."),
            secret=False,
        ),
        CredentialField(
            "partner_app_token",
            _("Partner app token"),
            _("Of the app, from Gupshup's partner portal. With it templates are changed and their samples uploaded."),
            required=False,
        ),
        CredentialField(
            "webhook_secret",
            _("Webhook secret"),
            _("Any long word. Enter the same one at Gupshup as the header X-Hook-Secret of the subscription."),
            required=False,
        ),
    )

    def __init__(self, config: AccountConfig) -> None:
        self.config = config
        self._root = (config.base_url or BASE_URL).rstrip("/")
        self._headers = {"apikey": self._credential("api_key")}

    async def send(self, message: OutboundMessage) -> Accepted:
        name = self._credential("app_name")
        if isinstance(message.content, TemplateContent):
            path, form = "template/msg", template_form(message, message.content, app_name=name)
        elif isinstance(message.content, MediaContent):
            media_check(message.content, self.capabilities)
            path, form = "msg", media_form(message, message.content, app_name=name)
        else:
            path, form = "msg", text_form(message, message.content.body, app_name=name)
        call = Call(
            "POST",
            f"{self._root}/wa/api/v1/{path}",
            headers=self._headers,
            form=form,
            kept_paths=KEPT_PATHS,
            timeout=self.config.timeout_seconds,
        )
        return answer_read(await call_provider(call))

    def media_source(self, pointer: MediaPointer) -> MediaSource:
        # Their addresses are signed and open by themselves: no key goes along.
        return own_source(pointer.url, hosts=("gupshup.io",), headers={}, base_url=self.config.base_url)

    def webhook_protection(self) -> Protection:
        return secret_protection(self._credential("webhook_secret"))

    def verify_webhook(self, request: WebhookRequest) -> None:
        secret_verify(request, secret=self._credential("webhook_secret"))

    def parse_webhook(self, request: WebhookRequest) -> list[Event | BadItem]:
        digits = "".join(character for character in self._credential("app_number") if character.isdecimal())
        return body_parse(request, sender=digits)

    def webhook_challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def fetch_templates(self) -> Iterable[RemoteTemplate]:
        return templates_read(lambda query: self._templates_call("GET", params=query))

    def fetch_numbers(self) -> Iterable[RemoteNumber]:
        return ()

    def submit_template(self, draft: TemplateDraft) -> RemoteTemplate:
        """Create the template; Gupshup hands it to WhatsApp for approval."""
        return template_created(self._templates_call("POST", form=draft_form(self._with_handle(draft))))

    def edit_template(self, external_id: str, draft: TemplateDraft) -> RemoteTemplate:
        """Replace its content at the partner API, which alone documents it."""
        if not self._credential("partner_app_token"):
            raise ProviderCallError(Reason.CONFIGURATION, detail="The account has no partner app token.")
        with preparing():
            current = next((each for each in self.fetch_templates() if each.external_id == external_id), None)
        path = f"templates/{quote(external_id, safe='')}"
        form = change_form(self._with_handle(draft), current)
        return template_changed(self._partner_call("PUT", path, form=form), external_id, draft)

    def fetch_usage(self, first: date, last: date, *, zone: str) -> Usage:
        if not self._credential("partner_app_token"):
            raise ProviderCallError(Reason.CONFIGURATION, detail="The account has no partner app token.")
        return usage_read(lambda query: self._partner_call("GET", "usage", params=query), first, last)

    def delete_template(self, external_id: str, *, name: str, language: str) -> None:
        """Delete it in all its languages: Gupshup deletes by name."""
        answer = self._templates_call("DELETE", path=f"/{quote(name, safe='')}")
        if not is_gone(answer):
            checked(answer)

    def _with_handle(self, draft: TemplateDraft) -> TemplateDraft:
        if not self._credential("partner_app_token"):
            return draft
        return sample_upload(draft, lambda fields: self._partner_call("POST", "upload/media", multipart=fields))

    def _partner_call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        multipart: Mapping[str, str] | None = None,
    ) -> Answer:
        root = (self.config.base_url or PARTNER_URL).rstrip("/")
        return call_provider_sync(
            Call(
                method,
                f"{root}/partner/app/{quote(self.config.external_id.strip(), safe='')}/{path}",
                headers={"Authorization": self._credential("partner_app_token")},
                params=params or {},
                form=form,
                multipart=multipart,
                timeout=self.config.timeout_seconds,
            )
        )

    def _templates_call(
        self,
        method: str,
        *,
        path: str = "",
        params: Mapping[str, str] | None = None,
        form: dict[str, str] | None = None,
    ) -> Answer:
        url = f"{self._root}/wa/app/{quote(self.config.external_id.strip(), safe='')}/template{path}"
        return call_provider_sync(
            Call(
                method,
                url,
                headers=self._headers,
                params=params or {},
                form=form,
                timeout=self.config.timeout_seconds,
                max_bytes=MAX_LIST_BYTES,
            )
        )

    def _credential(self, name: str) -> str:
        # A line end pasted with a key would make every call fail before it begins.
        return self.config.credentials.get(name, "").strip()
