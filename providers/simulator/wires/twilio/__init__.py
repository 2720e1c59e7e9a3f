"""Twilio's Messaging and Content APIs. Accounts: ``token`` is the primary auth token, which authenticates and signs.

Settings, all optional: ``account_sid`` (else the account's id in this world), ``api_key_sid`` and ``api_key_secret`` (a second
credential), ``messaging_service_sid``. ``webhook_url`` gets what customers write; statuses go only to a message's own
``StatusCallback``, and the last value in its query is taken for the sender's reference.
Templates: the id is the ContentSid. Settings, all optional: ``types`` and ``variables`` as the Content API has them (else
made from the components: the body's variables keep their numbers, those of header, media and buttons follow).
"""
