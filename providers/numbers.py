"""The sender numbers of an account, as the provider lists them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from providers.calls import provider_call_record
from providers.contracts import RemoteNumber
from providers.errors import ProviderCallError
from providers.models import ProviderAccount, SenderNumber
from providers.notices import limit_apply, number_facts_apply
from providers.registry import adapter_for


@dataclass(frozen=True, slots=True)
class NumbersSynced:
    """What a sync found: numbers new here, numbers known already, and how many of ours the provider no longer lists."""

    added: int
    known: int
    missing: int


def number_find(*, account_id: int, external_id: str) -> SenderNumber | None:
    """The account's number by the provider's id, else by its phone, which some providers use as the id."""
    numbers = SenderNumber.objects.filter(account_id=account_id)
    digits = "".join(character for character in external_id if character.isdigit())
    return numbers.filter(external_id=external_id).first() or numbers.filter(phone=f"+{digits}").first()


def numbers_sync(*, account_id: int) -> NumbersSynced:
    """Add the account's new numbers and take over name, quality, throughput and limit of all.

    A number that is no longer listed stays as it is: messages and queries belong to it. Raises ProviderCallError and
    credentials.CredentialsError; then nothing was changed.
    """
    account = ProviderAccount.objects.get(pk=account_id)
    try:
        listed = list(adapter_for(account.config()).fetch_numbers())
    except ProviderCallError as error:
        provider_call_record(account_id=account_id, purpose="numbers", exchange=error.exchange)
        raise
    return _apply(account, listed)


@transaction.atomic
def _apply(account: ProviderAccount, listed: list[RemoteNumber]) -> NumbersSynced:
    ProviderAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    added = 0
    for remote in listed:
        number, created = _number(account, remote)
        added += created
        number_facts_apply(number=number, quality=remote.quality, throughput=remote.throughput)
    limits = {remote.messaging_limit for remote in listed if remote.messaging_limit is not None}
    if limits:
        # One portfolio, one limit; should the list disagree with itself, the smallest is the safe one (-1 = none).
        bounded = [limit for limit in limits if limit >= 0]
        limit_apply(account_id=account.pk, limit=min(bounded) if bounded else -1)
    ids = [remote.external_id for remote in listed]
    missing = SenderNumber.objects.filter(account=account).exclude(external_id__in=ids).count()
    return NumbersSynced(added=added, known=len(listed) - added, missing=missing)


def _number(account: ProviderAccount, remote: RemoteNumber) -> tuple[SenderNumber, bool]:
    """The number by the provider's id; one entered by hand with another id, by its phone, learns the id."""
    phone = "+" + "".join(character for character in remote.display_phone if character.isdigit())
    numbers = SenderNumber.objects.select_for_update(no_key=True).filter(account=account)
    number = numbers.filter(external_id=remote.external_id).first() or numbers.filter(phone=phone).first()
    created = number is None
    number = number or SenderNumber(account=account, phone=phone)
    number.external_id = remote.external_id
    number.display_name = remote.verified_name[:100] or number.display_name
    number.save()
    return number, created
