"""Gupshup's self-serve API (and the same forms at its partner host). Accounts: ``token`` is the apikey, or the app token.

Settings: ``app_id`` (in the paths of templates and subscriptions), ``app_name`` (``src.name``, and ``app`` in webhooks).
Optional: ``partner_app_token`` (for the partner host alone); ``webhook_headers`` (JSON) that every webhook carries and ``modes``
(which events are told; without it all), both set by a subscription over the wire; ``answer`` = "plain" for the older answer
(200, "success", text/plain); ``without_gs_id`` = "yes" for statuses that name the message by WhatsApp's id alone, as those of
Marketing Messages do.
Templates: Meta's components, positional; ``name`` is the elementName; settings ``vertical``, ``sample``, ``namespace``.
"""
