"""The form of a template, from the browser into a draft: what was typed so far, buttons added and taken away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from templates_app.draft_rules import BUTTON_LIMIT, sample_field
from templates_app.drafts import DRAFT_BUTTONS, PHONE, QUICK_REPLY, Draft, DraftButton
from templates_app.hand import HandEntry
from templates_app.models import TemplateStatus

TEXT_CAP = 40_000
PHONE_FILLING = re.compile(r"[\s().\-]")


@dataclass(frozen=True)
class DraftInput:
    """The form as filled in: the draft, and what only templates entered by hand have."""

    draft: Draft
    entry: HandEntry


def input_read(data: Mapping[str, str]) -> DraftInput:
    """Read the posted form; whatever is missing is empty. An order in `do` ("add-url", "remove-1") changes the buttons."""
    draft = Draft(
        name=_text(data, "name"),
        language=_text(data, "language"),
        category=_text(data, "category"),
        header_kind=_text(data, "header_kind") or "none",
        header_text=_text(data, "header_text"),
        header_media=_text(data, "header_media"),
        body=_text(data, "body"),
        footer=_text(data, "footer"),
        buttons=buttons_changed(_buttons(data), _text(data, "do")),
    )
    samples = {key: _text(data, sample_field(key)) for key in draft.sample_keys}
    entry = HandEntry(
        namespace=_text(data, "namespace"),
        external_id=_text(data, "external_id"),
        status=_text(data, "status") or TemplateStatus.APPROVED,
    )
    return DraftInput(replace(draft, samples=samples), entry)


def buttons_changed(buttons: tuple[DraftButton, ...], order: str) -> tuple[DraftButton, ...]:
    """The buttons after "add-<kind>" or "remove-<index>". A quick reply goes beside the others: WhatsApp wants that."""
    verb, _dash, what = order.partition("-")
    if verb == "remove" and what.isdecimal() and len(what) < 4:
        return tuple(button for index, button in enumerate(buttons) if index != int(what))
    if verb != "add" or what not in DRAFT_BUTTONS or len(buttons) >= BUTTON_LIMIT:
        return buttons
    new = DraftButton(kind=what)
    if what != QUICK_REPLY:
        return (*buttons, new)
    last = max((index for index, button in enumerate(buttons) if button.kind == QUICK_REPLY), default=len(buttons) - 1)
    return (*buttons[: last + 1], new, *buttons[last + 1 :])


def _buttons(data: Mapping[str, str]) -> tuple[DraftButton, ...]:
    buttons = []
    for index in range(BUTTON_LIMIT + 1):
        prefix = f"button-{index}"
        if f"{prefix}-kind" not in data:
            break
        kind, phone = _text(data, f"{prefix}-kind"), _text(data, f"{prefix}-phone")
        buttons.append(
            DraftButton(
                kind=kind,
                text=_text(data, f"{prefix}-text"),
                url=_text(data, f"{prefix}-url"),
                phone=PHONE_FILLING.sub("", phone) if kind == PHONE else "",
                sample=_text(data, f"{prefix}-sample"),
            )
        )
    return tuple(buttons)


def _text(data: Mapping[str, str], name: str) -> str:
    """As it was typed, with the line ends that the provider wants."""
    return data.get(name, "")[:TEXT_CAP].replace("\r\n", "\n").replace("\x00", "").strip()
