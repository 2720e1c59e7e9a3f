"""What the pages share: their permissions, and the way back."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

ACCOUNT_PERMISSION = "providers.change_provideraccount"
RESUME_PERMISSION = "providers.resume_sending"
REPLAY_PERMISSION = "providers.change_webhookdelivery"
CHECK_PERMISSION = "providers.add_checkup"
SEE_CHECKS_PERMISSION = "providers.view_checkup"
CODES_PERMISSION = "providers.view_sendernumber"
#: The permission is recontact's; here it is only a name, asked of the user.
PHONES_PERMISSION = "recontact.see_phones"


def refused(request: HttpRequest, permission: str, *, method: str = "POST") -> HttpResponse | None:
    """None when the request may go on. Raises PermissionDenied; another method is answered with 405."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    allowed = ["GET", "HEAD"] if method == "GET" else [method]
    return None if request.method in allowed else HttpResponseNotAllowed(allowed)


def page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A whole page in the Manager's shell."""
    request.current_app = admin.site.name
    return TemplateResponse(request, f"providers/{template}", {**admin.site.each_context(request), **context})


def to(name: str, pk: int) -> HttpResponse:
    """On to the page of one row."""
    return HttpResponseRedirect(reverse(f"admin:providers_{name}", args=[pk]))


def back(request: HttpRequest, address: str) -> HttpResponse:
    """To the page that the form names as `next`, if it is one of this site, else to `address`."""
    wanted = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        wanted = address
    return HttpResponseRedirect(wanted)


def row_id(object_id: str) -> int:
    """The id in an admin address. Raises Http404; eighteen digits always fit the database's bigint."""
    if not (object_id.isascii() and object_id.isdigit() and len(object_id) <= 18):
        raise Http404
    return int(object_id)
