"""`manage.py erase_customer`: erase a customer's personal data (see recontact.erasure)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from recontact.erasure import CannotErase, customer_erase
from recontact.hashes import keyed_hash
from recontact.models import Customer
from recontact.phones import InvalidPhone, phone_parse


class Command(BaseCommand):
    help = "Erase a customer's personal data; ledger, prices and opt-outs keep working."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Exactly one way of naming the customer."""
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--id", type=int, help="the customer's number in the portal")
        who.add_argument("--phone", help="the customer's phone, as people write it")
        who.add_argument("--bsuid", help="the customer's business-scoped user id")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints the customer's number. Exit 1: nobody is known so, or a message is under way."""
        ids = _found(options)
        if not ids:
            raise CommandError("There is no such customer.")
        for customer_id in ids:
            try:
                customer = customer_erase(customer_id=customer_id, user=None)
            except CannotErase as error:
                raise CommandError(str(error)) from error
            self.stdout.write(f"Customer #{customer.pk} is erased.")


def _found(options: dict[str, Any]) -> list[int]:
    """By phone or id also those erased before, so that what came since goes too."""
    if options["id"] is not None:
        rows = Customer.objects.filter(pk=options["id"])
    elif options["phone"]:
        try:
            phone = phone_parse(options["phone"], default_country=settings.DEFAULT_COUNTRY).e164
        except InvalidPhone as error:
            raise CommandError(str(error)) from error
        rows = Customer.objects.filter(phone=phone) | Customer.objects.filter(phone_hash=keyed_hash(phone))
    else:
        bsuid = options["bsuid"]
        rows = Customer.objects.filter(bsuid=bsuid) | Customer.objects.filter(bsuid_hash=keyed_hash(bsuid))
    return list(rows.order_by("pk").values_list("pk", flat=True))
