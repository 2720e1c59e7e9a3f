"""The form of a template as its page shows it: fields with their labels, limits, values and problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from providers.models import ProviderAccount
from templates_app.abilities import Abilities
from templates_app.definitions import BODY_LIMIT, CODE_LIMIT, HEADER_LIMIT, MEDIA_KINDS
from templates_app.draft_rules import (
    BUTTON_LIMIT,
    BUTTON_TEXT_LIMIT,
    FOOTER_LIMIT,
    HEADER_PARTS,
    URL_BUTTON_LIMIT,
    DraftProblem,
    sample_field,
)
from templates_app.drafts import COPY_CODE, DRAFT_HEADERS, PHONE, QUICK_REPLY, URL, Draft, DraftButton
from templates_app.languages import language_choices
from templates_app.models import Template
from templates_app.sentences import sentence

HEADER_NAMES: dict[str, StrOrPromise] = {
    "none": _("Nothing"),
    "text": _("A line of text"),
    "image": _("An image"),
    "video": _("A video"),
    "document": _("A document (PDF)"),
    "location": _("A place on the map"),
}
BUTTON_NAMES: dict[str, StrOrPromise] = {
    QUICK_REPLY: _("Quick reply"),
    URL: _("Address"),
    PHONE: _("Phone call"),
    COPY_CODE: _("Copy a code"),
}
BUTTON_LIMITS = {QUICK_REPLY: BUTTON_LIMIT, URL: URL_BUTTON_LIMIT, PHONE: 1, COPY_CODE: 1}
FIELD_NAMES: dict[str, StrOrPromise] = {
    "name": _("Name"),
    "language": _("Language"),
    "category": _("Category"),
    "header_kind": _("Header"),
    "header_text": _("Header"),
    "header_media": _("Header"),
    "body": _("Text"),
    "footer": _("Footer"),
    "buttons": _("Buttons"),
    "namespace": _("Namespace"),
    "external_id": _("Id at the provider"),
    "status": _("Status"),
}
LIMITS = {
    "header_text": HEADER_LIMIT,
    "body": BODY_LIMIT,
    "footer": FOOTER_LIMIT,
    "button_text": BUTTON_TEXT_LIMIT,
    "code": CODE_LIMIT,
}
#: Put on top of the list of languages when the account has no templates yet.
USUAL_LANGUAGES = ("es_AR", "es", "es_MX", "pt_BR", "en", "en_US")


@dataclass(frozen=True)
class SampleRow:
    """The sample of one variable: the form's field, the place in the text, what was typed, and what is wrong with it."""

    field: str
    place: str
    value: str
    problems: Sequence[StrOrPromise] = ()


@dataclass(frozen=True)
class ButtonRow:
    """One button of the form; `problems` by the part of its field's name after the index."""

    index: int
    prefix: str
    kind: str
    kind_name: StrOrPromise
    button: DraftButton
    problems: dict[str, list[StrOrPromise]] = field(default_factory=dict)

    @property
    def fields(self) -> dict[str, str]:
        """The form's field for each part of the button."""
        return {part: f"{self.prefix}-{part}" for part in ("text", "url", "phone", "sample")}

    @property
    def ids(self) -> dict[str, str]:
        """The ids of their inputs."""
        return {part: f"draft-{name}" for part, name in self.fields.items()}


@dataclass(frozen=True)
class ProblemLine:
    """A problem in the list beside the form, with the field's name, and its id for a link."""

    name: StrOrPromise
    anchor: str
    sentence: StrOrPromise
    missing: bool


def problems_by_field(problems: Iterable[DraftProblem], *, typed_only: bool) -> dict[str, list[StrOrPromise]]:
    """The sentences by field. `typed_only`: without what is merely missing yet, for a form that is being filled in."""
    found: dict[str, list[StrOrPromise]] = {}
    for problem in problems:
        if not (typed_only and problem.missing):
            found.setdefault(problem.field, []).append(problem.sentence)
    return found


def draft_shown(draft: Draft, abilities: Abilities, errors: dict[str, list[StrOrPromise]]) -> dict[str, Any]:
    """The parts of the form's context that follow from the draft."""
    counts = Counter(button.kind for button in draft.buttons)
    full = len(draft.buttons) >= BUTTON_LIMIT
    return {
        "draft": draft,
        "errors": errors,
        "limits": LIMITS,
        "header_kinds": [
            (kind, HEADER_NAMES[kind])
            for kind in DRAFT_HEADERS
            if HEADER_PARTS.get(kind, "") in {"", *abilities.parts} or kind == draft.header_kind
        ],
        "header_is_media": draft.header_kind in MEDIA_KINDS,
        "samples": [_sample(draft, key, errors) for key in draft.sample_keys],
        "buttons": [_button(index, button, errors) for index, button in enumerate(draft.buttons)],
        "button_limit": BUTTON_LIMIT,
        "addable": [
            (kind, name, full or counts[kind] >= BUTTON_LIMITS[kind])
            for kind, name in BUTTON_NAMES.items()
            if kind != COPY_CODE or "button_copy_code" in abilities.parts
        ],
    }


def problem_lines(problems: Iterable[DraftProblem]) -> list[ProblemLine]:
    """The problems for the list beside the form."""
    return [
        ProblemLine(_field_name(problem.field), _anchor(problem.field), problem.sentence, problem.missing)
        for problem in problems
    ]


def typed_fields(draft: Draft) -> list[str]:
    """The fields that have a place for problems while somebody types."""
    fields = ["name", "language", "category", "header_kind", "body", "footer", "buttons"]
    fields += ["header_text"] if draft.header_kind == "text" else []
    fields += ["header_media"] if draft.header_kind in MEDIA_KINDS else []
    for index, button in enumerate(draft.buttons):
        fields += [f"button-{index}-{part}" for part in _parts(button)]
    return fields


def languages_offered(account: ProviderAccount) -> list[tuple[str, str]]:
    """All languages, those of the account's templates on top, the most used first."""
    used = Template.objects.filter(account=account).values_list("language").annotate(count=Count("pk"))
    return language_choices([code for code, _count in used.order_by("-count", "language")] or USUAL_LANGUAGES)


def _parts(button: DraftButton) -> list[str]:
    if button.kind == COPY_CODE:
        return ["sample"]
    more = {URL: ["url"], PHONE: ["phone"]}.get(button.kind, [])
    return ["text", *more, *(["sample"] if button.has_variable else [])]


def _sample(draft: Draft, key: str, errors: dict[str, list[StrOrPromise]]) -> SampleRow:
    name = sample_field(key)
    part, _dot, place = key.partition(".")
    label = "{{" + place + "}}"
    if part == "header":
        label = str(sentence(_("Header %(place)s"), place=label))
    return SampleRow(name, label, draft.samples.get(key, ""), errors.get(name, ()))


def _button(index: int, button: DraftButton, errors: dict[str, list[StrOrPromise]]) -> ButtonRow:
    prefix = f"button-{index}"
    found = {part: errors[f"{prefix}-{part}"] for part in _parts(button) if f"{prefix}-{part}" in errors}
    return ButtonRow(index, prefix, button.kind, BUTTON_NAMES.get(button.kind, button.kind), button, found)


def _field_name(name: str) -> StrOrPromise:
    if name.startswith("button-"):
        return sentence(_("Button %(number)s"), number=int(name.split("-")[1]) + 1)
    return _("Samples") if name.startswith("sample-") else FIELD_NAMES.get(name, "")


def _anchor(name: str) -> str:
    return f"draft-{name}" if name and name != "buttons" else "draft-buttons"
