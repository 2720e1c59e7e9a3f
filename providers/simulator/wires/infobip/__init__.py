"""Infobip's WhatsApp API: its own send endpoints and the Messages API, reports and logs, templates.

Accounts: ``token`` is the API key. Settings, all of them optional: ``webhook_password`` (basic authentication of
the webhooks as user ``hsm``), ``webhook_secret`` (the header ``X-Hook-Secret``), ``business_account_id`` (shown with
templates).
"""
