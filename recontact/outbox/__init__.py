"""The one way to queue a message: check, freeze, estimate, reserve, wake a worker. Screens, API and bulk all come here.

Everything happens in one transaction under the row locks of the budgets that count it, the customer and the query, in this
order; a refusal leaves nothing behind.
"""

from recontact.outbox.conversation import TEXT_LIMIT, attachment_queue, attachment_send, text_send
from recontact.outbox.hsm import hsm_send, query_recontact

__all__ = ["TEXT_LIMIT", "attachment_queue", "attachment_send", "hsm_send", "query_recontact", "text_send"]
