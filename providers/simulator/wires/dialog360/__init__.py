"""360dialog: Meta's bodies and webhooks behind an API key (one account here is one number, as one key is there).

Accounts: ``token`` is the key. Settings: ``namespace`` of the templates; ``webhook_headers`` (JSON), set over the wire;
``partner_id``, ``partner_api_key`` and ``waba_account_id`` for the Partner API, which is served under the same prefix.
"""
