"""System checks of the providers: settings at every start, accounts with `check --database default`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError

from providers.credentials import CredentialsError, credentials_decrypt, credentials_encrypt, credentials_missing
from providers.models import ProviderAccount
from providers.registry import BadAdapter, UnknownProvider, adapter_class, adapter_paths


@register(Tags.security)
def credentials_keys_check(app_configs: Sequence[Any] | None, **_options: Any) -> list[CheckMessage]:
    """CREDENTIALS_KEYS holds usable keys."""
    try:
        credentials_encrypt({})
    except CredentialsError as error:
        return [Error(str(error), id="providers.E001")]
    return []


@register(Tags.security, deploy=True)
def base_urls_check(app_configs: Sequence[Any] | None, **_options: Any) -> list[CheckMessage]:
    """In production no provider's address is replaced by one without TLS, nor by one nobody asks for."""
    return [
        Warning(
            f"PROVIDER_BASE_URLS sends the messages of {slug} to {url}, without TLS.",
            hint="Remove the entry: it is for tests and demonstrations.",
            id="providers.W002",
        )
        for slug, url in settings.PROVIDER_BASE_URLS.items()
        if not url.startswith("https://")
    ]


@register()
def adapters_check(app_configs: Sequence[Any] | None, **_options: Any) -> list[CheckMessage]:
    """Every registered adapter, of ours and of installed packages, can be used."""
    problems: list[CheckMessage] = []
    try:
        slugs = list(adapter_paths())
    except BadAdapter as error:
        return [Error(str(error), id="providers.E006")]
    for slug in slugs:
        try:
            adapter_class(slug)
        except BadAdapter as error:
            problems.append(Error(str(error), id="providers.E006"))
    return problems


@register(Tags.security)
def base_url_slugs_check(app_configs: Sequence[Any] | None, **_options: Any) -> list[CheckMessage]:
    """PROVIDER_BASE_URLS names providers that exist."""
    try:
        known = adapter_paths()
    except BadAdapter:
        return []  # told by adapters_check
    return [
        Error(f"PROVIDER_BASE_URLS names {slug!r}, which is no provider.", id="providers.E003")
        for slug in settings.PROVIDER_BASE_URLS
        if slug not in known
    ]


@register(Tags.database)
def accounts_check(
    app_configs: Sequence[Any] | None, databases: Sequence[str] | None = None, **_options: Any
) -> list[CheckMessage]:
    """Each active account has a provider, readable credentials and every required one of them."""
    if not databases or "default" not in databases:
        return []
    try:
        accounts = list(ProviderAccount.objects.filter(is_active=True))
    except DatabaseError:
        # Before the first migration there is no table, and no account.
        return []
    return [message for account in accounts for message in _account(account)]


def _account(account: ProviderAccount) -> list[CheckMessage]:
    try:
        fields = adapter_class(account.provider).credential_fields
        values = credentials_decrypt(bytes(account.credentials))
    except (UnknownProvider, BadAdapter, CredentialsError) as error:
        return [Error(f"Account {account}: {error}", id="providers.E004")]
    return [
        Warning(
            f"Account {account}: the credential {field.name} ({field.label}) is missing.",
            hint="Enter it in the Manager, or switch the account off.",
            id="providers.W005",
        )
        for field in credentials_missing(fields, values)
    ]
