"""What happens to templates whoever carries them: the review, and the changes that WhatsApp makes by itself."""

from __future__ import annotations

from providers.simulator.definition import definition_of
from providers.simulator.simulator import Simulator
from providers.simulator.wires.facts import TemplateChange, TemplateFact
from providers.simulator.world import Template

PAUSES_BEFORE_DISABLED = 2


def review_later(simulator: Simulator, template: Template) -> None:
    """Let the review of a PENDING template end after its delay, as the knob ``review`` says (``manual``: never)."""

    def end() -> None:
        current = simulator.world.templates.get(template.id)
        if current is None or current.status != "PENDING":
            return
        if simulator.knobs.review == "reject" or "}}{{" in definition_of(current.components).body_text:
            change_status(simulator, current, "REJECTED", reason="INVALID_FORMAT")
        else:
            change_status(simulator, current, "APPROVED")

    if simulator.knobs.review != "manual":
        simulator.later(simulator.knobs.review_delay_ms / 1000, end)


def change_status(simulator: Simulator, template: Template, event: str, *, reason: str | None = "NONE") -> None:
    """WhatsApp changes a template's status: stored, and told."""
    before = template.status
    if event == "PAUSED":
        template.pauses += 1
    if event not in ("FLAGGED", "LIMIT_EXCEEDED"):
        template.status = "APPROVED" if event in ("REINSTATED", "UNARCHIVED") else event
    if event == "REJECTED":
        template.rejected_reason = reason or "NONE"
    simulator.save(template)
    tell(simulator, template, "status", event, before, reason=reason)


def change_quality(simulator: Simulator, template: Template, score: str) -> None:
    """WhatsApp changes a template's quality; RED pauses it, and disables it after two pauses."""
    before = template.quality
    template.quality, template.quality_date = score, int(simulator.now())
    simulator.save(template)
    tell(simulator, template, "quality", score, before)
    if score == "RED" and template.status == "APPROVED":
        event = "PAUSED" if template.pauses < PAUSES_BEFORE_DISABLED else "DISABLED"
        change_status(simulator, template, event)


def change_category(simulator: Simulator, template: Template, category: str, *, impending: bool) -> None:
    """WhatsApp changes a template's category: announced with notice, or done."""
    before = template.category
    if impending:
        template.correct_category = category
    else:
        template.previous_category, template.category = before, category
        template.correct_category = None
        template.message_send_ttl_seconds = None
    simulator.save(template)
    tell(simulator, template, "category_impending" if impending else "category", category, before)


def tell(
    simulator: Simulator,
    template: Template,
    change: TemplateChange,
    word: str,
    before: str,
    *,
    reason: str | None = None,
) -> None:
    """Queue the webhooks of a change, if the account's provider has any."""
    account = simulator.world.accounts[template.waba_id]
    fact = TemplateFact(account, template, change, word, before, int(simulator.now()), reason)
    simulator.emit(template.waba_id, simulator.wire_of(account).template_changed(fact))
