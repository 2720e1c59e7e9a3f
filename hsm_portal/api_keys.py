"""API keys: a key belongs to a user and narrows that user's permissions to its scopes.

The apps below check ordinary Django permissions and know nothing of keys: the key sets the scopes on the request's user, and
`ScopeBackend` (before ModelBackend) denies what is outside them.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from hsm_portal.models import ApiKey, User

#: What each scope allows, as Django permissions.
SCOPES: dict[str, frozenset[str]] = {
    "templates:read": frozenset({"templates_app.view_template"}),
    "queries:read": frozenset({"recontact.view_query", "recontact.view_all_queries"}),
    "queries:write": frozenset({"recontact.add_query", "recontact.open_query_with_hsm"}),
    # The last two let the key of a coordinator or manager act in the place of a query's agent, as its user may.
    "queries:recontact": frozenset({"recontact.recontact_query", "recontact.bulk_recontact", "recontact.refer_query"}),
    "queries:work": frozenset({"recontact.change_query", "recontact.refer_query", "customer_service.add_note"}),
    "conversations:read": frozenset({"customer_service.view_inboundmessage", "customer_service.view_note"}),
    "messages:read": frozenset({"recontact.view_message", "recontact.see_phones", "recontact.see_costs"}),
    "messages:send": frozenset({"recontact.send_hsm"}),
    "messages:text": frozenset({"recontact.send_text"}),
    "costs:read": frozenset({"recontact.view_costcell", "recontact.see_costs"}),
    "rates:read": frozenset({"providers.view_ratecard"}),
    "rates:write": frozenset({"providers.add_ratecard", "providers.publish_ratecard"}),
    "budgets:read": frozenset({"recontact.view_budget"}),
    "budgets:write": frozenset({"recontact.add_budget", "recontact.change_budget"}),
}


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def api_key_create(*, user: User, name: str, scopes: list[str]) -> tuple[ApiKey, str]:
    """A new key and its secret, which is shown once and never again. Raises ValueError for an unknown scope."""
    unknown = set(scopes) - SCOPES.keys()
    if unknown:
        raise ValueError(f"unknown scopes: {', '.join(sorted(unknown))}")
    prefix = secrets.token_hex(4)
    secret = f"hsm_{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(user=user, name=name, prefix=prefix, digest=_digest(secret), scopes=sorted(scopes))
    return key, secret


def api_key_revoke(*, key: ApiKey) -> bool:
    """The key works no more. False: it was revoked before."""
    return bool(ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=Now()))


def api_key_find(secret: str) -> ApiKey | None:
    """The standing key of an active user for `secret`, or None. A random 256-bit secret needs no slow hash."""
    key = ApiKey.objects.select_related("user").filter(digest=_digest(secret), revoked_at__isnull=True).first()
    return key if key is not None and key.user.is_active else None


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer hsm_...`, or `X-Api-Key: hsm_...`. Never in the address: addresses end up in logs."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        header = request.headers.get("Authorization", "")
        secret = header[7:] if header.startswith("Bearer ") else request.headers.get("X-Api-Key", "")
        if not secret:
            return None
        key = api_key_find(secret)
        if key is None:
            raise AuthenticationFailed(_("The API key is not valid."))
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=Now())
        user = key.user
        user.api_key_permissions = frozenset().union(*(SCOPES.get(scope, frozenset()) for scope in key.scopes))  # type: ignore[attr-defined]  # read by ScopeBackend
        # A superuser would pass every check before any backend is asked; the role's permissions and the scopes decide here.
        user.api_key_superuser = user.is_superuser  # type: ignore[attr-defined]  # read by ScopeBackend
        user.is_superuser = False
        return user, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class ScopeBackend(BaseBackend):
    """Denies a user who came with an API key whatever is outside the key's scopes."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        allowed = getattr(user_obj, "api_key_permissions", None)
        if allowed is not None and perm not in allowed:
            raise PermissionDenied
        return allowed is not None and bool(getattr(user_obj, "api_key_superuser", False))
