"""Meta's rules about what is free, as they stood on 2026-09-11: what a new portal begins with. Ops adds rows when they change.

Source: developers.facebook.com, "Pricing on the WhatsApp Business Platform" (Meta), and notices of its partners where said so.
"""

from __future__ import annotations

import contextlib
from datetime import date
from typing import Any

from django.apps import apps as installed

_META = "Meta, Pricing on the WhatsApp Business Platform"
_PER_MESSAGE = date(2025, 7, 1)
_CHARGED = date(2026, 10, 1)
_READ = date(2026, 9, 11)

SEEDS: tuple[dict[str, Any], ...] = (
    {
        "kind": "entry_point",
        "amount": 72,
        "valid_from": _PER_MESSAGE,
        "source": f"{_META}: answered within 24 h, every message is free for 72 h",
    },
    {
        "kind": "window",
        "category": "service",
        "valid_from": _PER_MESSAGE,
        "valid_to": _CHARGED,
        "source": f"{_META}: free inside the customer service window until 2026-10-01",
    },
    {
        "kind": "window",
        "category": "utility",
        "valid_from": _PER_MESSAGE,
        "valid_to": _CHARGED,
        "source": f"{_META}: free inside the customer service window until 2026-10-01",
    },
    {
        "kind": "priced_as",
        "category": "service",
        "priced_as": "utility",
        "valid_from": _CHARGED,
        "source": f"{_META}: service messages at the utility rate, without volume tiers",
    },
    {
        "kind": "allowance",
        "category": "service",
        "amount": 1000,
        "valid_from": _CHARGED,
        "source": "Partners' notices of Meta's change of 2026-10-01: 1,000 service messages free for each number and month",
    },
)


def rules_seed(model: Any) -> None:
    """Make the rules where there are none at all. `model`: PricingRule, or its state in a migration."""
    if not model.objects.exists():
        model.objects.bulk_create(model(**{"read_on": _READ, **seed}) for seed in SEEDS)


def rules_seed_after_migrate(*, apps: Any = installed, **_signal: Any) -> None:
    """Receiver of post_migrate: a database that was emptied begins with them too."""
    # Of a migration half way the model may be missing.
    with contextlib.suppress(LookupError):
        rules_seed(apps.get_model("providers", "PricingRule"))
