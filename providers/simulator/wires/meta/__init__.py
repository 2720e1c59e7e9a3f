"""Meta's Cloud API. Accounts: ``token``, ``app_secret``, ``verify_token``, ``graph_version``; no settings."""
