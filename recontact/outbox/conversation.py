"""What is written in an open window: free text, and files with words under them."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from recontact.budgets.reserve import Purse, purse_open
from recontact.budgets.scope import facts_of_query
from recontact.clock import database_now
from recontact.costs.estimate import Estimate, estimate_for
from recontact.customers import customer_lock
from recontact.eligibility import customer_refusals, number_refusals, text_refusals
from recontact.entry_points import entry_point_of
from recontact.media.attachments import attachment_component
from recontact.media.files import file_keep, files_discard
from recontact.media.outgoing import upload_store
from recontact.media.response import name_offered
from recontact.models import MediaFile, Message, Query
from recontact.outbox.queue import Envelope, OneUse, message_queue, query_touched, refuse_if, refuse_if_used
from recontact.refusals import Code, Refusal, SendRefused
from recontact.windows import window_expires_at

#: WhatsApp's limit for the body of a text message (Meta, Send messages, read 2026-09).
TEXT_LIMIT = 4096


def text_send(
    *, query_id: int, text: str, user: Any, send_key: str | None, origin: str = Message.Origin.TICKET
) -> Message:
    """Queue free text in a query whose window is open; it expires with the window. Raises SendRefused.

    Without a user it is the portal's own answer: it leaves the query as it was, waiting for a person.
    """
    text = _cleaned(text)
    if not text:
        raise SendRefused(Refusal(Code.EMPTY_TEXT, field_name="text"))
    if len(text) > TEXT_LIMIT:
        raise SendRefused(Refusal(Code.TEXT_TOO_LONG, {"limit": TEXT_LIMIT}, field_name="text"))
    return _write(query_id, user, send_key, origin=origin, kind=Message.Kind.TEXT, body=text)


def attachment_send(
    *, query_id: int, upload: UploadedFile[Any], caption: str, user: Any, send_key: str | None
) -> Message:
    """Queue a file, with words under it, in a query whose window is open; as `text_send` otherwise. Raises SendRefused.

    The file is stored before the message is, because that may take long; refused, it is thrown away again.
    """
    query = Query.objects.select_related("sender_number__account").get(pk=query_id)
    refuse_if_used(send_key)
    file = upload_store(query=query, upload=upload, caption=_cleaned(caption))
    try:
        return attachment_queue(file=file, caption=caption, user=user, send_key=send_key)
    except SendRefused:
        files_discard(MediaFile.objects.filter(pk=file.pk))
        raise


def attachment_queue(
    *, file: MediaFile, caption: str, user: Any, send_key: str | None, origin: str = Message.Origin.TICKET
) -> Message:
    """Queue a file that is stored already, in its own query. Raises SendRefused; the caller then throws the file away."""
    return _write(
        file.query_id,
        user,
        send_key,
        origin=origin,
        file=file,
        kind=Message.Kind.MEDIA,
        body=_cleaned(caption),
        components=[attachment_component(file)],
    )


def _cleaned(text: str) -> str:
    return text.replace("\x00", "").strip()


def _write(
    query_id: int,
    user: Any,
    send_key: str | None,
    *,
    origin: str = Message.Origin.TICKET,
    file: MediaFile | None = None,
    **content: Any,
) -> Message:
    """Queue what an agent (or, without a user, the portal) writes in an open window; a `file` is kept with it."""
    with OneUse(send_key), transaction.atomic():
        purse = _text_purse(query_id)
        customer = customer_lock(Query.objects.values_list("customer_id", flat=True).get(pk=query_id))
        query = (
            Query.objects.select_for_update(of=("self",), no_key=True)
            .select_related("sender_number__account")
            .get(pk=query_id)
        )
        refuse_if_used(send_key)
        number = query.sender_number
        refuse_if(
            [
                *text_refusals(query, user=user),
                *number_refusals(number),
                *customer_refusals(customer, category="service"),
            ]
        )
        envelope = Envelope(number, customer, query, origin, user, send_key, purse)
        closes = window_expires_at(customer_id=customer.pk, sender_number_id=number.pk)
        message = message_queue(envelope, category="service", expires_at=closes, **content)
        if file is not None and not file_keep(file.pk):
            raise SendRefused(Refusal(Code.FILE_GONE, field_name="file"))
        if user is not None:
            query_touched(query, message, user=user, kind=None, preview=name_offered(file) if file is not None else "")
    return message


def _text_purse(query_id: int) -> Purse:
    """Text that costs nothing locks no budget: agents write at the same moment all day long."""
    query = Query.objects.select_related("customer", "sender_number").get(pk=query_id)
    phone, bsuid = query.customer.phone or "", query.customer.bsuid or ""
    price = estimate_for(
        account_id=query.sender_number.account_id,
        phone=phone,
        bsuid=bsuid,
        category="service",
        number_id=query.sender_number_id,
        entry_point_at=entry_point_of(customer_id=query.customer_id, sender_number_id=query.sender_number_id),
    )
    if isinstance(price, Estimate) and not price.amount:
        return Purse((), by_campaign=False, at=database_now())
    return purse_open(facts_of_query(query_id, campaign=None))
