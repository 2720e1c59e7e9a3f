"""The address providers call: verify, store, commit, answer 200. Reading what was stored is a worker's job (I5)."""

from __future__ import annotations

import uuid

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from providers.contracts import BadSignature, WebhookRequest
from providers.credentials import CredentialsError
from providers.doctor_probe import PROBE_HEADER, probe_proof
from providers.inbox_storing import delivery_store, handshake_note
from providers.registry import BadAdapter, UnknownProvider
from providers.webhook_accounts import WebhookAccount, account_load, account_remembered

log = structlog.get_logger(__name__)

_REFUSED = 403
#: The account was changed while its request was being checked: the provider sends that one again.
_CHANGED = 503
#: What may be otherwise with the account as it is stored.
_LOOK_AGAIN = frozenset({_REFUSED, _CHANGED})


@csrf_exempt
@transaction.non_atomic_requests
@never_cache
@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest, provider: str, key: uuid.UUID) -> HttpResponse:
    """The handshake (GET) and the deliveries (POST) of one account; an account that is switched off still receives.

    A call of the connection doctor is answered with its proof, and nothing of it is kept.
    """
    proof = probe_proof(request.headers.get(PROBE_HEADER, ""), key)
    response = _received(request, provider, key, is_probe=bool(proof))
    if proof and response.status_code != 404:
        response.headers[PROBE_HEADER] = proof
    return response


def _received(request: HttpRequest, provider: str, key: uuid.UUID, *, is_probe: bool) -> HttpResponse:
    remembered = None if request.method == "GET" or is_probe else account_remembered(provider, key)
    if remembered is not None:
        status = _delivery(remembered, request)
        if status not in _LOOK_AGAIN:
            return _answer(status)
    try:
        account = account_load(provider, key)
    except (CredentialsError, UnknownProvider, BadAdapter) as error:
        # Not the sender's fault: with 503 the provider keeps the delivery and sends it again.
        log.error("webhook_account_unusable", provider=provider, error=type(error).__name__)
        return _answer(503)
    if account is None:
        return _answer(404)
    if request.method == "GET":
        return _handshake(account, request)
    status = _delivery(account, request, is_probe=is_probe)
    if status == _REFUSED and not is_probe:
        log.warning("webhook_signature_refused", account_id=account.pk)
    return _answer(status)


def _handshake(account: WebhookAccount, request: HttpRequest) -> HttpResponse:
    challenge = account.adapter.webhook_challenge({name: str(value) for name, value in request.GET.items()})
    if challenge is None:
        return _answer(403)
    handshake_note(account.pk)
    return _answer(200, challenge)


def _delivery(account: WebhookAccount, request: HttpRequest, *, is_probe: bool = False) -> int:
    """Verify and store the request; returns the status to answer."""
    if _declared_length(request) > settings.WEBHOOK_MAX_BYTES:
        return 413
    try:
        body = request.body
    except RequestDataTooBig:
        return 413
    except UnreadablePostError:
        return 400
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        # Signed addresses are those that the provider called, which a proxy may have rewritten on the way here.
        url = f"{settings.PUBLIC_URL}{request.get_full_path()}"
        account.adapter.verify_webhook(WebhookRequest(body=body, headers=headers, url=url))
    except BadSignature:
        return _REFUSED
    if is_probe:
        return 200
    query = request.META.get("QUERY_STRING", "")
    stored = delivery_store(account=account, body=body, headers=headers, query=query)
    return _CHANGED if stored is None else 200


def _declared_length(request: HttpRequest) -> int:
    try:
        return int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return 0


def _answer(status: int, text: str = "") -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
