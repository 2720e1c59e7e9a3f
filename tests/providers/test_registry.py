"""Which providers there are, ours and those of installed packages."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from providers import registry
from providers.adapters.meta import MetaCloudApi
from providers.contracts import AccountConfig
from providers.registry import (
    BadAdapter,
    UnknownProvider,
    adapter_class,
    adapter_for,
    adapter_paths,
    providers_available,
)


class OutsideAdapter(MetaCloudApi):
    """An adapter that another package brings."""

    slug = "outside"
    label = "A provider from outside"


@pytest.fixture(autouse=True)
def fresh_registry() -> Iterator[None]:
    def forget() -> None:
        for cached in (adapter_paths, adapter_class, providers_available):
            cached.cache_clear()

    forget()
    yield
    forget()


def install(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Let an installed package declare one entry point."""
    points = EntryPoints([EntryPoint(name, value, registry.ENTRY_POINT_GROUP)])
    monkeypatch.setattr(registry, "entry_points", lambda group: points.select(group=group))


def test_a_slug_names_its_class() -> None:
    assert adapter_class("meta") is MetaCloudApi


def test_an_unknown_slug_is_told() -> None:
    with pytest.raises(UnknownProvider, match="'pigeon'"):
        adapter_class("pigeon")


def test_the_providers_are_offered_with_their_labels() -> None:
    assert [(choice.slug, choice.label) for choice in providers_available() if choice.slug == "meta"] == [
        ("meta", "Meta Cloud API")
    ]


def test_an_adapter_is_bounded_by_the_settings(settings: Settings) -> None:
    settings.PROVIDER_TIMEOUT_SECONDS = 7.5
    settings.PROVIDER_BASE_URLS = {"meta": "http://127.0.0.1:8800"}
    adapter = adapter_for(AccountConfig(1, "meta", "301", {}))
    assert isinstance(adapter, MetaCloudApi)
    assert (adapter.config.timeout_seconds, adapter.config.base_url) == (7.5, "http://127.0.0.1:8800")


def test_an_installed_package_adds_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "outside", f"{__name__}:OutsideAdapter")
    assert adapter_class("outside") is OutsideAdapter
    assert "outside" in [choice.slug for choice in providers_available()]


def test_two_adapters_cannot_share_a_slug(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "meta", f"{__name__}:OutsideAdapter")
    with pytest.raises(BadAdapter, match="Two adapters"):
        adapter_class("meta")


@pytest.mark.parametrize("value", ["nowhere.at_all:Adapter", "providers.adapters.meta:Nothing"])
def test_an_adapter_that_cannot_be_imported_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    install(monkeypatch, "outside", value)
    with pytest.raises(BadAdapter, match="outside"):
        adapter_class("outside")


def test_an_adapter_has_to_know_its_own_slug(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "another", f"{__name__}:OutsideAdapter")
    with pytest.raises(BadAdapter, match="calls itself 'outside'"):
        adapter_class("another")


@pytest.mark.parametrize(("name", "value"), [("meta", f"{__name__}:OutsideAdapter"), ("outside", "nowhere:Adapter")])
def test_the_system_check_names_an_adapter_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    install(monkeypatch, name, value)
    assert [message.id for message in run_checks() if str(message.id).startswith("providers.")] == ["providers.E006"]


def test_an_adapter_that_cannot_be_used_is_not_offered_and_spoils_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "outside", "nowhere:Adapter")
    slugs = [choice.slug for choice in providers_available()]
    assert "meta" in slugs
    assert "outside" not in slugs
