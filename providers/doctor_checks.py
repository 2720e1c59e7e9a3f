"""What the connection doctor looks at for every provider; an adapter that `Diagnoses` adds what only it can ask.

Every call is bounded, nothing is changed, and whatever goes wrong becomes a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import TypeVar

import structlog
from django.utils import timezone

from providers.abilities import Check, Diagnoses, Health
from providers.contracts import Protection, Provider, RemoteNumber
from providers.credentials import CredentialsError, credentials_missing
from providers.doctor_probe import webhook_probe
from providers.doctor_words import KeptFinding, finding_kept
from providers.errors import ProviderCallError, Reason
from providers.http import clocks_watched
from providers.models import ProviderAccount, SenderNumber
from providers.registry import BadAdapter, UnknownProvider, adapter_class

log = structlog.get_logger(__name__)

#: The longest one question to the provider may take.
CALL_SECONDS = 10.0
#: Enough to know that the templates can be read; an account may have thousands.
MOST_TEMPLATES = 200
MOST_NUMBERS = 200
SILENT_AFTER = timedelta(days=7)
#: A provider that signs with a moment refuses what is older than some minutes. Below the first, it is the network.
SKEW_WARNING_SECONDS, SKEW_BAD_SECONDS = 15, 120

Item = TypeVar("Item")


def account_findings(account: ProviderAccount) -> list[KeptFinding]:
    """Everything the doctor finds about the account, in the order in which people put things right."""
    adapter, findings = _adapter(account)
    if adapter is None:
        return [*findings, webhook_probe(account), *_webhook_ages(account)]
    with clocks_watched() as clocks:
        findings += _asked(account, adapter)
        own = list(_guarded(Check.CREDENTIALS, lambda: _own(account, adapter)))
    merged = _merged(findings, own)
    merged += [webhook_probe(account), _protection(adapter), *_webhook_ages(account), _clock(clocks)]
    return sorted(merged, key=lambda finding: list(Check).index(finding.check))


def _adapter(account: ProviderAccount) -> tuple[Provider | None, list[KeptFinding]]:
    check = Check.CREDENTIALS
    try:
        adapter_type = adapter_class(account.provider)
        config = replace(account.config(), timeout_seconds=CALL_SECONDS)
    except (UnknownProvider, BadAdapter) as error:
        return None, [KeptFinding(check, Health.BAD, "no_adapter", detail=str(error))]
    except CredentialsError:
        return None, [KeptFinding(check, Health.BAD, "unreadable")]
    missing = credentials_missing(adapter_type.credential_fields, config.credentials)
    if missing:
        labels = [str(field.label) for field in missing]
        return None, [KeptFinding(check, Health.BAD, "missing", params={"fields": labels})]
    try:
        return adapter_type(config), []
    except Exception as error:
        log.error("doctor_adapter_failed", account_id=account.pk, error=type(error).__name__)
        return None, [KeptFinding(check, Health.BAD, "failed", detail=type(error).__name__)]


# --- what the provider's lists tell --------------------------------------------------------------------------------------


def _asked(account: ProviderAccount, adapter: Provider) -> list[KeptFinding]:
    findings: list[KeptFinding] = []
    proofs: list[bool] = []
    lists: list[tuple[Check, bool, Callable[[], Iterable[KeptFinding]]]] = [
        (Check.NUMBER, adapter.capabilities.list_numbers, lambda: _numbers(account, adapter)),
        (Check.TEMPLATES, adapter.capabilities.list_templates, lambda: _templates(adapter)),
    ]
    for check, can, look in lists:
        if not can:
            findings.append(KeptFinding(check, Health.UNKNOWN))
            continue
        found = _guarded(check, look)
        proofs.append(not any(finding.health is Health.BAD and finding.note != "unlisted" for finding in found))
        findings += found
    if not any(finding.check in (Check.CREDENTIALS, Check.PERMISSIONS) for finding in findings):
        findings.append(_credentials(proofs))
    if not account.numbers.filter(is_active=True).exists():
        findings.append(KeptFinding(Check.NUMBER, Health.WARNING, "none"))
    return _once(findings)


def _credentials(proofs: list[bool]) -> KeptFinding:
    if not proofs:
        return KeptFinding(Check.CREDENTIALS, Health.UNKNOWN, "untested")
    return KeptFinding(Check.CREDENTIALS, Health.GOOD if any(proofs) else Health.UNKNOWN)


def _guarded(check: Check, look: Callable[[], Iterable[KeptFinding]]) -> list[KeptFinding]:
    """The findings of one look. A refusal that is about the credentials is told as such, once."""
    try:
        return list(look())
    except ProviderCallError as error:
        detail = f"{error.provider_code} {error.detail}".strip()
        about = {Reason.CREDENTIALS: Check.CREDENTIALS, Reason.PERMISSION: Check.PERMISSIONS}.get(error.reason)
        if about is not None:
            return [
                KeptFinding(about, Health.BAD, detail=detail),
                KeptFinding(check, Health.UNKNOWN, "skipped"),
            ]
        note = "unread" if check is Check.NUMBER else ""
        return [KeptFinding(check, Health.BAD, note, detail=detail, params={"reason": error.reason.value})]
    except Exception as error:
        log.error("doctor_check_failed", check=check.value, error=type(error).__name__)
        return [KeptFinding(check, Health.BAD, "failed", detail=type(error).__name__)]


def _templates(adapter: Provider) -> list[KeptFinding]:
    count = _length(adapter.fetch_templates(), MOST_TEMPLATES + 1)
    if count > MOST_TEMPLATES:
        return [KeptFinding(Check.TEMPLATES, Health.GOOD, "many", params={"count": MOST_TEMPLATES})]
    return [KeptFinding(Check.TEMPLATES, Health.GOOD, params={"count": count})]


def _length(items: Iterable[Item], most: int) -> int:
    return sum(1 for _item in islice(items, most))


def _numbers(account: ProviderAccount, adapter: Provider) -> Iterator[KeptFinding]:
    listed = list(islice(adapter.fetch_numbers(), MOST_NUMBERS))
    known = list(account.numbers.all())
    for number in known:
        if number.is_active:
            there = any(_is_same(number, remote) for remote in listed)
            note, health = ("listed", Health.GOOD) if there else ("unlisted", Health.BAD)
            yield KeptFinding(Check.NUMBER, health, note, subject=str(number))
    for remote in listed:
        if not any(_is_same(number, remote) for number in known):
            subject = f"{remote.display_phone} {remote.verified_name}".strip()
            yield KeptFinding(Check.NUMBER, Health.WARNING, "new", subject=subject)


def _is_same(number: SenderNumber, remote: RemoteNumber) -> bool:
    digits = "".join(character for character in remote.display_phone if character.isdigit())
    return remote.external_id == number.external_id or f"+{digits}" == number.phone


# --- what the portal knows itself ----------------------------------------------------------------------------------------


def _protection(adapter: Provider) -> KeptFinding:
    kind = adapter.webhook_protection()
    health = Health.WARNING if kind is Protection.PATH else Health.GOOD
    return KeptFinding(Check.WEBHOOK_PROTECTION, health, "" if kind is Protection.PATH else kind.value)


def _webhook_ages(account: ProviderAccount) -> list[KeptFinding]:
    came, shaken = account.last_webhook_at, account.handshake_at
    if shaken is not None:
        handshake = KeptFinding(Check.HANDSHAKE, Health.GOOD, params={"at": shaken.isoformat()})
    elif came is not None:
        handshake = KeptFinding(Check.HANDSHAKE, Health.GOOD, "webhooks")
    else:
        handshake = KeptFinding(Check.HANDSHAKE, Health.WARNING)
    if came is None:
        return [handshake, KeptFinding(Check.LAST_WEBHOOK, Health.UNKNOWN)]
    health = Health.WARNING if came < timezone.now() - SILENT_AFTER else Health.GOOD
    return [handshake, KeptFinding(Check.LAST_WEBHOOK, health, params={"at": came.isoformat()})]


def _clock(clocks: list[float]) -> KeptFinding:
    """The smallest difference: a slow answer looks like a clock that is behind, never like one that agrees."""
    if not clocks:
        return KeptFinding(Check.CLOCK, Health.UNKNOWN)
    seconds = round(min(abs(seconds) for seconds in clocks))
    health = Health.GOOD
    if seconds >= SKEW_WARNING_SECONDS:
        health = Health.BAD if seconds >= SKEW_BAD_SECONDS else Health.WARNING
    return KeptFinding(Check.CLOCK, health, params={"seconds": seconds})


# --- what only the adapter can ask ---------------------------------------------------------------------------------------


def _own(account: ProviderAccount, adapter: Provider) -> Iterator[KeptFinding]:
    if isinstance(adapter, Diagnoses):
        names = {number.external_id: str(number) for number in account.numbers.filter(is_active=True)}
        for finding in adapter.diagnose(webhook_url=account.webhook_url, sender_external_ids=list(names)):
            yield replace(finding_kept(finding), subject=names.get(finding.subject, finding.subject))


def _merged(common: list[KeptFinding], own: list[KeptFinding]) -> list[KeptFinding]:
    """The adapter knows better: what it found takes the place of our guess and of our not knowing."""
    known = {finding.check for finding in own}
    weak = {Health.UNKNOWN, Health.GOOD}
    kept = [finding for finding in common if finding.check not in known or finding.health not in weak]
    return _once([*kept, *own])


def _once(findings: list[KeptFinding]) -> list[KeptFinding]:
    """Each check and subject once, as it came out first."""
    found: dict[tuple[Check, str, Health], KeptFinding] = {}
    for finding in findings:
        found.setdefault((finding.check, finding.subject, finding.health), finding)
    return list(found.values())
