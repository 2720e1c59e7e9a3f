"""`Idempotency-Key`: a repeated request gets the first one's answer, and nothing is sent twice.

The key's row, the send and the stored answer are one transaction. A crash leaves nothing, so the key is free again; a
request that comes meanwhile waits at the unique index and then replays. Only successes are kept: a refusal stores nothing
and may be tried again with the same key once its reason is gone. Keys expire after 24 h (recontact.retention); one used again
after that still sends nothing twice, because the outbox keeps its send key for good.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from recontact.models import IdempotencyKey
from templates_app.api.errors import ApiProblem

#: How long a repeated request waits for the first one before it is told to come back.
WAIT_SECONDS = 10
_KEY = re.compile(r"[\x21-\x7e]{1,72}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A success to give and to keep: the status and a serializer's data, which must have a `url`."""

    status: int
    data: Any


def idempotent(
    request: Request, work: Callable[[str | None], Answer], *, required: bool = True, fingerprint: str = ""
) -> Response:
    """Do `work` once per key. It gets the send key for the outbox (None without an idempotency key).

    `fingerprint`: of this request, where the caller had to take it before the body's file was read.
    Raises ApiProblem: 400 without a key or with an unusable one, 422 when the key belongs to another request, 409 while
    the first one is still under way. What `work` raises goes through, and then nothing is stored.
    """
    key = _key(request, required=required)
    if key is None:
        with transaction.atomic():
            return _response(_plain(work(None)))
    fingerprint = fingerprint or fingerprint_of(request)
    with transaction.atomic():
        row, is_first = _claim(request.user, key, fingerprint)
        if not is_first:
            return _replay(row, fingerprint)
        answer = _plain(work(f"api:{request.user.pk}:{key}"))
        row.status, row.response = answer.status, answer.data
        row.save(update_fields=["status", "response"])
    return _response(answer)


def _key(request: Request, *, required: bool) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is None and not required:
        return None
    if key is None:
        detail = _("Send an Idempotency-Key header, new for each message: a repeated request then sends nothing twice.")
        raise ApiProblem(400, "idempotency_key_required", detail, field="Idempotency-Key")
    if not _KEY.fullmatch(key):
        detail = _("The Idempotency-Key must have 1 to 72 visible ASCII characters.")
        raise ApiProblem(400, "idempotency_key_invalid", detail, field="Idempotency-Key")
    return key


def fingerprint_of(request: Request) -> str:
    """What tells one request from another under the same key: method, address and body, with the content of its files."""
    body = json.dumps(request.data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_file_print)
    return hashlib.sha256(f"{request.method}\n{request.path}\n{body}".encode()).hexdigest()


def _file_print(upload: UploadedFile[Any]) -> list[Any]:
    digest = hashlib.sha256()
    for piece in upload.chunks():
        digest.update(piece)
    upload.seek(0)
    return [upload.name, digest.hexdigest()]


def _claim(user: Any, key: str, fingerprint: str) -> tuple[IdempotencyKey, bool]:
    """The key's row and whether it is new. Waits while another request with this key is under way."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{WAIT_SECONDS}s"])
            found = IdempotencyKey.objects.get_or_create(user=user, key=key, defaults={"fingerprint": fingerprint})
            # The wait that follows, for the customer's row, is not this one.
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        detail = _("The first request with this Idempotency-Key is still under way. Repeat this one in a moment.")
        raise ApiProblem(409, "idempotency_in_progress", detail, headers={"Retry-After": "2"}) from error
    return found


def _replay(row: IdempotencyKey, fingerprint: str) -> Response:
    if row.fingerprint != fingerprint:
        detail = _("This Idempotency-Key was used for another request. Use a new key for a new message.")
        raise ApiProblem(422, "idempotency_key_reused", detail, field="Idempotency-Key")
    response = _response(Answer(row.status or 200, row.response))
    response["Idempotency-Replayed"] = "true"
    return response


def _plain(answer: Answer) -> Answer:
    """The answer as JSON values only, so that a replay is the same to the letter."""
    return Answer(answer.status, json.loads(JSONRenderer().render(answer.data)))


def _response(answer: Answer) -> Response:
    return Response(answer.data, status=answer.status, headers={"Location": answer.data["url"]})
