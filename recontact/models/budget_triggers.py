"""How the database itself notes what a message's fate changes for budgets: no way to move a message can forget it.

A message's price is *pending* while it may still be charged, *charged* once it is, and *free* when it certainly is not: then it
costs the provider's own fee at most. What each class is worth follows from the message's row alone, so the changes of a message
always sum up to what it is now, in whatever order they are added.
"""

from __future__ import annotations

import pgtrigger

PENDING, FREE = "pending", "free"


def cost_class(row: str) -> str:
    """SQL: the class of the message whose row is called `row`. Free: never sent, failed and not billed, or told to be free."""
    return f"""(CASE
        WHEN {row}.state IN ('queued', 'sending', 'uncertain', 'accepted', 'sent') THEN 'pending'
        WHEN {row}.state IN ('delivered', 'read') AND {row}.billed IS NOT FALSE THEN 'charged'
        WHEN {row}.state = 'failed' AND {row}.billed IS TRUE THEN 'charged'
        ELSE 'free' END)"""


def charge_of(row: str) -> str:
    """SQL: what the message `row` is charged, in the currency of its estimate. The provider's own price where it told one in that
    currency: of a message that failed its fee, of one that Meta gave for free its fee too. Else the estimate, once it is charged.
    """
    told = f"CASE WHEN {row}.reported_currency = {row}.currency THEN {row}.reported END"
    return f"""(CASE {cost_class(row)} WHEN 'charged' THEN coalesce({told}, {row}.estimate)
        WHEN 'free' THEN coalesce({told}, 0) ELSE 0 END)"""


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

#: Given back when it costs nothing (to its campaign, while that lasts), charged when it was delivered, and whatever comes late:
#: the provider's price in the place of the estimate, or a fee. One in another currency is left beside: nothing converts silently.
moved_between_classes = pgtrigger.Trigger(
    name="budget_message_moved",
    operation=pgtrigger.UpdateOf("state", "billed", "reported"),  # type: ignore[no-untyped-call]
    when=pgtrigger.After,
    condition=pgtrigger.Condition(
        f"NEW.estimate IS NOT NULL AND ({cost_class('OLD')}, {charge_of('OLD')}) <> ({cost_class('NEW')}, {charge_of('NEW')})"
    ),
    # One statement: the function runs for every message that is delivered, whether or not a budget counts it.
    func=f"""
        {_NOTE}
        SELECT h.campaign_id, h.message_id, NEW.currency, NEW.estimate * {_worth(FREE)}, NEW.estimate * {_worth(PENDING)},
               {charge_of("NEW")} - {charge_of("OLD")}
        FROM {_holder("NEW")} CROSS JOIN (SELECT {cost_class("OLD")} AS was, {cost_class("NEW")} AS now_is) k;
        RETURN NULL;
    """,  # noqa: S608 -- only our own names go in
)
