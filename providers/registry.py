"""Which providers there are: a slug names an adapter class, imported on first use.

An outside package adds one through an entry point in the group `hsm_portal.providers` (name = slug, value =
`package.module:Class`). The class takes one `AccountConfig` and satisfies `contracts.Provider`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from providers.contracts import AccountConfig, Capabilities, CredentialField, Provider
from providers.errors import ErrorCode

ENTRY_POINT_GROUP = "hsm_portal.providers"

ADAPTERS = {
    "clickatell": "providers.adapters.clickatell.Clickatell",
    "dialog360": "providers.adapters.dialog360.Dialog360",
    "gupshup": "providers.adapters.gupshup.Gupshup",
    "infobip": "providers.adapters.infobip.Infobip",
    "messagebird": "providers.adapters.messagebird.MessageBird",
    "meta": "providers.adapters.meta.MetaCloudApi",
    "sinch": "providers.adapters.sinch.Sinch",
    "twilio": "providers.adapters.twilio.Twilio",
    "vonage": "providers.adapters.vonage.Vonage",
    "zenvia": "providers.adapters.zenvia.Zenvia",
}


class AdapterClass(Protocol):
    """An adapter's class: what can be asked without an account, and the making of a `Provider` for one."""

    slug: str
    label: str
    capabilities: Capabilities
    credential_fields: Sequence[CredentialField]
    error_codes: Mapping[str, ErrorCode]

    def __call__(self, config: AccountConfig) -> Provider: ...


class UnknownProvider(LookupError):
    """No adapter is registered under this slug."""


class BadAdapter(Exception):
    """A registered adapter cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class ProviderChoice:
    """A provider as a form offers it."""

    slug: str
    label: str


@cache
def adapter_paths() -> dict[str, str]:
    """Slug to dotted path, ours and those of installed packages. Raises BadAdapter when two claim one slug."""
    paths = dict(ADAPTERS)
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name in paths:
            raise BadAdapter(f"Two adapters are registered as {point.name!r}: {paths[point.name]} and {point.value}.")
        paths[point.name] = point.value.replace(":", ".")
    return paths


@cache
def adapter_class(slug: str) -> AdapterClass:
    """The adapter class of `slug`. Raises UnknownProvider, or BadAdapter when it cannot be imported."""
    try:
        path = adapter_paths()[slug]
    except KeyError:
        raise UnknownProvider(f"There is no provider {slug!r}.") from None
    try:
        adapter = import_string(path)
    except ImportError as error:
        raise BadAdapter(f"The adapter of provider {slug!r} cannot be imported from {path}: {error}.") from error
    if getattr(adapter, "slug", None) != slug:
        raise BadAdapter(f"The adapter {path} is registered as {slug!r} but calls itself {adapter.slug!r}.")
    return cast("AdapterClass", adapter)


def adapter_class_known(slug: str) -> AdapterClass | None:
    """The adapter class of `slug`, or None when there is none that can be used."""
    try:
        return adapter_class(slug)
    except (UnknownProvider, BadAdapter):
        return None


def adapter_for(config: AccountConfig) -> Provider:
    """The account's adapter, ready to be used; calls are bounded by settings.PROVIDER_TIMEOUT_SECONDS."""
    bounded = replace(
        config,
        base_url=config.base_url or settings.PROVIDER_BASE_URLS.get(config.provider, ""),
        timeout_seconds=settings.PROVIDER_TIMEOUT_SECONDS,
    )
    return adapter_class(config.provider)(bounded)


@cache
def providers_available() -> tuple[ProviderChoice, ...]:
    """All providers that can be used, ordered by label; the system check names the others."""
    known = ((slug, adapter_class_known(slug)) for slug in adapter_paths())
    choices = (ProviderChoice(slug, str(found.label)) for slug, found in known if found is not None)
    return tuple(sorted(choices, key=lambda choice: choice.label))
