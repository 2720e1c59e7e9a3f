"""The doctor's call of the portal's own webhook address: does it lead here, and does it turn away what is not signed?

The call carries a token that only this portal can make; the webhook view answers it with a proof and stores nothing of it.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid

from django.conf import settings
from django.core import signing

from providers.abilities import Check, Health
from providers.doctor_words import KeptFinding
from providers.errors import ProviderCallError
from providers.http import Call, call_provider_sync, is_loopback_url, url_problem
from providers.models import ProviderAccount

PROBE_HEADER = "X-HSM-Doctor"
PROBE_SECONDS = 8.0
#: How long a token counts.
TOKEN_SECONDS = 60
_SALT = "providers.doctor_probe"


def probe_token(key: uuid.UUID) -> str:
    """A token for one call of this webhook."""
    return signing.TimestampSigner(salt=_SALT).sign(key.hex)


def probe_proof(token: str, key: uuid.UUID) -> str:
    """What the webhook answers to a fresh token of its own; "" to anything else."""
    if not token:
        return ""
    try:
        signed = signing.TimestampSigner(salt=_SALT).unsign(token, max_age=TOKEN_SECONDS)
    except signing.BadSignature:
        return ""
    if signed != key.hex:
        return ""
    return hmac.new(settings.SECRET_KEY.encode(), f"{_SALT}:{token}".encode(), hashlib.sha256).hexdigest()


def webhook_probe(account: ProviderAccount) -> KeptFinding:
    """POST to the account's public address without a signature: refused by this very portal is reachable."""
    check, url, token = Check.WEBHOOK_REACHABLE, account.webhook_url, probe_token(account.webhook_key)
    if url_problem(url):
        return KeptFinding(check, Health.BAD, "insecure", detail=url)
    call = Call("POST", url, headers={PROBE_HEADER: token}, json_body={}, timeout=PROBE_SECONDS)
    try:
        answer = call_provider_sync(call)
    except ProviderCallError as error:
        return KeptFinding(check, Health.BAD, "silent", detail=f"{url} {error.detail}")
    params = {"status": answer.status}
    proof = answer.headers.get(PROBE_HEADER.lower(), "")
    if not hmac.compare_digest(proof.encode(), probe_proof(token, account.webhook_key).encode()):
        return KeptFinding(check, Health.BAD, "other", detail=url, params=params)
    if answer.status not in (200, 403):
        return KeptFinding(check, Health.BAD, "refusing", detail=url, params=params)
    # A provider that is replaced by one on this machine reaches what this machine reaches.
    if is_loopback_url(url) and account.provider not in settings.PROVIDER_BASE_URLS:
        return KeptFinding(check, Health.WARNING, "local", detail=url)
    return KeptFinding(check, Health.GOOD, "good" if answer.status == 403 else "open")
