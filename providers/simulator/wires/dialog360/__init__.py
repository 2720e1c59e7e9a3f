"""360dialog: Meta's bodies and webhooks behind an API key (one account here is one number, as one key is there).

Accounts: ``token`` is the key. Settings: ``namespace`` of the templates; ``webhook_headers`` (JSON), set over the wire.
"""
