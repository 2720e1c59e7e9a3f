"""Vonage's Messages API and its list of templates.

Accounts: ``token`` is the API secret, ``app_secret`` the signature secret of the webhooks (unsigned without one).
Settings: ``api_key`` (basic authentication, and in the webhooks' tokens), ``application_id`` and ``public_key`` (PEM, of
the tokens that the client signs), ``waba_id`` (in the templates' paths, else the account's id), ``namespace`` (what may
stand before a template's name), ``inbound_url`` (where customers' messages go, else ``webhook_url``).
"""
