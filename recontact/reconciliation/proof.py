"""The part of the books that holds statements, comparisons and closed months against their rows (recontact.books)."""

from __future__ import annotations

#: name -> SQL of (row id, what was found) for every row that breaks the rule.
CHECKS: dict[str, str] = {
    "a statement comes to its lines": """
        SELECT s.id, s.total || ' / ' || l.total FROM recontact_statement s CROSS JOIN LATERAL (
            SELECT count(*) AS n, sum(amount) AS total, sum(count) AS count
            FROM recontact_statementline l WHERE l.statement_id = s.id) l
        WHERE (s.lines_count, s.total, s.count) IS DISTINCT FROM (l.n, l.total, l.count)""",
    "a comparison's rows are all of its statement and of our messages": """
        SELECT c.id, r.theirs || ' / ' || r.ours FROM recontact_comparison c
        JOIN recontact_statement s ON s.id = c.statement_id CROSS JOIN LATERAL (
            SELECT coalesce(sum(their_amount), 0) AS theirs, coalesce(sum(their_count), 0) AS their_count,
                   coalesce(sum(our_amount), 0) AS ours, coalesce(sum(our_count), 0) AS our_count,
                   count(*) FILTER (WHERE status = 'agreed') AS agreed, count(*) AS n
            FROM recontact_comparisonrow r WHERE r.comparison_id = c.id) r
        WHERE (coalesce(s.total, 0), coalesce(s.count, 0), c.our_amount, c.our_count, c.agreed,
               c.agreed + c.differing + c.missing_here + c.missing_there)
              IS DISTINCT FROM (r.theirs, r.their_count, r.ours, r.our_count, r.agreed, r.n)""",
    "a closed month's figures are those of its rows": """
        SELECT coalesce(s.closing_id, r.closing_id), coalesce(s.currency, r.currency) FROM recontact_closedsum s
        FULL JOIN (
            SELECT closing_id, currency, coalesce(sum(messages) FILTER (WHERE late_for IS NULL), 0) AS messages,
                   coalesce(sum(amount) FILTER (WHERE late_for IS NULL), 0) AS amount,
                   coalesce(sum(messages) FILTER (WHERE late_for IS NOT NULL), 0) AS late_messages,
                   coalesce(sum(amount) FILTER (WHERE late_for IS NOT NULL), 0) AS late_amount
            FROM recontact_closedrow GROUP BY 1, 2) r USING (closing_id, currency)
        WHERE (coalesce(s.messages, 0), coalesce(s.amount, 0), coalesce(s.late_messages, 0), coalesce(s.late_amount, 0))
              IS DISTINCT FROM (coalesce(r.messages, 0), coalesce(r.amount, 0), coalesce(r.late_messages, 0),
                                coalesce(r.late_amount, 0))""",
    "what a closed month was invoiced is what its invoices come to": """
        SELECT c.id, coalesce(s.currency, i.currency) FROM recontact_monthclosing c CROSS JOIN LATERAL (
            SELECT currency, invoiced FROM recontact_closedsum s WHERE s.closing_id = c.id) s
        FULL JOIN (
            SELECT closing_id, currency, sum(total) AS total FROM recontact_statement
            WHERE kind IN ('invoice', 'credit') AND closing_id IS NOT NULL GROUP BY 1, 2) i
            ON i.closing_id = c.id AND i.currency = s.currency
        WHERE c.reopened_at IS NULL AND coalesce(s.invoiced, 0) <> coalesce(i.total, 0)""",
    "every statement booked in a closed month is frozen with it": """
        SELECT s.id, 'month ' || s.month FROM recontact_statement s JOIN recontact_monthclosing c
            ON c.account_id = s.account_id AND c.month = s.month AND c.reopened_at IS NULL
        WHERE s.withdrawn_at IS NULL AND s.closing_id IS DISTINCT FROM c.id""",
}
