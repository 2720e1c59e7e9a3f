"""The Unfold theme: titles, colours, and the sidebar that both sides of the portal share."""

from __future__ import annotations

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy


def _item(title: Any, icon: str, url_name: str, permission: str, badge: str = "") -> dict[str, Any]:
    """One sidebar entry; `permission` is an ordinary Django permission, checked for the user of the request."""
    item: dict[str, Any] = {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(url_name),
        "permission": lambda request: request.user.has_perm(permission),
    }
    if badge:
        item["badge"] = badge
    return item


UNFOLD_SETTINGS: dict[str, Any] = {
    "SITE_TITLE": "HSM Portal",
    "SITE_HEADER": "HSM Portal",
    "SITE_SYMBOL": "forum",
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "hsm_portal.dashboard.dashboard_context",
    "STYLES": [lambda request: static("hsm_portal/portal.css")],
    "SCRIPTS": [lambda request: static("hsm_portal/portal.js")],
    "BORDER_RADIUS": "8px",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [],
    },
}
