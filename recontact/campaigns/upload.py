"""From an uploaded file to a campaign's draft. A file that cannot be used leaves nothing behind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePath
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from recontact.campaigns.columns import Source, mapping_stored
from recontact.campaigns.delimited import pieces
from recontact.campaigns.sheet_problem import SheetProblem
from recontact.campaigns.sheets import sheet_facts
from recontact.campaigns.stored_file import stored_write
from recontact.clock import database_now
from recontact.models import Campaign, CampaignFile

#: A file of the same content in another campaign of so many days is told.
SAME_FILE_DAYS = 30

#: Campaigns whose audience and mapping may still change.
OPEN_STATES = (Campaign.State.DRAFT, Campaign.State.PLANNED)


class NotADraft(Exception):
    """The campaign is beyond planning, or was ended. The message says so to a person."""


@transaction.atomic
def campaign_draft_from_file(*, name: str, body: BinaryIO, user: Any) -> Campaign:
    """A draft named like the file, with the file (`body`, seekable) in it as it came, read in pieces. Raises SheetProblem; then
    nothing was stored.

    Another campaign with the same file is told by `campaigns_with_same_file`.
    """
    limit = settings.CAMPAIGN_FILE_MAX_BYTES
    size = body.seek(0, os.SEEK_END)
    if size > limit:
        raise SheetProblem(
            _("The file is larger than %(limit)s MB. Split it, or save only the sheet, as .csv.")
            % {"limit": limit // 1024**2}
        )
    facts = sheet_facts(name, body)
    campaign = Campaign.objects.create(
        name=PurePath(name).stem.strip()[:200] or _("Campaign"),
        source=Campaign.Source.FILE,
        state=Campaign.State.DRAFT,
        default_country=settings.DEFAULT_COUNTRY,
        rows_total=facts.rows,
        created_by=user,
    )
    file = CampaignFile.objects.create(
        campaign=campaign,
        name=PurePath(name).name[:200],
        body=b"",
        size=size,
        digest=_digest(body),
        facts=facts.stored(),
    )
    stored_write(file, body)
    return campaign


def _digest(body: BinaryIO) -> str:
    digest = hashlib.sha256()
    for piece in pieces(body):
        digest.update(piece)
    return digest.hexdigest()


def campaigns_with_same_file(campaign: Campaign) -> list[Campaign]:
    """The campaigns of the last 30 days with a file of the same content, cancelled ones left out, newest first."""
    digest = CampaignFile.objects.filter(campaign=campaign).values_list("digest", flat=True).first()
    if not digest:
        return []
    since = database_now() - timedelta(days=SAME_FILE_DAYS)
    rows = Campaign.objects.filter(file__digest=digest, created_at__gte=since).exclude(pk=campaign.pk)
    return list(rows.exclude(state=Campaign.State.CANCELLED).select_related("created_by").order_by("-id"))


@transaction.atomic
def campaign_configure(
    *,
    campaign_id: int,
    template_id: int,
    sender_number_id: int,
    mapping: Mapping[str, Source],
    default_country: str,
    include_open_queries: bool = False,
    include_recent: bool = False,
) -> Campaign:
    """Set what the recipients are planned with. A plan made before no longer counts. Raises NotADraft."""
    campaign = draft_lock(campaign_id)
    campaign.template_id, campaign.sender_number_id = template_id, sender_number_id
    campaign.mapping = mapping_stored(mapping)
    campaign.default_country = default_country
    campaign.include_open_queries, campaign.include_recent = include_open_queries, include_recent
    campaign.state, campaign.planned_at, campaign.planning_since = Campaign.State.DRAFT, None, None
    campaign.save()
    return campaign


def draft_lock(campaign_id: int) -> Campaign:
    """The campaign's row, locked for this transaction, while its plan may still change. Raises NotADraft."""
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)
    begun = campaign.state not in OPEN_STATES or campaign.launched_at is not None
    if begun or campaign.source == Campaign.Source.QUERIES:
        raise NotADraft(_("The campaign is no longer a draft: its recipients stay as they were planned."))
    return campaign
