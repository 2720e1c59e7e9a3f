"""How the database itself notes what a message's fate changes for budgets: no way to move a message can forget it.

A message's price is *pending* while it may still be charged, *charged* once it is, and *free* when it certainly costs
nothing. What each class is worth follows from the message's row and the provider's report alone, so the changes of a
message always sum up to what it is now, in whatever order they are added.
"""

from __future__ import annotations

import pgtrigger

PENDING, CHARGED, FREE = "pending", "charged", "free"


def cost_class(row: str) -> str:
    """SQL: the class of the message whose row is called `row`. Free: never sent, failed and not billed, or told to be free."""
    return f"""(CASE
        WHEN {row}.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'
        WHEN {row}.state IN ('delivered', 'read') AND {row}.billed IS NOT FALSE THEN 'charged'
        WHEN {row}.state = 'failed' AND {row}.billed IS TRUE THEN 'charged'
        ELSE 'free' END)"""


def report_of(row: str) -> str:
    """SQL: the provider's own price of the message `row`, in the currency of its estimate; NULL without one."""
    return f"""(SELECT c.amount FROM recontact_costentry c WHERE c.message_id = {row}.id AND c.kind = 'report'
               AND c.currency = {row}.currency)"""  # noqa: S608 -- only our own names go in


def _worth(name: str) -> str:
    """SQL: +1 when the message came into the class, -1 when it left it."""
    return f"((k.now_is = '{name}')::int - (k.was = '{name}')::int)"


def _holder(row: str) -> str:
    """SQL: what the message `row` draws on, its own reservation or its campaign's; no row where no budget counts it."""
    return f"""(SELECT r.campaign_id, r.message_id FROM recontact_budgetreservation r WHERE r.message_id = {row}.id
                UNION ALL SELECT r.campaign_id, r.message_id FROM recontact_budgetreservation r
                WHERE r.campaign_id = {row}.campaign_id LIMIT 1) h"""  # noqa: S608 -- only our own names go in


_NOTE = "INSERT INTO recontact_budgetchange (campaign_id, message_id, currency, ahead, pending, spent)"

#: Messages of a campaign draw from what it reserved ahead; one note for all of a statement.
queued_from_campaign = pgtrigger.Trigger(
    name="budget_message_queued",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    level=pgtrigger.Statement,
    referencing=pgtrigger.Referencing(new="made"),  # type: ignore[no-untyped-call]
    func=f"""
        {_NOTE}
        SELECT m.campaign_id, NULL, m.currency, -sum(m.estimate), sum(m.estimate), 0 FROM made m
        WHERE m.campaign_id IS NOT NULL AND m.estimate IS NOT NULL
          AND {cost_class("m")} = 'pending'
          AND EXISTS (SELECT 1 FROM recontact_budgetreservation r WHERE r.campaign_id = m.campaign_id)
        GROUP BY m.campaign_id, m.currency;
        RETURN NULL;
    """,  # noqa: S608 -- only our own names go in
)

#: Given back when it costs nothing (to its campaign, while that lasts), charged when it was delivered, and whatever comes late.
moved_between_classes = pgtrigger.Trigger(
    name="budget_message_moved",
    operation=pgtrigger.UpdateOf("state", "billed"),  # type: ignore[no-untyped-call]
    when=pgtrigger.After,
    condition=pgtrigger.Condition(f"NEW.estimate IS NOT NULL AND {cost_class('OLD')} <> {cost_class('NEW')}"),
    # One statement: the function runs for every message that is delivered, whether or not a budget counts it.
    func=f"""
        {_NOTE}
        SELECT h.campaign_id, h.message_id, NEW.currency, NEW.estimate * {_worth(FREE)}, NEW.estimate * {_worth(PENDING)},
               CASE WHEN 'charged' IN (k.was, k.now_is) THEN coalesce({report_of("NEW")}, NEW.estimate) * {_worth(CHARGED)}
                    ELSE 0 END
        FROM {_holder("NEW")} CROSS JOIN (SELECT {cost_class("OLD")} AS was, {cost_class("NEW")} AS now_is) k;
        RETURN NULL;
    """,  # noqa: S608 -- only our own names go in
)

#: The provider's report takes the place of the estimate. One in another currency is left beside: nothing converts silently.
reported = pgtrigger.Trigger(
    name="budget_price_reported",
    operation=pgtrigger.Insert,
    when=pgtrigger.After,
    condition=pgtrigger.Condition("NEW.kind = 'report'"),
    func=f"""
        {_NOTE}
        SELECT h.campaign_id, h.message_id, m.currency, 0, 0, NEW.amount - m.estimate
        FROM recontact_message m CROSS JOIN LATERAL {_holder("m")}
        WHERE m.id = NEW.message_id AND m.currency = NEW.currency AND m.estimate <> NEW.amount
          AND {cost_class("m")} = 'charged';
        RETURN NULL;
    """,  # noqa: S608 -- only our own names go in
)
