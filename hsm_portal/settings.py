"""Every setting of the portal, from the environment (see .env.example). A missing or malformed one is named at start."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import django_stubs_ext
import environ
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.utils.translation import gettext_lazy as _

from hsm_portal.logging_config import LOGGING_CONFIG_DICT
from hsm_portal.unfold import UNFOLD_SETTINGS

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# --- Core ----------------------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "pgtrigger",
    "auditlog",
    "axes",
    "csp",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "providers",
    "templates_app",
    "recontact",
    "customer_service",
    "hsm_portal",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "hsm_portal.machine_addresses.MachineAddressesMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "customer_service.middleware.PulseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hsm_portal.preferences.UserPreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "axes.middleware.AxesMiddleware",
]

#: What providers call thousands of times a second.
MACHINE_ADDRESSES = ("/webhooks/",)

ROOT_URLCONF = "hsm_portal.urls"
WSGI_APPLICATION = "hsm_portal.wsgi.application"
AUTH_USER_MODEL = "hsm_portal.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "hsm_portal" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database and broker -------------------------------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL")}
# A connection keeps its prepared plans for as long as it lives; each request asks whether it still is well.
DATABASES["default"].update(CONN_MAX_AGE=env.int("CONN_MAX_AGE", default=600), CONN_HEALTH_CHECKS=True)

REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL.replace("unix://", "redis+socket://", 1))
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# What may take long has queues, and so workers, of its own: sending, and the files that customers send.
CELERY_TASK_ROUTES = {
    "recontact.tasks.dispatch_pump": {"queue": "dispatch"},
    "customer_service.tasks.media_fetch_waiting": {"queue": "media"},
}
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# The database is the queue (docs/architecture.md, I3): a request never waits long for a broker that is away.
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 5, "visibility_timeout": 3600}
CELERY_TIMEZONE = "UTC"

# --- People --------------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "hsm_portal.api_keys.ScopeBackend",
    "hsm_portal.permissions.PermissionsBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# In the session, never in a cookie: a new API key is shown once through a message.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", default=8)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "hsm_portal.views.locked_out"

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="es")
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "hsm_portal" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="America/Argentina/Buenos_Aires")
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = "hsm_portal.formats"

# --- Security ------------------------------------------------------------------------------------------------------

SECURE = env.bool("SECURE", default=not DEBUG)
SECURE_SSL_REDIRECT = SECURE
# Probes and Prometheus ask from inside, past the proxy that ends TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE
SECURE_HSTS_PRELOAD = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", default=False) else None
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = SECURE
CSRF_COOKIE_SECURE = SECURE
X_FRAME_OPTIONS = "DENY"
# Alpine needs unsafe-eval (Unfold ships the ordinary build); Unfold writes style attributes.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, UNSAFE_EVAL],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:", "https:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "base-uri": [SELF],
        "object-src": [NONE],
    }
}
# Webhooks may be 3 MB (Meta, webhooks overview, 2026-09-11); anything larger is refused before it is read.
WEBHOOK_MAX_BYTES = 3 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = WEBHOOK_MAX_BYTES

# Fernet keys, newest first: the first encrypts, all decrypt (rotation: `manage.py rotate_credentials`).
CREDENTIALS_KEYS: list[str] = env.list("CREDENTIALS_KEYS")

# --- Mail ----------------------------------------------------------------------------------------------------------

# smtp+tls://user:password@host:587; without one, mail is only written to the log.
vars().update(env.email("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="hsm-portal@localhost")

# --- The portal's own ----------------------------------------------------------------------------------------------

DEFAULT_COUNTRY = env.str("DEFAULT_COUNTRY", default="AR")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
PERSONAL_DATA_KEY = env.str("PERSONAL_DATA_KEY", default=SECRET_KEY)
RAW_DATA_RETENTION_DAYS = env.int("RAW_DATA_RETENTION_DAYS", default=90)
# How many processes read stored webhooks at once, in all workers together.
INBOX_READERS = max(1, env.int("INBOX_READERS", default=2))
# A test or demo server instead of the provider's own: {"<provider slug>": "http://127.0.0.1:8800"}
PROVIDER_BASE_URLS: dict[str, str] = env.dict("PROVIDER_BASE_URLS", default={})
# Hosts that may be called over plain http: a simulator in the same private network, never a provider.
PROVIDER_PLAIN_HTTP_HOSTS: list[str] = env.list("PROVIDER_PLAIN_HTTP_HOSTS", default=[])
# Hosts of your own network from which a template's sample may be fetched. All others must be on the open internet.
SAMPLE_PRIVATE_HOSTS: list[str] = env.list("SAMPLE_PRIVATE_HOSTS", default=[])
PROVIDER_TIMEOUT_SECONDS = env.float("PROVIDER_TIMEOUT_SECONDS", default=20.0)
AGENT_MESSAGE_LIFETIME_SECONDS = 3600
# Longer than a day, so that what has to wait until tomorrow can still go then.
CAMPAIGN_MESSAGE_LIFETIME_SECONDS = 72 * 3600
# The pause before the second try of what failed for no reason that names a wait; the next pause is twice as long.
CAMPAIGN_RETRY_AFTER_SECONDS = env.float("CAMPAIGN_RETRY_AFTER_SECONDS", default=300.0)
CAMPAIGN_FILE_MAX_BYTES = env.int("CAMPAIGN_FILE_MAX_MB", default=64) * 1024 * 1024
# A customer gets messages of two campaigns only so many days apart; 0 = no cap.
CAMPAIGN_FREQUENCY_CAP_DAYS = env.int("CAMPAIGN_FREQUENCY_CAP_DAYS", default=0)
# Above so many recipients, or so much money in one currency, a second person approves a campaign; 0 = never.
CAMPAIGN_APPROVAL_RECIPIENTS = env.int("CAMPAIGN_APPROVAL_RECIPIENTS", default=5_000)
CAMPAIGN_APPROVAL_AMOUNT = Decimal(env.str("CAMPAIGN_APPROVAL_AMOUNT", default="500"))
# The hours of a campaign are of each recipient's own day; of one whose time zone is not known, of the day here.
CAMPAIGN_TIME_ZONE = env.str("CAMPAIGN_TIME_ZONE", default=TIME_ZONE)
# Of a portfolio's people in 24 hours, the share that campaigns leave to the agents.
PORTFOLIO_AGENTS_SHARE = env.float("PORTFOLIO_AGENTS_SHARE", default=0.05)
# Of a number's messages per second, the share that campaigns leave to the agents while these are writing.
RATE_AGENTS_SHARE = env.float("RATE_AGENTS_SHARE", default=0.1)
# Seconds between two messages to one person through one number (WhatsApp's own limit); 0 = no pause.
PAIR_SECONDS = env.float("PAIR_SECONDS", default=6.0)
# The circuit of a number: once such a share of at least so many calls in so many seconds failed for no person's sake, the
# number is stopped for the pause, twice as long each time it does not help. A share of 0 = no circuit.
CIRCUIT_SHARE = env.float("CIRCUIT_SHARE", default=0.5)
CIRCUIT_CALLS = env.int("CIRCUIT_CALLS", default=20)
CIRCUIT_WINDOW_SECONDS = env.int("CIRCUIT_WINDOW_SECONDS", default=60)
CIRCUIT_PAUSE_SECONDS = env.float("CIRCUIT_PAUSE_SECONDS", default=60.0)
# The uploaded file of a campaign is emptied so many days after it ended, that of a forgotten draft as long after its upload.
CAMPAIGN_FILE_RETENTION_DAYS = env.int("CAMPAIGN_FILE_RETENTION_DAYS", default=90)
UNCERTAIN_SETTLE_AFTER_SECONDS = 3600
# Events for subscriptions: how long one is tried, after how long without any success a subscription is paused, after how
# many days what was told is forgotten, and hosts of your own network that may be told (also without https).
OUTGOING_RETRY_HOURS = env.float("OUTGOING_RETRY_HOURS", default=24.0)
OUTGOING_PAUSE_HOURS = env.float("OUTGOING_PAUSE_HOURS", default=24.0)
OUTGOING_RETENTION_DAYS = env.int("OUTGOING_RETENTION_DAYS", default=30)
OUTGOING_PRIVATE_HOSTS: list[str] = env.list("OUTGOING_PRIVATE_HOSTS", default=[])
# After how many seconds a look-up that finds nothing proves that nothing was sent, where the portal's own word for a
# provider is not trusted or there is none: "<provider slug>=600,<another>=3600".
LOOK_UP_ABSENCE_SECONDS: dict[str, float] = {
    slug: float(seconds) for slug, seconds in env.dict("LOOK_UP_ABSENCE_SECONDS", default={}).items()
}

# --- Files of conversations ------------------------------------------------------------------------------------------

# Never served from there: a view checks who asks. Any storage of Django will do; a folder has to be the same for all processes.
MEDIA_STORAGE = env.str("MEDIA_STORAGE", default="django.core.files.storage.FileSystemStorage")
MEDIA_STORAGE_OPTIONS: dict[str, Any] = env.json("MEDIA_STORAGE_OPTIONS", default={})
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(BASE_DIR / "var" / "media"))
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# A customer's file larger than this is not fetched; the ticket says so.
MEDIA_MAX_BYTES = env.int("MEDIA_MAX_MB", default=50) * 1024 * 1024
# Files are deleted so many days after they came; 0 = never.
MEDIA_RETENTION_DAYS = env.int("MEDIA_RETENTION_DAYS", default=365)
# How many files are fetched at once, by all workers of the queue `media` together.
MEDIA_FETCHES_AT_ONCE = env.int("MEDIA_FETCHES_AT_ONCE", default=2)

# --- Static files, API, logs, theme --------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "hsm_portal" / "static"]
STORAGES = {
    "default": {"BACKEND": MEDIA_STORAGE, "OPTIONS": MEDIA_STORAGE_OPTIONS},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
if DEBUG:
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "hsm_portal.api_keys.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env.str("API_RATE", default="600/min")},
    "EXCEPTION_HANDLER": "recontact.api.problems.problem_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "HSM Portal API",
    "DESCRIPTION": "Send WhatsApp template messages once, with their price known before and accounted after.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # The categories of prices are more than those of templates.
    "ENUM_NAME_OVERRIDES": {
        "PricedCategoryEnum": "providers.rates.models.Category",
        "TemplateCategoryEnum": "templates_app.models.Template.Category",
    },
}

LOGGING = LOGGING_CONFIG_DICT
UNFOLD = UNFOLD_SETTINGS
