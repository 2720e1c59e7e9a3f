"""What customers write: stored once, in the query it belongs to; a word that asks for no more marketing is obeyed."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from customer_service.auto_answers import away_answer_on_commit, opt_out_answer_on_commit
from customer_service.inbound_files import files_expected
from customer_service.models import InboundMessage
from customer_service.routing import query_route
from providers.contracts import InboundEvent
from providers.events import CannotHandle
from providers.numbers import number_find
from recontact.customers import customer_identify
from recontact.hashes import keyed_hash
from recontact.inbound import customer_wrote
from recontact.opt_out_words import opt_out_language
from recontact.phones import phone_from_wire
from recontact.taps import tapped_words
from recontact.wishes import CUSTOMERS_WORD, marketing_stop

_WORDED = frozenset({"text", "button", "interactive"})


@transaction.atomic
def inbound_receive(account_id: int, event: InboundEvent) -> InboundMessage:
    """Store the customer's message and let it open the window and the query; the same message twice changes nothing.

    Raises CannotHandle when the number it came to is not known here.
    """
    known = _known(account_id, event)
    if known is not None:
        return known
    event = _worded(account_id, event)
    number = number_find(account_id=account_id, external_id=event.sender_external_id)
    if number is None:
        raise CannotHandle("The sender number is not known here. Sync the account's numbers, then replay.")
    phone = phone_from_wire(event.phone)
    customer = customer_identify(
        phone=phone, bsuid=event.bsuid, name=event.profile_name, wa_id=event.phone.removeprefix("+")
    )
    # Another worker may have stored it while this one waited for the customer's row.
    known = _known(account_id, event)
    if known is not None:
        return known
    query = customer_wrote(
        customer=customer,
        sender_number=number,
        at=event.occurred_at,
        preview=inbound_preview(event),
        context_message_id=event.context_message_id,
        is_reaction=event.kind == "reaction",
        is_taken_back=event.kind == "reaction" and not event.text,
        from_advertisement=bool(event.entry_point),
    )
    query_route(query, text=event.text, at=event.occurred_at)
    if event.kind != "reaction":
        away_answer_on_commit(query, at=event.occurred_at)
    message = InboundMessage.objects.create(
        account_id=account_id,
        sender_number=number,
        customer=query.customer,
        query=query,
        provider_message_id=event.provider_message_id,
        kind=event.kind[:20],
        text=event.text,
        button_payload=event.button_payload[:300],
        context_message_id=event.context_message_id[:128],
        payload=event.payload,
        occurred_at=event.occurred_at,
    )
    files_expected(message, event.media)
    _obey(message, event)
    return message


def _obey(message: InboundMessage, event: InboundEvent) -> None:
    """A word that asks for no more marketing is a wish, answered once it is new."""
    language = opt_out_language(event.text) or opt_out_language(event.button_payload)
    if event.kind not in _WORDED or language is None:
        return
    if marketing_stop(customer=message.customer, at=event.occurred_at, source=CUSTOMERS_WORD):
        opt_out_answer_on_commit(message.query, language=language, message_id=message.pk)


def _worded(account_id: int, event: InboundEvent) -> InboundEvent:
    """Some providers tell of a tap only what the button carries: then its words are those of the message that was sent."""
    if event.kind != "button" or event.text not in ("", event.button_payload):
        return event
    words = tapped_words(
        account_id=account_id, context_message_id=event.context_message_id, payload=event.button_payload
    )
    return replace(event, text=words) if words else event


def _known(account_id: int, event: InboundEvent) -> InboundMessage | None:
    """The message as it is stored already, under its hash once the customer was erased."""
    ids = [event.provider_message_id, keyed_hash(event.provider_message_id)]
    return InboundMessage.objects.filter(account_id=account_id, provider_message_id__in=ids).first()


def inbound_preview(event: InboundEvent) -> str:
    """One line for the lists: what the customer wrote, or what kind of thing he sent."""
    text = " ".join(event.text.split())
    labels = {
        "image": _("Picture"),
        "audio": _("Voice message"),
        "video": _("Video"),
        "document": _("Document"),
        "sticker": _("Sticker"),
        "location": _("Place"),
        "contacts": _("Contact"),
        "reaction": _("Took a reaction back"),
        "order": _("Order"),
    }
    return text or labels.get(event.kind) or _("A kind of message that WhatsApp does not pass on")
