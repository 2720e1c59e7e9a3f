"""Templates as the provider lists them, taken over into ours: all pages, then one transaction. Nothing is ever deleted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from providers.calls import provider_call_record
from providers.contracts import RemoteTemplate
from providers.errors import ProviderCallError, reason_sentence
from providers.models import ProviderAccount
from templates_app.abilities import adapter_open
from templates_app.changes import template_change, template_presence_tell
from templates_app.models import Template, TemplateChange, TemplateStatus
from templates_app.selectors import content_hash
from templates_app.settling import remote_facts, submissions_settle
from templates_app.vocabulary import language_normalize, storable

logger = structlog.get_logger(__name__)

SYNC = TemplateChange.Source.SYNC
PURPOSE = "templates"

TemplateKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a sync did. created + updated + unchanged = templates listed; missing and reappeared count those that became so."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    missing: int = 0
    reappeared: int = 0

    @property
    def listed(self) -> int:
        return self.created + self.updated + self.unchanged

    def sentence(self) -> str:
        """The counts for people."""
        text = _("%(listed)s templates: %(created)s new, %(updated)s changed, %(unchanged)s as before.") % {
            "listed": self.listed,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
        }
        if self.missing:
            text += " " + _("%(count)s are no longer listed by the provider.") % {"count": self.missing}
        if self.reappeared:
            text += " " + _("%(count)s are listed again.") % {"count": self.reappeared}
        return text


def templates_sync(*, account_id: int) -> SyncResult:
    """Fetch all templates of the account and apply the differences.

    Raises ProviderCallError when the list could not be read to its end; then nothing was changed.
    """
    account = ProviderAccount.objects.get(pk=account_id)
    asked_at = timezone.now()
    listed = _fetch(account)
    if listed is None:
        return SyncResult()
    with transaction.atomic():
        result = _apply(account_id, listed, asked_at)
    logger.info("templates_synced", account_id=account_id, listed=result.listed, missing=result.missing)
    return result


def templates_sync_if_older(*, account_id: int, than: datetime) -> SyncResult | None:
    """Sync unless the account was synced at or after `than`: many requests in a row make one call."""
    recent = ProviderAccount.objects.filter(pk=account_id, templates_synced_at__gte=than).exists()
    return None if recent else templates_sync(account_id=account_id)


def sync_failure_sentence(error: ProviderCallError) -> str:
    """What to tell people after a sync that failed."""
    return _("The templates could not be read, so nothing was changed. %(why)s") % {
        "why": reason_sentence(error.reason)
    }


def _fetch(account: ProviderAccount) -> dict[TemplateKey, RemoteTemplate] | None:
    """The provider's list by name and language, of two the same the first. None = it has no list: that proves nothing."""
    adapter = adapter_open(account)
    if not adapter.capabilities.list_templates:
        return None
    try:
        found = list(adapter.fetch_templates())
    except ProviderCallError as error:
        provider_call_record(account_id=account.pk, purpose=PURPOSE, exchange=error.exchange)
        raise
    return _by_key(found)


def _by_key(found: Iterable[RemoteTemplate]) -> dict[TemplateKey, RemoteTemplate]:
    listed: dict[TemplateKey, RemoteTemplate] = {}
    for remote in found:
        key = (storable(remote.name)[:512], language_normalize(remote.language))
        if key[0]:
            listed.setdefault(key, remote)
    return listed


def _apply(account_id: int, listed: dict[TemplateKey, RemoteTemplate], asked_at: datetime) -> SyncResult:
    # The lock keeps two syncs apart; without FOR NO KEY it would hold up every insert that refers to the account.
    account = ProviderAccount.objects.select_for_update(no_key=True).get(pk=account_id)
    if account.templates_synced_at is not None and account.templates_synced_at > asked_at:
        # Another sync asked later and was faster: this list is old news.
        return SyncResult(unchanged=len(listed))
    ours = {
        (template.name, template.language): template
        for template in Template.objects.select_for_update(no_key=True).filter(account=account).order_by("pk")
    }
    counts: Counter[str] = Counter()
    told_since = _told_since(account, asked_at)
    for key, remote in listed.items():
        template = ours.get(key)
        if template is None:
            _create(account, key, remote)
            counts["created"] += 1
            continue
        counts["reappeared"] += _reappear(template)
        _take_from_hand(template)
        # A webhook that came while we were asking knows more than the list.
        changed = template.pk not in told_since and template_change(template, remote_facts(remote), source=SYNC)
        counts["updated" if changed else "unchanged"] += 1
    submissions_settle(account_id=account.pk, listed=listed, asked_at=asked_at)
    unlisted = [ours[key].pk for key in ours.keys() - listed.keys() if ours[key].pk not in told_since]
    expected = _expected(account)
    counts["missing"] = _mark_missing(expected.filter(pk__in=unlisted), asked_at)
    expected.filter(missing_since__isnull=True).update(synced_at=asked_at)
    ProviderAccount.objects.filter(pk=account.pk).update(templates_synced_at=asked_at)
    return SyncResult(**counts)


def _expected(account: ProviderAccount) -> QuerySet[Template]:
    """What the provider's list should hold: not what a person entered, was never submitted, or was deleted there."""
    ours = Template.objects.filter(account=account, by_hand=False).exclude(status=TemplateStatus.DELETED)
    return ours.exclude(status=TemplateStatus.DRAFT, external_id="")


def _told_since(account: ProviderAccount, moment: datetime) -> set[int]:
    changes = TemplateChange.objects.filter(template__account=account, at__gte=moment).exclude(source=SYNC)
    return set(changes.values_list("template_id", flat=True))


def _create(account: ProviderAccount, key: TemplateKey, remote: RemoteTemplate) -> None:
    facts = remote_facts(remote)
    components = facts.components or []
    Template.objects.create(
        account=account,
        name=key[0],
        language=key[1],
        external_id=facts.external_id,
        namespace=facts.namespace,
        category=facts.category,
        status=facts.status,
        quality=facts.quality or Template.Quality.UNKNOWN,
        rejection_reason=facts.rejection_reason or "",
        parameter_format=facts.parameter_format,
        components=components,
        content_hash=content_hash(components, facts.parameter_format),
    )


def _reappear(template: Template) -> bool:
    if template.missing_since is None:
        return False
    template.missing_since = None
    template.save(update_fields=["missing_since"])
    template_presence_tell(template, listed=True, source=SYNC)
    return True


def _take_from_hand(template: Template) -> None:
    """What the provider lists is no longer a person's word."""
    if template.by_hand:
        template.by_hand = False
        template.save(update_fields=["by_hand"])


def _mark_missing(templates: Iterable[Template], moment: datetime) -> int:
    """Mark those that were listed until now; how many."""
    newly = [template for template in templates if template.missing_since is None]
    Template.objects.filter(pk__in=[template.pk for template in newly]).update(missing_since=moment)
    for template in newly:
        template_presence_tell(template, listed=False, source=SYNC)
    return len(newly)
