"""Asking providers what they charged: a question is a row, carried out by a worker, tried again, and kept as a statement.

The call is made outside any transaction; its answer is stored in one. Some providers answer later, by a webhook.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from providers.abilities import ReadsUsage
from providers.accounts import account_credentials
from providers.calls import provider_call_record
from providers.contracts import UsageEvent
from providers.credentials import CredentialsError
from providers.errors import ProviderCallError, Reason, reason_sentence
from providers.models import ProviderAccount
from providers.rates.markets import market_of
from providers.registry import BadAdapter, UnknownProvider, adapter_class_known, adapter_for
from providers.usage import Usage, UsageAsked, UsageRow
from recontact.clock import database_now
from recontact.models import Statement, UsagePull
from recontact.reconciliation.locks import account_lock
from recontact.reconciliation.mapping import CATEGORY_WORDS
from recontact.reconciliation.reading import APART, Line
from recontact.reconciliation.storing import NewStatement, statement_store, statement_withdraw

log = structlog.get_logger(__name__)

PURPOSE = "usage"
MOST_TRIES = 5
#: While it is asked nobody else asks; a worker that died is followed after that.
_LEASE = timedelta(minutes=5)
#: The pause before the second try; each one is twice as long as that before.
_PAUSE = timedelta(minutes=1)
#: So long an answer may take that comes by webhook.
_ANSWER_WITHIN = timedelta(hours=24)
#: What may be otherwise a minute later.
_PASSING = frozenset(
    {
        Reason.NETWORK,
        Reason.NO_ANSWER,
        Reason.PROVIDER_DOWN,
        Reason.UNREADABLE_ANSWER,
        Reason.ACCOUNT_RATE,
        Reason.PROVIDER_ERROR,
    }
)


class CannotPull(Exception):
    """Nothing was asked; the message says why, to a person."""


def pull_refused(account: ProviderAccount) -> str:
    """Why the account's provider cannot be asked, as a sentence; "" = it can."""
    adapter = adapter_class_known(account.provider)
    if adapter is None or not adapter.capabilities.usage:
        return _("This provider has no such service: import its invoice.")
    if not account.is_active:
        return _("The account is switched off.")
    needs = adapter.capabilities.usage_needs
    if needs:
        known = account_credentials(account)
        missing = [
            str(field.label) for field in adapter.credential_fields if field.name in needs and not known.get(field.name)
        ]
        if missing:
            return _("The account lacks a credential for it: %(names)s.") % {"names": ", ".join(missing)}
    return ""


def pull_ask(
    *, account: ProviderAccount, first: date, last: date, user_id: int | None, for_month: date | None = None
) -> UsagePull:
    """Have the provider asked soon; `for_month` where nobody asked for it. Raises CannotPull."""
    refusal = pull_refused(account)
    if refusal:
        raise CannotPull(refusal)
    try:
        with transaction.atomic():
            return UsagePull.objects.create(
                account=account,
                first_day=first,
                last_day=last,
                for_month=for_month,
                due_at=database_now(),
                created_by_id=user_id,
            )
    except IntegrityError as error:
        raise CannotPull(_("It is being asked already: wait for its answer.")) from error


def pulls_run() -> int:
    """Carry out what is due. Returns how many were asked, or given up."""
    due = UsagePull.objects.filter(state__in=UsagePull.OPEN, due_at__lte=database_now()).order_by("due_at")
    return sum(pull_run(pk) for pk in list(due.values_list("pk", flat=True)))


def pull_run(pull_id: int) -> bool:
    """Ask the provider, if it is due and nobody else does. Returns whether it was."""
    pull = _claim(pull_id)
    if pull is None:
        return False
    if pull.state == UsagePull.State.ASKED:
        _give_up(pull, _("No answer came within a day. Its webhook may not reach the portal."))
        return True
    if pull.tries > MOST_TRIES:
        # Each try before ended with its worker, or in an error of ours.
        _give_up(pull, _("It could not be carried out. The worker's log says why."))
        return True
    try:
        found = _fetch(pull)
    except ProviderCallError as error:
        provider_call_record(account_id=pull.account_id, purpose=PURPOSE, exchange=error.exchange)
        _failed(pull, error)
        return True
    if isinstance(found, UsageAsked):
        # Only if its answer did not come meanwhile.
        UsagePull.objects.filter(pk=pull.pk, state=UsagePull.State.WAITING).update(
            state=UsagePull.State.ASKED,
            request_id=found.request_id[:100],
            due_at=database_now() + _ANSWER_WITHIN,
            problem="",
        )
    else:
        _keep(pull, found)
    return True


def usage_apply(account_id: int, event: UsageEvent) -> None:
    """The answer that came by webhook; one that nobody waits for any more is passed over."""
    # It may be faster than the answer that tells its id; an account has one open question at most.
    asked = Q(request_id=event.request_id) | Q(request_id="", tries__gt=0)
    pull = UsagePull.objects.filter(asked, account=account_id, state__in=UsagePull.OPEN).first()
    if pull is None:
        log.info("usage_unasked", account_id=account_id)
        return
    if event.usage is None:
        _give_up(pull, event.problem)
    else:
        _keep(pull, event.usage)


@transaction.atomic
def _claim(pull_id: int) -> UsagePull | None:
    now = database_now()
    pull = (
        UsagePull.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("account")
        .filter(pk=pull_id, state__in=UsagePull.OPEN, due_at__lte=now)
        .first()
    )
    if pull is not None and pull.state == UsagePull.State.WAITING:
        pull.tries, pull.due_at = pull.tries + 1, now + _LEASE
        pull.save(update_fields=["tries", "due_at"])
    return pull


def _fetch(pull: UsagePull) -> Usage | UsageAsked:
    try:
        adapter = adapter_for(pull.account.config())
    except (CredentialsError, UnknownProvider, BadAdapter) as error:
        raise ProviderCallError(Reason.CONFIGURATION, detail=str(error)) from error
    if not isinstance(adapter, ReadsUsage):
        raise ProviderCallError(Reason.CONFIGURATION, detail="The adapter reads no usage.")
    return adapter.fetch_usage(pull.first_day, pull.last_day, zone=pull.account.zone.key)


@transaction.atomic
def _keep(pull: UsagePull, usage: Usage) -> None:
    """Store what was told as a statement, in place of what was pulled of those days before."""
    account_lock(pull.account_id)
    current = UsagePull.objects.select_for_update().get(pk=pull.pk)
    if current.state not in UsagePull.OPEN:
        return
    if any(not current.first_day <= row.day <= current.last_day for row in usage.rows):
        _give_up(current, _("The answer is of other days than were asked for."))
        return
    new = _statement(current, usage)
    earlier = Statement.objects.filter(
        account=current.account_id,
        source=Statement.Source.PULL,
        withdrawn_at=None,
        closing=None,
        first_day__lte=new.last_day,
        last_day__gte=new.first_day,
    )
    for pk in earlier.values_list("pk", flat=True):
        statement_withdraw(pk, why=_("It was asked anew."), user_id=current.created_by_id)
    current.statement = statement_store(new, _lines(usage))
    current.state, current.finished_at, current.problem = UsagePull.State.DONE, database_now(), ""
    current.save(update_fields=["statement", "state", "finished_at", "problem"])


def _statement(pull: UsagePull, usage: Usage) -> NewStatement:
    digest = hashlib.sha256(repr((usage.currency, usage.zone, list(usage.rows))).encode()).hexdigest()
    return NewStatement(
        account_id=pull.account_id,
        kind=Statement.Kind.USAGE,
        source=Statement.Source.PULL,
        currency=usage.currency,
        first_day=pull.first_day,
        last_day=pull.last_day,
        zone=usage.zone,
        counted_by=usage.counted_by,
        by_market=usage.by_country,
        by_category=usage.by_category,
        digest=digest,
        free=usage.free,
        created_by_id=pull.created_by_id,
    )


def _lines(usage: Usage) -> list[Line]:
    return [_line(row, place, usage) for place, row in enumerate(usage.rows, start=1)]


def _line(row: UsageRow, place: int, usage: Usage) -> Line:
    # A category that is not known here is kept under its own word: then it is missing here, and seen.
    category = row.category if row.category in CATEGORY_WORDS else row.category[:40]
    has_market = usage.by_country and category not in APART
    market = market_of(phone="", bsuid=row.country, on=row.day) if has_market else ""
    is_credit = row.amount is not None and row.amount < 0
    count = None if is_credit else row.count
    return Line(place, row.day, market, category, count, row.amount, row.detail[:300], is_credit)


def _failed(pull: UsagePull, error: ProviderCallError) -> None:
    words = " ".join(filter(None, (reason_sentence(error.reason), error.detail)))
    log.warning("usage_pull_failed", account_id=pull.account_id, reason=error.reason, code=error.provider_code)
    if error.reason not in _PASSING or pull.tries >= MOST_TRIES:
        _give_up(pull, words)
        return
    again: datetime = database_now() + _PAUSE * 2 ** (pull.tries - 1)
    UsagePull.objects.filter(pk=pull.pk, state__in=UsagePull.OPEN).update(due_at=again, problem=words[:500])


def _give_up(pull: UsagePull, words: str) -> None:
    UsagePull.objects.filter(pk=pull.pk, state__in=UsagePull.OPEN).update(
        state=UsagePull.State.FAILED, problem=words[:500], finished_at=database_now()
    )
