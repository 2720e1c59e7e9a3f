"""The first recipients of a campaign as they would read it, while its variables are chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.contracts import JsonObject
from recontact.campaigns.audience import Candidate
from recontact.campaigns.columns import Person, Source, recipient_values
from recontact.campaigns.file_head import file_head
from recontact.campaigns.filters import AudienceProblem
from recontact.campaigns.gathering import candidates_first
from recontact.campaigns.sheet_problem import SheetProblem
from recontact.campaigns.sheets import SheetFacts
from recontact.models import Campaign, CampaignFile
from templates_app.models import Template
from templates_app.rendering import RenderError, preview, render
from templates_app.selectors import template_parsed

#: Rows shown as bubbles.
SAMPLES = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """One row as its customer would read it, and what keeps it from being sent."""

    row_number: int
    bubble: JsonObject
    problems: str


def samples_of(
    campaign: Campaign, file: CampaignFile | None, template: Template, mapping: Mapping[str, Source]
) -> list[Sample]:
    """The first rows of the file, or the first whom the filter matches; none when neither can be read. As the plan makes them,
    they are signed by the campaign's author, whoever looks."""
    try:
        candidates = _of_file(file) if file is not None else _of_filter(campaign)
    except (SheetProblem, AudienceProblem):
        return []
    return [_sample(candidate, template, mapping, campaign.created_by) for candidate in candidates]


def _of_file(file: CampaignFile) -> list[Candidate]:
    """As they stand there: what is wrong with a phone, the review says."""
    facts = SheetFacts(**file.facts)
    return [
        Candidate(
            number=row.number,
            typed="",
            phone=row.texts.get(facts.phone, ""),
            name=row.texts.get(facts.name, ""),
            texts=row.texts,
        )
        for row in file_head(file, SAMPLES)
    ]


def _of_filter(campaign: Campaign) -> list[Candidate]:
    return candidates_first(campaign, SAMPLES) if campaign.audience else []


def _sample(candidate: Candidate, template: Template, mapping: Mapping[str, Source], user: Any) -> Sample:
    person = Person(name=candidate.name, phone=candidate.phone, me=user.first_name or str(user))
    values = recipient_values(mapping, candidate.texts, person)
    parsed = template_parsed(template)
    try:
        return Sample(candidate.number, render(parsed, values).bubble, "")
    except RenderError as error:
        problems = " ".join(str(problem.message) for problem in error.problems)
        return Sample(candidate.number, preview(parsed, values), problems)
