"""Asking providers what became of messages without certainty, where they can say; with the proof kept.

What the provider reports is applied as its webhook would be. That it does not have the message settles nothing, unless the
provider's page says after how long it does. Nothing here holds a transaction or a lock while it asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import connection, transaction

from providers.abilities import LooksUp, LookUp, LookUpAnswer
from providers.calls import provider_call_record
from providers.contracts import Recipient
from providers.credentials import CredentialsError
from providers.errors import ProviderCallError, Reason
from providers.http import close_client
from providers.models import ProviderAccount
from providers.redaction import words_redacted
from providers.registry import adapter_class_known, adapter_for
from recontact import ledger
from recontact.clock import ClockTimestamp, database_now
from recontact.delivery import status_apply
from recontact.dispatch.call import LATE_SECONDS
from recontact.dispatch.claim import CLAIM_DEADLINE_SECONDS
from recontact.dispatch.settlement import webhooks_silent
from recontact.hashes import keyed_hash
from recontact.models import LookUpRecord, Message
from recontact.models.message import KNOWN_AT_PROVIDER
from recontact.reasons import ABSENT
from recontact.states import MessageState

log = structlog.get_logger(__name__)

PURPOSE = "look_up"
#: Messages of one run, how many are asked for at the same time, and how long one question may take: together less than a
#: minute, for the worker has other tasks.
PER_RUN = 24
AT_ONCE = 12
QUESTION_SECONDS = 25
#: For clocks that do not agree.
MARGIN = timedelta(minutes=2)

#: First after a minute, then each time after half of the message's age again, for two days.
_DOUBTFUL = """
    m.state = 'uncertain' AND m.claimed_at > clock_timestamp() - interval '48 hours'
    AND coalesce(m.look_up_at, m.claimed_at + interval '60 seconds') <= clock_timestamp()
"""
#: Accepted long ago, and not a word since: its webhooks may have been lost.
_UNHEARD = """
    m.state = 'accepted' AND m.provider_message_id <> ''
    AND m.accepted_at BETWEEN clock_timestamp() - interval '48 hours' AND clock_timestamp() - interval '2 hours'
    AND coalesce(m.look_up_at, m.accepted_at) <= clock_timestamp()
"""
# Chosen once, as a list: as a set that is joined, it may be looked through again for each message, and then what is locked
# already is passed over and the limit means nothing.
_TAKE = """
    UPDATE recontact_message SET look_up_at = clock_timestamp()
        + least(greatest((clock_timestamp() - claimed_at) / 2, interval '60 seconds'), interval '6 hours')
    WHERE id = ANY (ARRAY(SELECT m.id FROM recontact_message m WHERE m.account_id = ANY(%s) AND {which}
                          ORDER BY m.look_up_at NULLS FIRST, m.id LIMIT %s FOR UPDATE SKIP LOCKED))
    RETURNING id
"""


@dataclass(frozen=True, slots=True)
class _Question:
    message: Message
    adapter: LooksUp
    asked_at: datetime


def doubtful_look_up() -> int:
    """Ask for messages without certainty whose time has come; returns how many were settled."""
    return _run(_DOUBTFUL)


def unheard_look_up() -> int:
    """Ask for messages that were accepted hours ago and never reported on; returns 0, for none of them is in doubt."""
    return _run(_UNHEARD)


def look_up_apply(*, message_id: int, asked_at: datetime, answer: LookUpAnswer | ProviderCallError) -> LookUpRecord:
    """Keep the answer and let it move the message, as its webhook would. `asked_at` by the database's clock."""
    message = Message.objects.select_related("account").get(pk=message_id)
    doubtful = message.state == MessageState.UNCERTAIN
    if isinstance(answer, ProviderCallError):
        exchanges = [answer.exchange] if answer.exchange is not None else []
        words = words_redacted(answer.detail, phone=message.recipient_phone, bsuid=message.recipient_bsuid)
        outcome, detail = LookUpRecord.Outcome.FAILED, f"{answer.reason} {answer.provider_code} {words}"
    else:
        answer = _without_others(message, answer)
        exchanges, detail = list(answer.exchanges), ""
        for event in answer.events:
            status_apply(message.account_id, replace(event, reference=str(message.reference)))
        outcome = _outcome(answer)
        if outcome == LookUpRecord.Outcome.ABSENT and doubtful:
            absence_settle(message_id=message_id, asked_at=asked_at)
    message.refresh_from_db(fields=["state"])
    with transaction.atomic():
        record = LookUpRecord.objects.create(
            message=message,
            outcome=outcome,
            settled=doubtful and message.state != MessageState.UNCERTAIN,
            detail=detail.strip()[:500],
        )
        for exchange in exchanges:
            call = provider_call_record(account_id=message.account_id, purpose=PURPOSE, exchange=exchange)
            if call is not None:
                record.calls.add(call)
    return record


@transaction.atomic
def absence_settle(*, message_id: int, asked_at: datetime) -> bool:
    """Not sent, because the provider does not have it; the query's right comes back. False: that proves nothing (yet).

    It does where the provider's page says after how long (or settings.LOOK_UP_ABSENCE_SECONDS), when the question came
    later than that, and while the account's webhooks are arriving, as for a person's settlement.
    """
    message = Message.objects.select_for_update(of=("self",)).select_related("account").get(pk=message_id)
    seconds = absence_seconds(message.account.provider)
    if message.state != MessageState.UNCERTAIN or seconds is None or asked_at < _call_ended(message) + seconds:
        return False
    if webhooks_silent(message, database_now()):
        return False
    Message.objects.filter(pk=message.pk, state=MessageState.UNCERTAIN).update(
        state=MessageState.REJECTED, reason=ABSENT, settled_at=ClockTimestamp()
    )
    ledger.settle([message.pk])
    return True


def absence_seconds(provider: str) -> timedelta | None:
    """How long after a call a look-up that finds nothing proves that nothing was sent; None = it never does."""
    adapter = adapter_class_known(provider)
    told = adapter.capabilities.absence_proves_after if adapter is not None else None
    seconds = settings.LOOK_UP_ABSENCE_SECONDS.get(provider, told)
    return None if seconds is None else timedelta(seconds=seconds)


# --- steps -----------------------------------------------------------------------------------------------------------


def _run(which: str) -> int:
    questions = list(_questions(which))
    if not questions:
        return 0
    settled = 0
    for question, answer in zip(questions, asyncio.run(_ask_all(questions)), strict=True):
        if answer == LookUpAnswer():
            continue  # the adapter had nothing to ask with, so there is nothing to keep
        try:
            record = look_up_apply(message_id=question.message.pk, asked_at=question.asked_at, answer=answer)
        except Exception as error:
            # One answer that cannot be written keeps no other back; the provider is asked again.
            log.exception("look_up_not_applied", message_id=question.message.pk, error=type(error).__name__)
        else:
            settled += record.settled
    return settled


def _questions(which: str) -> Iterator[_Question]:
    """Take what is due, so that nobody else asks for it before its next turn."""
    accounts = {account.pk: account for account in ProviderAccount.objects.filter(is_active=True) if _can(account)}
    if not accounts:
        return
    with connection.cursor() as cursor:
        cursor.execute(_TAKE.format(which=which), [list(accounts), PER_RUN])
        ids = [row[0] for row in cursor.fetchall()]
    asked_at = database_now()
    adapters = dict(_adapters(accounts[pk] for pk in accounts))
    for message in Message.objects.filter(pk__in=ids).select_related("sender_number").order_by("pk"):
        if message.account_id in adapters:
            yield _Question(message, adapters[message.account_id], asked_at)


def _can(account: ProviderAccount) -> bool:
    adapter = adapter_class_known(account.provider)
    return adapter is not None and adapter.capabilities.look_up


def _adapters(accounts: Iterable[ProviderAccount]) -> Iterator[tuple[int, LooksUp]]:
    for account in accounts:
        try:
            adapter = adapter_for(account.config())
        except CredentialsError as error:
            log.warning("look_up_account_unusable", account_id=account.pk, error=type(error).__name__)
            continue
        if isinstance(adapter, LooksUp):
            yield account.pk, adapter


async def _ask_all(questions: list[_Question]) -> list[LookUpAnswer | ProviderCallError]:
    at_once = asyncio.Semaphore(AT_ONCE)

    async def ask(question: _Question) -> LookUpAnswer | ProviderCallError:
        async with at_once:
            return await _ask(question)

    try:
        return await asyncio.gather(*(ask(question) for question in questions))
    finally:
        await close_client()


async def _ask(question: _Question) -> LookUpAnswer | ProviderCallError:
    try:
        async with asyncio.timeout(QUESTION_SECONDS):
            return await question.adapter.look_up(_look_up(question.message))
    except ProviderCallError as error:
        return error
    except Exception as error:
        log.exception("look_up_adapter_failed", message_id=question.message.pk, error=type(error).__name__)
        return ProviderCallError(Reason.UNREADABLE_ANSWER, detail=type(error).__name__)


def _look_up(message: Message) -> LookUp:
    began = message.claimed_at or message.created_at
    return LookUp(
        reference=str(message.reference),
        provider_message_id=message.provider_message_id,
        sender_external_id=message.sender_number.external_id,
        sender_phone=message.sender_number.phone,
        recipient=Recipient(message.recipient_phone, message.recipient_bsuid),
        sent_from=began - MARGIN,
        sent_until=_call_ended(message) + MARGIN,
        text=message.body,
    )


def _call_ended(message: Message) -> datetime:
    """The last moment at which the call may have been under way."""
    began = message.claimed_at or message.created_at
    return began + timedelta(seconds=CLAIM_DEADLINE_SECONDS + settings.PROVIDER_TIMEOUT_SECONDS + LATE_SECONDS)


def _without_others(message: Message, answer: LookUpAnswer) -> LookUpAnswer:
    """The answer without what is known to be another message: a provider without references tells them apart by person,
    time and words alone, and two messages may have all three in common."""
    told = {event.provider_message_id: keyed_hash(event.provider_message_id) for event in answer.events}
    others = set(
        Message.objects.filter(
            KNOWN_AT_PROVIDER, account_id=message.account_id, provider_message_id__in={*told, *told.values()}
        )
        .exclude(pk=message.pk)
        .values_list("provider_message_id", flat=True)
    )
    events = [each for each in answer.events if not others & {each.provider_message_id, told[each.provider_message_id]}]
    return replace(answer, events=events)


def _outcome(answer: LookUpAnswer) -> LookUpRecord.Outcome:
    if answer.events:
        return LookUpRecord.Outcome.FOUND
    return LookUpRecord.Outcome.ABSENT if answer.absent else LookUpRecord.Outcome.UNKNOWN
