"""Meta's Cloud API. Accounts: ``token``, ``app_secret``, ``verify_token``, ``graph_version``. Setting:

``app_id``, under which samples are uploaded (without it only the token's own app is known).
"""
