"""How an account's webhook is set up at the provider: what to enter there, and what then protects it, in words."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from providers.contracts import Protection
from providers.credentials import CredentialsError
from providers.models import ProviderAccount
from providers.registry import BadAdapter, UnknownProvider, adapter_for
from providers.webhook_protection import BASIC_USER

#: As it is written in set-up forms; servers read it in any case.
HEADER_SHOWN = "X-Hook-Secret"
#: Stands for the account's secret, which is never shown.
PLACEHOLDER = "SECRET"

KIND_NAMES: dict[Protection, StrPromise] = {
    Protection.SIGNATURE: _("signature"),
    Protection.SECRET: _("webhook secret"),
    Protection.PATH: _("address only"),
}
SENTENCES: dict[Protection, StrPromise] = {
    Protection.SIGNATURE: _(
        "The provider signs every webhook. What is not signed with the account's credentials is refused."
    ),
    Protection.SECRET: _("Every webhook must carry the account's webhook secret. What does not is refused."),
    Protection.PATH: _(
        "Nothing but the address, which nobody can guess, protects this webhook. Enter a webhook secret among the "
        "credentials and the same at the provider."
    ),
}


@dataclass(frozen=True, slots=True)
class WebhookSetup:
    """What the account's page tells about its webhook. `basic_address` is "" where the provider signs."""

    address: str
    kind: str
    protection: str
    sentence: str
    header: str
    basic_address: str


def webhook_setup(account: ProviderAccount) -> WebhookSetup:
    """The set-up of the account's webhook; without a usable adapter only its address is known."""
    address = account.webhook_url
    try:
        protection = adapter_for(account.config()).webhook_protection()
    except (CredentialsError, UnknownProvider, BadAdapter):
        return WebhookSetup(address, "", "", "", "", "")
    by_secret = protection is not Protection.SIGNATURE
    return WebhookSetup(
        address=address,
        kind=protection.value,
        protection=str(KIND_NAMES[protection]),
        sentence=str(SENTENCES[protection]),
        header=f"{HEADER_SHOWN}: {PLACEHOLDER}" if by_secret else "",
        basic_address=_with_basic(address) if by_secret else "",
    )


def _with_basic(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=f"{BASIC_USER}:{PLACEHOLDER}@{parts.netloc}"))
