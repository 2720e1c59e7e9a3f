"""Planning a campaign: every row of its audience becomes a recipient with an outcome, in batches, and can be begun anew.

Whoever plans holds the campaign by the moment in `planning_since`, renewed with each batch: another planner that takes it
over changes the moment, and the first one's next batch stores nothing. One that died is taken over once its moment is old.
A task names the moment it was sent for, so that of several only the first plans: the others would begin a finished plan anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

import structlog
from celery import current_app
from django.db import OperationalError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from recontact.campaigns.audience import Candidate, candidate_read
from recontact.campaigns.copying import recipients_copy, recipients_leave_out
from recontact.campaigns.filters import AudienceProblem
from recontact.campaigns.gathering import candidates_gathered, matching
from recontact.campaigns.plan_figures import plan_figures_keep
from recontact.campaigns.sheet_problem import SheetProblem
from recontact.campaigns.sheets import SheetFacts, sheet_rows
from recontact.campaigns.stored_file import LARGE_PIECE, stored_open
from recontact.campaigns.upload import NotADraft, draft_lock
from recontact.campaigns.verdicts import Verdicts
from recontact.clock import database_now
from recontact.models import Campaign, CampaignFile, CampaignRecipient
from templates_app.selectors import template_blockers

log = structlog.get_logger(__name__)

PLAN_TASK = "recontact.tasks.campaign_plan_run"
BATCH = 2_000
_DELETED_AT_ONCE = 20_000
#: A plan that was not carried on for so long lost its worker, or its task.
STALE_AFTER = timedelta(minutes=2)


class PlanProblem(Exception):
    """The campaign cannot be planned as it is. The message says why, to a person."""


class _TakenOver(Exception):
    """Somebody else plans the campaign now, or it was changed or cancelled meanwhile."""


def campaign_plan_request(*, campaign_id: int) -> None:
    """Have the campaign planned (again) by a worker. Raises NotADraft, and PlanProblem when something is missing."""
    with transaction.atomic():
        campaign = draft_lock(campaign_id)
        _refuse_unfit(campaign)
        campaign.state, campaign.planned_at, campaign.plan_problem = Campaign.State.DRAFT, None, ""
        since = database_now()
        campaign.planning_since, campaign.rows_read = since, 0
        campaign.save()
        transaction.on_commit(lambda: _send(campaign_id, since))


def plans_take_up() -> int:
    """Send the plans again whose worker, or whose task, was lost. Returns how many."""
    rows = Campaign.objects.filter(state=Campaign.State.DRAFT, planning_since__lt=database_now() - STALE_AFTER)
    lost = [(pk, since) for pk, since in rows.values_list("pk", "planning_since") if since is not None]
    for campaign_id, since in lost:
        _send(campaign_id, since)
    return len(lost)


def _send(campaign_id: int, since: datetime) -> None:
    """A broker that is away loses nothing: `plans_take_up` sends it again."""
    try:
        current_app.send_task(PLAN_TASK, args=[campaign_id, since.isoformat()], retry=False)
    except Exception as error:
        log.warning("campaign_plan_not_sent", campaign=campaign_id, error=type(error).__name__)


def campaign_plan(campaign_id: int, *, since: datetime | None = None) -> bool:
    """Plan the campaign from its first row, replacing what was planned before. True: it is PLANNED now.

    `since` is the moment by which the planning was held when it was asked for: nothing is done once it is another one.
    False: it was taken over, is no draft, or cannot be planned; then `plan_problem` says why and it has no recipients.
    """
    try:
        plan = _Plan(campaign_id, since)
    except (NotADraft, Campaign.DoesNotExist, _TakenOver):
        return False
    try:
        with translation.override(_language(plan.campaign)):
            plan.run()
    except _TakenOver:
        return False
    except (SheetProblem, AudienceProblem, PlanProblem) as problem:
        plan.give_up(str(problem))
        return False
    except OperationalError:
        # The connection or the database went away: the plan is taken up again.
        raise
    except Exception:
        plan.give_up(_("The portal failed to plan the campaign. Nothing was sent. Tell whoever runs it."))
        raise
    return True


class _Plan:
    """One planning of one campaign, held by its moment."""

    def __init__(self, campaign_id: int, since: datetime | None) -> None:
        with transaction.atomic():
            campaign = draft_lock(campaign_id)
            if since is not None and campaign.planning_since != since:
                raise _TakenOver
            self.as_of = self.since = database_now()
            campaign.state, campaign.planned_at, campaign.plan_problem = Campaign.State.DRAFT, None, ""
            campaign.planning_since, campaign.rows_read = self.since, 0
            campaign.save()
        self.campaign = campaign
        self.read = 0

    def run(self) -> None:
        self._empty()
        _refuse_unfit(self.campaign)
        template, number = self.campaign.template, self.campaign.sender_number
        if template is None or number is None:
            raise PlanProblem(_("Choose the template and the sender number first."))
        verdicts = Verdicts(self.campaign, template, number)
        if self.campaign.source != Campaign.Source.FILE:
            self._hold(rows_total=matching(self.campaign, self.as_of).count())
        for batch in _batches(_candidates(self.campaign, self.as_of)):
            recipients = verdicts.judge(batch, database_now())
            self._store(recipients)
        self._finish(template.content_hash, template.category, verdicts.same)

    def give_up(self, why: str) -> None:
        """Leave no half of a plan, and say why there is none."""
        try:
            self._empty()
            self._hold(planning_since=None, plan_problem=why[:300], rows_read=0)
        except _TakenOver:
            return

    def _empty(self) -> None:
        while True:
            with transaction.atomic():
                self._hold()
                mine = CampaignRecipient.objects.filter(campaign=self.campaign)
                ids = mine.order_by("row_number").values_list("pk", flat=True)[:_DELETED_AT_ONCE]
                if not CampaignRecipient.objects.filter(pk__in=list(ids)).delete()[0]:
                    return

    @transaction.atomic
    def _store(self, recipients: Sequence[CampaignRecipient]) -> None:
        self.read += len(recipients)
        self._hold(rows_read=self.read)
        recipients_copy(recipients)

    @transaction.atomic
    def _finish(self, template_hash: str, category: str, same: Mapping[int, int]) -> None:
        recipients_leave_out(self.campaign.pk, same)
        plan_figures_keep(self.campaign.pk, self.as_of)
        self._hold(
            state=Campaign.State.PLANNED,
            planning_since=None,
            planned_at=self.as_of,
            template_hash=template_hash,
            category=category,
            rows_read=self.read,
            rows_total=self.read,
        )

    def _hold(self, **changes: object) -> None:
        """Change the campaign's row, if it is still this plan's. Raises _TakenOver."""
        moment: datetime = database_now()
        changed = {"planning_since": moment, **changes}
        rows = Campaign.objects.filter(pk=self.campaign.pk, planning_since=self.since, state=Campaign.State.DRAFT)
        if not rows.update(**changed):
            raise _TakenOver
        self.since = moment


def _refuse_unfit(campaign: Campaign) -> None:
    """Raises PlanProblem: what is missing, or why the template makes no message."""
    template, number = campaign.template, campaign.sender_number
    if template is None or number is None:
        raise PlanProblem(_("Choose the template and the sender number first."))
    if template.account_id != number.account_id:
        raise PlanProblem(_("The template belongs to another account than the sender number."))
    blockers = template_blockers(template)
    if blockers:
        raise PlanProblem(" ".join(str(blocker.sentence) for blocker in blockers))


def _candidates(campaign: Campaign, as_of: datetime) -> Iterator[Candidate]:
    """Everybody the audience names, as a stream; a filter is meant as of that moment. Raises SheetProblem, AudienceProblem,
    and PlanProblem when the file is gone."""
    if campaign.source != Campaign.Source.FILE:
        yield from candidates_gathered(campaign, as_of)
        return
    file = CampaignFile.objects.filter(campaign=campaign).defer("body").first()
    if file is None or not (body := stored_open(file, LARGE_PIECE)).read(1):
        raise PlanProblem(_("The campaign's file is no longer kept. Upload it again, as a new campaign."))
    facts = SheetFacts(**file.facts)
    for row in sheet_rows(body, facts):
        yield candidate_read(row, facts, campaign.default_country)


def _batches(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    stream = iter(candidates)
    while batch := list(islice(stream, BATCH)):
        yield batch


def _language(campaign: Campaign) -> str:
    """The author's, or the portal's: the words that are stored with a row are for him."""
    return str(getattr(campaign.created_by, "language", "") or translation.get_language() or "en")
