"""Sinch's Conversation API with its OAuth and provisioning hosts, all under one prefix.

Accounts: ``token`` is the key secret, ``app_secret`` the secret of the webhook. Settings: ``key_id``, ``project_id``,
``app_id`` (one app is one number); ``callback_url_secret`` (else the webhook's) signs what goes to a message's own
``callback_url``. Templates: the name is Sinch's ``template_id``.
"""
