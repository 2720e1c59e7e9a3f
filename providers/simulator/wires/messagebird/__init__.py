"""Bird's Channels API (MessageBird of today). Accounts: ``token`` is the access key, ``app_secret`` the signing key.

Settings of an account: ``workspace_id``. A number's ``phone_number_id`` is its channel's id. Templates of one name are one
project with one version that has a locale for each language; settings of a template, all optional: ``project_id``,
``version_id``. The variable with the address of a header's media is named ``image``, ``video`` or
``document``. The shape of media in a template's content and of errors is inferred.
"""
