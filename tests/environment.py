"""The environment of the tests' portal: all its settings but for the services."""

from __future__ import annotations

TEST_ENVIRONMENT = {
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "CREDENTIALS_KEYS": "dGVzdHMtb25seS1rZXktdGVzdHMtb25seS1rZXktMzI=",
    "CSRF_TRUSTED_ORIGINS": "",
    "DEBUG": "false",
    "DEFAULT_COUNTRY": "AR",
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    "DJANGO_SETTINGS_MODULE": "hsm_portal.settings",
    "LANGUAGE_CODE": "en",
    "PERSONAL_DATA_KEY": "tests only: key of the hashes of personal data",
    "PROVIDER_BASE_URLS": "",
    "PUBLIC_URL": "http://testserver",
    "SECRET_KEY": "tests only: not a secret, but as long as one has to be 0123456789",
    "SECURE": "false",
    "TIME_ZONE": "America/Argentina/Buenos_Aires",
}
