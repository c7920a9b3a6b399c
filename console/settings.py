"""All settings, from the environment only. README.md lists every variable."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.utils.csp import CSP

from console.env import (
    LOOPBACK_HOSTS,
    cache_url,
    debug,
    env,
    is_loopback,
    names,
    proxies,
    public_url,
    secret,
    secrets,
)
from console.issuer import issuer_from_env, password_login
from console.mail import TO_THE_LOG, mailers

# --- Paths ---------------------------------------------------------------------------------
BASE_DIR = Path(__file__).resolve().parent.parent
env.read_env(BASE_DIR / ".env", recurse=False)
DATA_DIR = Path(env.str("CONSOLE_DATA_DIR", str(BASE_DIR / "var")))
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
with suppress(PermissionError):
    # session keys and sealed tokens are in there, whoever made the folder
    DATA_DIR.chmod(0o700)

# --- Core ----------------------------------------------------------------------------------
KEYS_HINT = "Run `make .env` for a local one, or see README.md, Configuration."
PUBLIC_URL = public_url()
IS_LOCAL = is_loopback(str(PUBLIC_URL.hostname))
DEBUG = debug(allowed=IS_LOCAL)
SECRET_KEY = secret("CONSOLE_SECRET_KEY", least=32, hint=KEYS_HINT)
# Only the trail looks at these: what else an older key signed is not taken any more.
OLD_SECRET_KEYS = secrets("CONSOLE_SECRET_KEY_FALLBACKS", least=32, hint=KEYS_HINT)
TOKEN_KEYS = [
    key.strip() for key in secret("CONSOLE_TOKEN_KEYS", least=44, hint=KEYS_HINT).split(",")
]
ALLOWED_HOSTS = [PUBLIC_URL.hostname, *LOOPBACK_HOSTS]
CSRF_TRUSTED_ORIGINS = [f"{PUBLIC_URL.scheme}://{PUBLIC_URL.netloc}"]
ROOT_URLCONF = "console.urls"
WSGI_APPLICATION = "console.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
VERSION = "0.1.0"

# --- Apps ----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django_htmx",
    "django_tasks_db",
    "console.team",
    "console.vault",
    "console.audit",
    "workflows_ui",
]

# --- Middleware ----------------------------------------------------------------------------
MIDDLEWARE = [
    "console.proxies.TrustedProxyMiddleware",
    "console.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # varies the length against BREACH
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "console.team.sessions.LastSeenMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "workflows_ui.middleware.HtmxRedirectMiddleware",
    "workflows_ui.middleware.NoStoreMiddleware",
    "workflows_ui.middleware.ViewerTimezoneMiddleware",
    "workflows_ui.middleware.WrongMethodMiddleware",
    "workflows_ui.middleware.TokenCheckMiddleware",
    "workflows_ui.middleware.UpstreamErrorMiddleware",
    "workflows_ui.middleware.FirstStartMiddleware",
    "workflows_ui.middleware.LogInMiddleware",
]

# --- Templates and forms -------------------------------------------------------------------
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
                "workflows_ui.context_processors.console",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database and cache --------------------------------------------------------------------
DATABASES = {
    "default": env.dj_db_url(
        "DATABASE_URL", f"sqlite:///{DATA_DIR / 'console.sqlite3'}", conn_max_age=60
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
# Without one each process keeps answers and counts in its own memory.
CACHE_URL = cache_url()
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "console.cache_backend.SharedCache"
        if CACHE_URL
        else "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": CACHE_URL,
        # In memory. A full cache forgets log-in locks and the breaker of the call budget, so it
        # holds more than strangers can put there while a lock lasts: some 50 MB at the worst.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- Log-in --------------------------------------------------------------------------------
AUTH_USER_MODEL = "team.User"
AUTHENTICATION_BACKENDS = ["console.team.backends.PasswordBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "console.team.passwords.GuessablePasswordValidator"},
]
ISSUER = issuer_from_env()
PASSWORD_LOGIN = password_login(ISSUER)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "console.team.adapter.ClosedDoorAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# who comes through the issuer is not stopped by an address that another user merely typed
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
SOCIALACCOUNT_ADAPTER = "console.team.single_sign_on.IssuerAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "provider_class": "console.team.single_sign_on.IssuerProvider",
        "APPS": [ISSUER.as_provider()] if ISSUER else [],
    }
}
USERSESSIONS_ADAPTER = "console.team.sessions.ToldSessionsAdapter"
USERSESSIONS_TRACK_ACTIVITY = True
MFA_ADAPTER = "console.team.second_factor.SealedFactorsAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "console.team.forms.CodeForm",
    "reauthenticate": "console.team.forms.ConfirmCodeForm",
    "activate_totp": "console.team.forms.AppForm",
    "add_webauthn": "console.team.forms.AddKeyForm",
}
MFA_TOTP_ISSUER = f"Workflows Console {PUBLIC_URL.hostname}"
MFA_TOTP_TOLERANCE = 1  # a clock half a minute off is no attack
MFA_PASSKEY_LOGIN_ENABLED = PASSWORD_LOGIN  # else the issuer alone opens the door
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up by themselves, so no address is a stranger's
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = IS_LOCAL and PUBLIC_URL.scheme == "http"

# --- Mail ----------------------------------------------------------------------------------
SMTP = mailers()
SENDS_MAIL = SMTP is not None
MAILERS = SMTP or TO_THE_LOG
DEFAULT_FROM_EMAIL = env.str("CONSOLE_EMAIL_FROM", f"workflows-console@{PUBLIC_URL.hostname}")
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Workflows Console] "
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody makes the console write to strangers

# --- Static files --------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("CONSOLE_STATIC_ROOT", str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "console.static_files.ManifestStorage"
        )
    },
}

# --- Time ----------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

# --- Security ------------------------------------------------------------------------------
HTTPS = PUBLIC_URL.scheme == "https"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
# console/proxies.py makes of it the scheme and the client's address, for Django and allauth alike
TRUSTED_PROXIES = proxies("CONSOLE_TRUSTED_PROXIES")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    # no other host, not even one below the same domain, can plant a cookie of this name
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "console.team.session_store"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_FAILURE_VIEW = "workflows_ui.views.errors.csrf_failure"
# the largest field is that of a batch, 4 MiB
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["workflows_ui.uploads.FewUploads"]
# without a mail server notices go to the log, as README.md says
SILENCED_SYSTEM_CHECKS = [] if SENDS_MAIL else ["mail.E001"]

# --- Logging -------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s level=%(levelname)s logger=%(name)s %(message)s"}
    },
    "filters": {"refusals": {"()": "console.log_lines.OneLineForRefusals"}},
    "handlers": {
        "out": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals"]}
    },
    "root": {"handlers": ["out"], "level": env.str("CONSOLE_LOG_LEVEL", "WARNING")},
    "loggers": {"django": {"handlers": [], "level": "WARNING", "propagate": True}},
}

# --- Upstreams -----------------------------------------------------------------------------
# A person may connect an account by address; these say which addresses the server talks to.
CLOUDFLARE_API_URL = "https://api.cloudflare.com/client/v4"
LOOPBACK_UPSTREAMS = env.bool("CONSOLE_LOOPBACK_UPSTREAMS", IS_LOCAL)
UPSTREAM_HOSTS = names("CONSOLE_UPSTREAM_HOSTS")
SIMULATOR_URL = env.str("CONSOLE_SIMULATOR_URL", "http://127.0.0.1:8788/client/v4")
if env.str("CONSOLE_SIMULATOR_URL", ""):
    # an operator who names a simulator means it to be reached
    UPSTREAM_HOSTS |= {urlsplit(SIMULATOR_URL).netloc}
UPSTREAM_TIMEOUT = (3.05, env.float("CONSOLE_UPSTREAM_TIMEOUT", 20.0))

# --- Dashboards ----------------------------------------------------------------------------
WALL_LINKS = env.bool("CONSOLE_WALL_LINKS", False)

# --- First start ---------------------------------------------------------------------------
SETUP_CODE = (
    env.str("CONSOLE_SETUP_CODE", "")
    if IS_LOCAL
    else secret("CONSOLE_SETUP_CODE", least=12, hint="The first start asks for it: choose one.")
)
DEMO_PASSWORD = env.str("CONSOLE_DEMO_PASSWORD", "")
