"""Is the account well? Its token and permissions, its numbers, and whether an app is subscribed to its webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote

from providers.abilities import Check, Finding, Health
from providers.adapters.meta.errors import call_problem
from providers.adapters.meta.reading import part, parts, text
from providers.adapters.meta.vocabulary import NUMBER_STATES
from providers.contracts import JsonObject
from providers.errors import ProviderCallError, Reason
from providers.http import Answer

ACCOUNT_FIELDS = "id,name,account_review_status"
NUMBER_FIELDS = "id,display_phone_number,verified_name,status,quality_rating,code_verification_status"
MANAGEMENT, MESSAGING = "whatsapp_business_management", "whatsapp_business_messaging"
#: `account_review_status` of an account that may not send. Default: well.
_REVIEWS = {"REJECTED": Health.BAD, "RESTRICTED": Health.BAD, "PENDING": Health.WARNING}

#: GET of one path below the version, with its query.
Get = Callable[[str, dict[str, str]], Answer]


def findings(get: Get, *, account_id: str, webhook_url: str, sender_external_ids: Sequence[str]) -> Iterator[Finding]:
    """All that Graph says about the account. Never raises: what cannot be asked is a finding."""
    yield from _account(get, account_id)
    # Reading needs one permission and sending the other; only a send shows whether the token has that.
    yield Finding(Check.PERMISSIONS, Health.UNKNOWN, MESSAGING)
    for external_id in sender_external_ids:
        yield _number(get, external_id)
    yield _subscription(get, account_id, webhook_url)


def _account(get: Get, account_id: str) -> Iterator[Finding]:
    try:
        account = _asked(get, account_id, ACCOUNT_FIELDS)
    except ProviderCallError as problem:
        if problem.reason is Reason.PERMISSION:
            yield Finding(Check.CREDENTIALS, Health.GOOD)
            yield Finding(Check.PERMISSIONS, Health.BAD, MANAGEMENT, problem.detail)
        else:
            yield _unanswered(Check.CREDENTIALS, "", problem)
        return
    review = text(account.get("account_review_status")).upper()
    words = " ".join(word for word in (text(account.get("name")), review) if word)
    yield Finding(Check.CREDENTIALS, _REVIEWS.get(review, Health.GOOD), detail=words)
    yield Finding(Check.PERMISSIONS, Health.GOOD, MANAGEMENT)


def _number(get: Get, external_id: str) -> Finding:
    try:
        number = _asked(get, external_id, NUMBER_FIELDS)
    except ProviderCallError as problem:
        return _unanswered(Check.NUMBER, external_id, problem)
    status = text(number.get("status")).upper()
    names = ("display_phone_number", "verified_name", "code_verification_status", "quality_rating")
    words = [status, *(text(number.get(name)) for name in names)]
    health = NUMBER_STATES.get(status, Health.UNKNOWN)
    return Finding(Check.NUMBER, health, external_id, ", ".join(word for word in words if word))


def _subscription(get: Get, account_id: str, webhook_url: str) -> Finding:
    try:
        applications = parts(_asked(get, f"{account_id}/subscribed_apps", ""), "data")
    except ProviderCallError as problem:
        return _unanswered(Check.WEBHOOK_SUBSCRIBED, "", problem)
    if not applications:
        return Finding(Check.WEBHOOK_SUBSCRIBED, Health.BAD)
    names = [text((part(app, "whatsapp_business_api_data") or app).get("name")) for app in applications]
    others = [text(app.get("override_callback_uri")) for app in applications]
    if all(others) and webhook_url not in others:
        # Every app sends this account's webhooks to an address that is not ours.
        return Finding(Check.WEBHOOK_SUBSCRIBED, Health.WARNING, detail=", ".join(others))
    return Finding(Check.WEBHOOK_SUBSCRIBED, Health.GOOD, detail=", ".join(name for name in names if name))


def _asked(get: Get, path: str, fields: str) -> JsonObject:
    answer = get(quote(path, safe="/"), {"fields": fields} if fields else {})
    body = answer.json_object()
    if answer.status != 200 or body is None or "error" in body:
        raise call_problem(answer)
    return body


def _unanswered(check: Check, subject: str, problem: ProviderCallError) -> Finding:
    unreached = problem.reason in (Reason.NETWORK, Reason.PROVIDER_DOWN, Reason.ACCOUNT_RATE)
    words = f"{problem.provider_code} {problem.detail}".strip()
    return Finding(check, Health.UNKNOWN if unreached else Health.BAD, subject, words)
