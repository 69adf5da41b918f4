"""Everything the environment decides, read here and nowhere else."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
DATA_DIR = Path(env("DATA_DIR", default=str(BASE_DIR / ".data")))
# Development is: no external database was named. Then secrets are written under DATA_DIR and the servers come out of wheels.
EMBEDDED = not (env("DATABASE_URL", default="") and env("REDIS_URL", default=""))


def _secret(name: str, make: type[str] | object = None) -> str:
    """The secret from the environment; in development a random one kept under DATA_DIR (mode 0600)."""
    value = env(name, default="")
    if value:
        return str(value)
    if not EMBEDDED:
        raise ImproperlyConfigured(f"Set {name}: production never invents a secret.")
    path = DATA_DIR / "secrets" / name.lower()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = Fernet.generate_key().decode() if name == "TOKEN_KEYS" else secrets.token_urlsafe(50)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text()
        with os.fdopen(descriptor, "w") as stream:
            stream.write(fresh)
    return path.read_text()


SECRET_KEY = _secret("SECRET_KEY")
# First key seals, every key opens; never derived from SECRET_KEY.
TOKEN_KEYS = [key.strip() for key in _secret("TOKEN_KEYS").split(",") if key.strip()]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"] if EMBEDDED else [])
APP_URL = env("APP_URL", default="http://127.0.0.1:8000").rstrip("/")

B24_CLIENT_ID = env("B24_CLIENT_ID", default="")
B24_CLIENT_SECRET = env("B24_CLIENT_SECRET", default="")
B24_OAUTH_SERVERS = [
    base.rstrip("/")
    for base in env.list("B24_OAUTH_SERVERS", default=["https://oauth.bitrix24.tech", "https://oauth.bitrix.info"])
]
B24_INSECURE_HTTP = env.bool("B24_INSECURE_HTTP", default=False)
# The portal never works longer than this on one request (seconds): after it an unanswered `add` is either done or will never be.
B24_REQUEST_LIMIT = env.float("B24_REQUEST_LIMIT", default=60.0)

EXCHANGE_ZIP = env.bool("EXCHANGE_ZIP", default=True)
EXCHANGE_FILE_LIMIT = env.int("EXCHANGE_FILE_LIMIT", default=8 * 1024 * 1024)
EXCHANGE_MAX_UPLOAD = env.int("EXCHANGE_MAX_UPLOAD", default=4 * 1024**3)
EXCHANGE_MAX_FILES = env.int("EXCHANGE_MAX_FILES", default=500_000)
# Seconds without a request after which 1C counts as done with its exchange.
EXCHANGE_QUIET_SECONDS = env.float("EXCHANGE_QUIET_SECONDS", default=15.0)
# Documents in one answer to 1C: of a client that asks once an exchange, and of one that asks until nothing comes.
EXCHANGE_ORDERS_AT_ONCE = env.int("EXCHANGE_ORDERS_AT_ONCE", default=10_000)
EXCHANGE_ORDERS_PORTION = env.int("EXCHANGE_ORDERS_PORTION", default=200)
# How long `listen` waits for news (seconds), and how many such requests one process may hold: each keeps a thread.
EXCHANGE_LISTEN_SECONDS = env.float("EXCHANGE_LISTEN_SECONDS", default=40.0)
EXCHANGE_LISTENERS = env.int("EXCHANGE_LISTENERS", default=2)
SENTRY_DSN = env("SENTRY_DSN", default="")
# Lets a monitor on another machine read /metrics; without it only this machine may.
METRICS_TOKEN = env("METRICS_TOKEN", default="")

if EMBEDDED:
    from b24app import embedded

    DATABASE_URL = env("DATABASE_URL", default="") or embedded.database_url(DATA_DIR)
    REDIS_URL = env("REDIS_URL", default="") or embedded.redis_url(DATA_DIR)
else:
    DATABASE_URL, REDIS_URL = env("DATABASE_URL"), env("REDIS_URL")


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [parts.hostname or ""])[0],
        "PORT": parts.port or "",
        "OPTIONS": {"pool": {"min_size": 0, "max_size": 16}},
    }


TESTING = "pytest" in sys.modules
DATABASES = {"default": _database(DATABASE_URL)}
if TESTING:
    # Test databases need not survive a power cut, nor test passwords an attack.
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 0, "max_size": 16}, "options": "-c synchronous_commit=off"}
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# A socket is redis+socket:// for Celery and unix:// for redis-py; REDIS_URL may say either.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
REDIS_CLIENT_URL = REDIS_URL.replace("redis+socket://", "unix://")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "b24app.login",
    "django_htmx",
    "b24app",
    "exchange",
    "mapping",
]
MIDDLEWARE = [
    # First: 1C bears no redirect, no refused host and no cookie.
    "b24app.events.views.straight_to_inbox",
    "exchange.views.straight_to_exchange",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "b24app.security.FrameHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "b24app.security.FrameToken",
    "b24app.security.TokenAwareCsrf",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "b24app.security.Language",
]
# `check --deploy` looks for Django's own middlewares where ours are stricter (framing, CSRF), for a redirect to https, which no 1C
# follows, and for promises about other subdomains, which are not ours to give.
SILENCED_SYSTEM_CHECKS = ["security.W002", "security.W003", "security.W005", "security.W008", "security.W021"]
ROOT_URLCONF = "b24app.urls"
WSGI_APPLICATION = "b24app.wsgi.application"
APPEND_SLASH = False  # 1C follows no redirect.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]

# Full-page sign-in with Bitrix24, outside the frame. Never by e-mail: any portal's administrator can give anybody any address.
SOCIALACCOUNT_ADAPTER = "b24app.login.adapter.PortalAdapter"
SOCIALACCOUNT_ONLY = True
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
ACCOUNT_ADAPTER = "b24app.login.adapter.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SIGNUP_FIELDS = ["username*"]
LOGIN_REDIRECT_URL = "/accounts/done/"
LOGIN_URL = "/accounts/login/"

HTTPS = APP_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# The page itself tells its script the CSRF token. A session ends with the browser, and after half a day without a change at the latest.
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 3600
# Behind a proxy that ends TLS the request looks like http; its origin is still the app's own address.
CSRF_TRUSTED_ORIGINS = [APP_URL]
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
# No redirect to https here: 1C follows none. Browsers learn it from HSTS.
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"  # "no-referrer" would make browsers send `Origin: null`, which CSRF refuses
X_FRAME_OPTIONS = "DENY"

if SENTRY_DSN:
    import sentry_sdk

    from b24app.masking import masked_event

    # No bodies, no local variables, no users: error reports leave the house.
    sentry_sdk.init(
        dsn=SENTRY_DSN,
        before_send=masked_event,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
    )

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"mask": {"()": "b24app.masking.MaskSecrets"}},
    "formatters": {
        "line": {"()": "b24app.masking.MaskingFormatter", "fmt": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["mask"], "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # A tick every two seconds is no news.
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        # urllib3 logs whole addresses at DEBUG.
        "urllib3": {"level": "WARNING"},
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский"), ("ro", "Română"), ("uk", "Українська")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Development serves static/ as it stands; production what collectstatic made of it, with the content's hash in every name.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = EMBEDDED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if EMBEDDED or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
