"""Clickatell's One API. Accounts: ``token`` is the API key of the integration, which stands bare in Authorization.

Settings, all optional: ``integration_id`` and ``integration_name`` as callbacks carry them, ``inbound_url`` where messages of
customers go (``webhook_url`` is for statuses, and for both without it). A request names no language, so an account should have
one template of a name. Callbacks are not signed: user and password in a URL are sent as basic authentication.
"""
