"""The part of a screen that sends an HSM: template, variables, bubble, price, and why it cannot be sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField

from customer_service.agent_templates import groups_of, is_favourite, templates_for
from customer_service.prefill import prefill
from customer_service.pricing import Price, price_of
from providers.models import SenderNumber
from recontact.budgets.scope import Facts, team_of
from recontact.eligibility import budget_refusals, customer_refusals, template_refusals
from recontact.models import Customer, Query
from recontact.refusals import Refusal
from recontact.template_teams import team_refusals
from templates_app.components import ParsedTemplate
from templates_app.forms import PREFIX, VariablesForm, variables_form
from templates_app.models import Template
from templates_app.rendering import preview
from templates_app.selectors import template_parsed


@dataclass(frozen=True, slots=True)
class Panel:
    """What the panel shows. `price` is empty until there is a recipient; with `reasons` there is no button."""

    templates: Sequence[Template]
    template: Template | None
    form: VariablesForm | None
    bubble: Mapping[str, Any] | None
    price: Price | None
    reasons: Sequence[str]
    send_key: str

    @property
    def favourites(self) -> list[Template]:
        """The agent's favourites."""
        return groups_of(self.templates)[0]

    @property
    def others(self) -> list[Template]:
        """The templates that are no favourites, those sent last first."""
        return groups_of(self.templates)[1]

    @property
    def is_favourite(self) -> bool:
        """Whether the chosen template is among the agent's favourites."""
        return (
            any(each.pk == self.template.pk and is_favourite(each) for each in self.templates)
            if self.template
            else False
        )

    @property
    def needed(self) -> list[BoundField]:
        """The variables that a send cannot do without."""
        return self.form.needed if self.form is not None else []

    @property
    def optional(self) -> list[BoundField]:
        """The variables that may stay empty: folded away."""
        return self.form.optional if self.form is not None else []

    @property
    def optional_open(self) -> bool:
        """Whether something was typed, or is wrong, among those folded away."""
        return self.form is not None and self.form.optional_open

    @property
    def can_send(self) -> bool:
        return self.template is not None and not self.reasons and self.price is not None and self.price.is_known


def send_key_new() -> str:
    """A key for one sending of one form."""
    return str(uuid.uuid4())


def panel_for_query(query: Query, *, user: Any, data: Mapping[str, Any] | None = None, bound: bool = False) -> Panel:
    """The recontact panel of a query. `data` is what the form held so far; `bound` checks it and shows what is wrong."""
    customer = query.customer
    found = _chosen(query.sender_number, user, data)
    values: dict[str, str] = {}
    if found.template is not None:
        values = prefill(
            template_parsed(found.template),
            data=query.data,
            customer_name=customer.name.split(" ")[0],
            agent_name=user.first_name,
        )
    counted = Facts(query.sender_number.account_id, query.team_id)
    return _panel(
        found, query.sender_number, customer, customer.phone or "", counted, data, values, user=user, bound=bound
    )


def panel_for_phone(
    number: SenderNumber | None,
    *,
    customer: Customer | None,
    phone: str,
    name: str,
    user: Any,
    data: Mapping[str, Any] | None = None,
    bound: bool = False,
) -> Panel:
    """The panel of the WhatsApp HSM page; `phone` is E.164 or empty, `customer` whoever has it already, else `name` is known."""
    if number is None:
        return Panel((), None, None, None, None, (), _send_key(data))
    found = _chosen(number, user, data)
    values: dict[str, str] = {}
    if found.template is not None:
        known = customer.name if customer is not None and customer.name else name.strip()
        first = known.split(" ")[0]
        values = prefill(template_parsed(found.template), data={}, customer_name=first, agent_name=user.first_name)
    counted = Facts(number.account_id, team_of(user))
    return _panel(found, number, customer, phone, counted, data, values, user=user, bound=bound)


@dataclass(frozen=True, slots=True)
class _Chosen:
    templates: Sequence[Template]
    template: Template | None


def _chosen(number: SenderNumber, user: Any, data: Mapping[str, Any] | None) -> _Chosen:
    """The template asked for, or the only one there is; one that can no longer be sent is still shown, with the reason."""
    templates = templates_for(user, number.account)
    asked = str((data or {}).get("template", ""))
    if not asked:
        return _Chosen(templates, templates[0] if len(templates) == 1 else None)
    wanted = int(asked) if asked.isdecimal() and len(asked) < 18 else 0
    template = next((each for each in templates if each.pk == wanted), None)
    if template is None:
        template = Template.objects.filter(pk=wanted, account=number.account).select_related("account").first()
    return _Chosen(templates, template)


def _panel(
    found: _Chosen,
    number: SenderNumber,
    customer: Customer | None,
    phone: str,
    counted: Facts,
    data: Mapping[str, Any] | None,
    guesses: Mapping[str, str],
    *,
    user: Any,
    bound: bool,
) -> Panel:
    template = found.template
    if template is None:
        return Panel(found.templates, None, None, None, None, (), _send_key(data))
    parsed = template_parsed(template)
    form = variables_form(parsed, data if bound else None, _kept(template, parsed, data, guesses))
    # What is offered his teams may use.
    others = [] if template in found.templates else team_refusals(template, user)
    refusals: list[Refusal] = [*template_refusals(template, number), *others]
    bsuid = ""
    if customer is not None:
        refusals = [*refusals, *customer_refusals(customer, category=template.category)]
        phone, bsuid = phone or customer.phone or "", customer.bsuid or ""
    price = price_of(template, number=number, customer=customer, phone=phone, bsuid=bsuid) if phone or bsuid else None
    if price is not None and price.estimate is not None:
        refusals = [*refusals, *budget_refusals(counted, price.estimate)]
    return Panel(
        templates=found.templates,
        template=template,
        form=form,
        bubble=preview(parsed, form.filled()),
        price=price,
        reasons=[refusal.sentence for refusal in refusals],
        send_key=_send_key(data),
    )


def _kept(
    template: Template, parsed: ParsedTemplate, data: Mapping[str, Any] | None, guesses: Mapping[str, str]
) -> dict[str, str]:
    """What was typed into this template's variables, else the guesses: another template's values would mean other things."""
    if data is None or str(data.get("shown", "")) != str(template.pk):
        return dict(guesses)
    return {variable.key: str(data.get(f"{PREFIX}-{variable.key}", "")) for variable in parsed.variables}


def _send_key(data: Mapping[str, Any] | None) -> str:
    """The form's own key while it has not been used, so that sending it again is refused; else a new one."""
    key = str((data or {}).get("send_key", ""))
    try:
        return str(uuid.UUID(key))
    except ValueError:
        return send_key_new()


def refusals_to_form(refusals: Sequence[Refusal], form: VariablesForm | None) -> list[str]:
    """Put each refusal beside its field; the sentences that have none are returned, for the box above the form."""
    loose = []
    for refusal in refusals:
        if form is None or refusal.field_name not in form.fields:
            loose.append(refusal.sentence)
        elif refusal.field_name not in form.errors:
            form.add_error(refusal.field_name, str(refusal.params.get("problems", refusal.sentence)))
    return loose
