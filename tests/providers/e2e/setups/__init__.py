"""One module per provider, each with its `PROVIDER`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.providers.e2e.provider import Provider


def _read(name: str) -> Provider:
    provider: Provider = import_module(f"{__name__}.{name}").PROVIDER
    return provider


#: Every provider that has a set-up, by name.
EVERY: tuple[Provider, ...] = tuple(_read(module.name) for module in iter_modules(__path__))
