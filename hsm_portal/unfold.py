"""The Unfold theme: titles, colours and callbacks, as dotted names, so that settings import no models."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static

#: Teal, after the pictures of the product; the rest is Unfold's own palette.
TEAL = {
    "50": "oklch(98.4% .014 180.7)",
    "100": "oklch(95.3% .051 180.8)",
    "200": "oklch(91% .096 180.4)",
    "300": "oklch(85.5% .138 181.1)",
    "400": "oklch(77.7% .152 181.9)",
    "500": "oklch(70.4% .14 182.5)",
    # Darker than the pictures: white on it, and it on white, can be read (4.5:1).
    "600": "oklch(54% .104 185.5)",
    "700": "oklch(51.1% .096 186.4)",
    "800": "oklch(43.7% .078 188.2)",
    "900": "oklch(38.6% .063 188.4)",
    "950": "oklch(27.7% .046 192.5)",
}

UNFOLD_SETTINGS: dict[str, Any] = {
    "SITE_TITLE": "HSM Portal",
    "SITE_HEADER": "HSM Portal",
    "SITE_SYMBOL": "forum",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("hsm_portal/favicon.svg")},
    ],
    "SITE_URL": None,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": "hsm_portal.navigation.language_address"},
    "DASHBOARD_CALLBACK": "hsm_portal.dashboard.dashboard_context",
    "GLOBAL_CALLBACK": "hsm_portal.navigation.shell_context",
    "STYLES": [
        lambda request: static("hsm_portal/portal.css"),
        lambda request: static("templates_app/bubble.css"),
    ],
    "SCRIPTS": [lambda request: static("hsm_portal/portal.js")],
    "COLORS": {"primary": TEAL},
    "BORDER_RADIUS": "8px",
    "ACCOUNT": {"navigation": "hsm_portal.navigation.account_links"},
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "hsm_portal.navigation.sidebar",
    },
}
