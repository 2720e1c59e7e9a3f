"""The raw webhooks about an erased customer go with him; what they told was applied long ago."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q

from providers.delivery_keys import id_key, phone_key
from providers.models import WebhookDelivery
from recontact.erasure import erases
from recontact.models import Customer


@erases
def deliveries_erase(customer_ids: Sequence[int]) -> None:
    """Delete the read deliveries in which a phone or a WhatsApp user id of these customers occurs.

    One that waits to be read is left, so that nothing is lost: erasing again takes what came since. A phone is known by its
    last digits, so a stranger's delivery may go too, before its age.
    """
    keys: list[str] = []
    for phone, bsuid in Customer.objects.filter(pk__in=customer_ids).values_list("phone", "bsuid"):
        keys += [phone_key(phone)] if phone else []
        keys += [id_key(bsuid)] if bsuid else []
    if keys:
        WebhookDelivery.objects.filter(~Q(state=WebhookDelivery.State.RECEIVED), keys__overlap=keys).delete()
