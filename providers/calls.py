"""The kept record of management calls (templates, numbers): redacted by the HTTP seam, removed by age."""

from __future__ import annotations

from providers.contracts import Exchange
from providers.models import ProviderCall


def provider_call_record(*, account_id: int, purpose: str, exchange: Exchange | None) -> ProviderCall | None:
    """Keep one exchange of an account. `purpose` is a short word such as "templates". None is nothing to keep."""
    if exchange is None:
        return None
    return ProviderCall.objects.create(
        account_id=account_id,
        purpose=purpose[:40],
        method=exchange.method[:8],
        url=exchange.url[:500],
        status=exchange.status,
        request=exchange.request,
        response=exchange.response,
        duration_ms=max(exchange.duration_ms, 0),
        error=exchange.error[:500],
    )
