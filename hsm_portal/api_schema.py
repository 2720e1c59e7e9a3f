"""The API's OpenAPI document: how to authenticate, and the page that shows it without anything from outside."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from hsm_portal.api_keys import SCOPES


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself on definition
    """`ApiKeyAuthentication` in the document."""

    target_class = "hsm_portal.api_keys.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "hsm_...",
            "description": "An API key of the portal, also accepted in the header X-Api-Key. A key acts as its user, "
            f"narrowed to its scopes: {', '.join(sorted(SCOPES))}.",
        }
