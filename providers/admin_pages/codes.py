"""The page that lists every error code of every provider."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from providers.admin_pages.base import CODES_PERMISSION, page, refused
from providers.code_table import EVERY_PROVIDER, code_rows
from providers.registry import providers_available

LONGEST_SEARCH = 100


def codes_page(request: HttpRequest) -> HttpResponse:
    """All codes, or those of one provider (`provider`), with a text in them (`q`), or one code (`code`)."""
    refusal = refused(request, CODES_PERMISSION, method="GET")
    if refusal is not None:
        return refusal
    provider, text = request.GET.get("provider", ""), request.GET.get("q", "")[:LONGEST_SEARCH]
    code = request.GET.get("code", "")[:LONGEST_SEARCH]
    rows = code_rows(provider=provider or None, text=text, code=code)
    own = [row for row in rows if row.provider != EVERY_PROVIDER]
    context = {
        "title": _("Error codes"),
        "rows": own if code and own else rows,
        "providers": providers_available(),
        "provider": provider,
        "q": text,
        "code": code,
    }
    return page(request, "codes.html", context)
