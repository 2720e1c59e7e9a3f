"""Zenvia's v2 API. Accounts: ``token`` is the X-API-TOKEN.

Settings, all optional: ``alias`` (the name of the only number in ``from``); ``webhook_headers`` (JSON) that every
webhook carries; ``MESSAGE_STATUS_url``, ``MESSAGE_url`` and their ``…_headers``, set by subscriptions over the wire.
Templates: Meta's components with named variables; settings ``examples`` (by field) and ``payloads`` (by button label).
"""
