"""Every setting, in one file, read from the environment once.

`DEPLOYMENT` says which of three worlds this is. In `development` (the default) and `test`
nothing outside the checkout is needed: SQLite, a broker made of files, mail written to
`var/mail/`. In `production` a setting that is missing stops the start with a sentence.
"""

from pathlib import Path

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
if env.str("DEPLOYMENT", default="") != "test" and (BASE_DIR / ".env").exists():
    env.read_env(str(BASE_DIR / ".env"))

DEPLOYMENT = env.str("DEPLOYMENT", default="development")
if DEPLOYMENT not in {"development", "test", "production"}:
    raise ImproperlyConfigured(
        f"DEPLOYMENT is {DEPLOYMENT!r}; it must be development, test or production."
    )
PRODUCTION = DEPLOYMENT == "production"
DEBUG = env.bool("DEBUG", default=DEPLOYMENT == "development") and not PRODUCTION

VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
if not PRODUCTION:
    for folder in ("mail", "media", "static", "broker/in", "broker/processed", "cache"):
        (VAR_DIR / folder).mkdir(parents=True, exist_ok=True)


def required(name: str, what: str, example: str, default: str) -> str:
    """The variable's value; in production a missing one stops the start and says why."""
    if PRODUCTION and not env.str(name, default=""):
        raise ImproperlyConfigured(
            f"{name} is not set. It is {what}. For example: {name}={example}"
        )
    return env.str(name, default=default)


SECRET_KEY = required(
    "SECRET_KEY",
    "a long random secret that signs sessions and one-time links",
    "$(python3 -c 'import secrets; print(secrets.token_urlsafe(50))')",
    "development-only-key-that-signs-nothing-of-value-0123456789",
)
ALLOWED_HOSTS = [
    host.strip()
    for host in required(
        "ALLOWED_HOSTS",
        "the comma-separated host names this site answers to",
        "socialvalue.example.gov.uk",
        "localhost,127.0.0.1,[::1],testserver",
    ).split(",")
    if host.strip()
]
SITE_URL = required(
    "SITE_URL",
    "the public address that goes into e-mails",
    "https://socialvalue.example.gov.uk",
    "http://127.0.0.1:8000",
).rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if PRODUCTION else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "simple_history",
    "csp",
    "trafford_sv.core",
    "trafford_sv.directory",
    "charter",
    "community_needs",
    "contracts",
    "action_plan",
    "reporting",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "trafford_sv.core.uploads.UploadLimitMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "trafford_sv.core.middleware.AccessMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "trafford_sv.urls"
WSGI_APPLICATION = "trafford_sv.wsgi.application"
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
                "trafford_sv.core.context_processors.site",
            ],
            "builtins": ["trafford_sv.core.templatetags.components"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# SQLite in WAL mode unless DATABASE_URL names something else.
DATABASE_URL = required(
    "DATABASE_URL",
    "the PostgreSQL database",
    "postgres://user:password@db.example.gov.uk:5432/social_value",
    f"sqlite:///{VAR_DIR / 'social_value.sqlite3'}",
)
DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    if PRODUCTION and not env.bool("ALLOW_SQLITE", default=False):
        raise ImproperlyConfigured(
            "DATABASE_URL names a SQLite file. Production needs PostgreSQL, for example: "
            "DATABASE_URL=postgres://user:password@db.example.gov.uk:5432/social_value"
        )
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # PostgreSQL would compile a list's many small look-ups to machine code, anew for each page:
    # seven seconds of compiling to save half a second of work.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c jit=off")
# Django's own, with the audit log's head locked last of all (see the package).
DATABASES["default"]["ENGINE"] = DATABASES["default"]["ENGINE"].replace(
    "django.db.backends.", "trafford_sv.core.databases."
)
DATABASES["default"]["ATOMIC_REQUESTS"] = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis where there is one; files on one machine otherwise.
REDIS_URL = required(
    "REDIS_URL", "the Redis server for background work", "redis://cache.example.gov.uk:6379/0", ""
)
if REDIS_URL:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS: dict = {
        "visibility_timeout": 4 * 3600,
        "socket_connect_timeout": 2,  # a page does not wait longer for a Redis that says nothing
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": str(VAR_DIR / "cache"),
        }
    }
    CELERY_BROKER_URL = "filesystem://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR_DIR / "broker/in"),
        "data_folder_out": str(VAR_DIR / "broker/in"),
        "processed_folder": str(VAR_DIR / "broker/processed"),
        "store_processed": False,
        "control_folder": str(VAR_DIR / "broker"),
    }
CELERY_TASK_ALWAYS_EAGER = env.bool("CELERY_EAGER", default=DEPLOYMENT == "test")
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_TIMEZONE = "Europe/London"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
# Two deployments may share one Redis when each names its own queue.
CELERY_TASK_DEFAULT_QUEUE = env.str("CELERY_QUEUE", default="celery")
CELERY_BEAT_SCHEDULE = {
    "resume-stalled-imports": {
        "task": "trafford_sv.core.tasks.resume_stalled_imports",
        "schedule": env.float("RESUME_IMPORTS_SECONDS", default=120.0),
    },
    "work-out-measures": {
        "task": "reporting.tasks.work_out_open_quarters",
        "schedule": 12 * 3600.0,
    },
    "forget-old-import-files": {
        "task": "trafford_sv.core.tasks.forget_old_import_files",
        "schedule": 6 * 3600.0,
    },
    "forget-old-evidence": {
        "task": "contracts.tasks.forget_old_evidence",
        "schedule": 6 * 3600.0,
    },
    "forget-confirmation-addresses": {
        "task": "contracts.tasks.forget_confirmation_addresses",
        "schedule": 6 * 3600.0,
    },
    # Often: an officer who invites hubs while the queue is away need not ask again.
    "send-round-mails": {
        "task": "community_needs.tasks.send_round_mails",
        "schedule": 300.0,
    },
    "send-bulletins": {
        "task": "community_needs.tasks.send_bulletins",
        "schedule": 900.0,
    },
    "send-offer-mails": {
        "task": "contracts.tasks.send_offer_mails",
        "schedule": 300.0,
    },
    "tell-followers-of-wards": {
        "task": "contracts.tasks.tell_followers_of_wards",
        "schedule": crontab(minute="50", hour="8-18"),
    },
    # By day, when people read; again each hour for what the mail server refused.
    "send-reminders": {
        "task": "contracts.tasks.send_reminders",
        "schedule": crontab(minute="10", hour="8-18"),
    },
    "ask-adopters": {
        "task": "charter.tasks.ask_adopters",
        "schedule": crontab(minute="40", hour="9"),
    },
    "forget-pledge-addresses": {
        "task": "charter.tasks.forget_pledge_addresses",
        "schedule": 6 * 3600.0,
    },
    # By day, so that members get it when they read; again each hour for what was refused.
    "send-packs": {
        "task": "reporting.tasks.send_packs",
        "schedule": crontab(minute="40", hour="8-18"),
    },
    "draw-documents": {
        "task": "trafford_sv.core.tasks.draw_documents",
        "schedule": 120.0,
    },
    "forget-drawn-documents": {
        "task": "trafford_sv.core.tasks.forget_drawn_documents",
        "schedule": 6 * 3600.0,
    },
    "draw-editions": {
        "task": "reporting.tasks.draw_editions",
        "schedule": 120.0,
    },
    # Often, by day: a report goes on the morning it is due, and what was refused after its pause.
    "send-mailings": {
        "task": "reporting.tasks.send_mailings",
        "schedule": env.int("SEND_MAILINGS_SECONDS", default=0)
        or crontab(minute="5,20,35,50", hour="8-18"),
    },
    "open-recoveries": {
        "task": "contracts.tasks.open_recoveries",
        "schedule": crontab(minute="20", hour="3"),
    },
    "check-delivery-sums": {
        "task": "contracts.tasks.check_delivery_sums",
        "schedule": crontab(minute="35", hour="3"),
    },
    "send-requests-for-updates": {
        "task": "action_plan.tasks.send_update_links",
        "schedule": crontab(minute="25", hour="8-18"),
    },
    "send-follow-links": {
        "task": "community_needs.tasks.send_follow_links",
        "schedule": crontab(minute="5-59/10"),
    },
    "forget-unconfirmed-addresses": {
        "task": "community_needs.tasks.forget_unconfirmed_addresses",
        "schedule": crontab(minute="55", hour="3"),
    },
    "send-reader-links": {
        "task": "reporting.tasks.send_reader_links",
        "schedule": crontab(minute="*/10"),
    },
    "forget-unconfirmed-readers": {
        "task": "reporting.tasks.forget_unconfirmed_readers",
        "schedule": crontab(minute="45", hour="3"),
    },
    "forget-addresses-of-leads": {
        "task": "action_plan.tasks.forget_update_addresses",
        "schedule": crontab(minute="50", hour="3"),
    },
}

EMAIL_URL = required(
    "EMAIL_URL",
    "the mail server",
    "smtp+tls://user:password@mail.example.gov.uk:587",
    f"filemail://{VAR_DIR / 'mail'}",
)
vars().update(environ.Env.email_url_config(EMAIL_URL))
if EMAIL_URL.startswith("filemail:"):
    EMAIL_FILE_PATH = str(VAR_DIR / "mail")
# Seconds: a mail server that stops answering must not hold a worker for ever.
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=60)
# A report’s PDF above this goes by link alone. Base64 makes it a third larger on the way.
MAIL_ATTACHMENT_BYTES = env.int("MAIL_ATTACHMENT_BYTES", default=5_000_000)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Social Value <noreply@localhost>")

AUTH_USER_MODEL = "core.User"
# Tokens are `core.ApiToken`; knox's own table would stand empty and in the way.
MIGRATION_MODULES = {"knox": None}
AUTHENTICATION_BACKENDS = ["trafford_sv.core.backends.PeopleWithGrants"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "after-sign-in"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "trafford_sv.core.adapters.InvitationOnlyAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/5m/key,60/5m/ip", "reset_password": "20/m/ip,5/m/key"}
# How many proxies of ours stand in front: sign-in limits count the visitor's address, not theirs.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=1 if PRODUCTION else 0)
INVITATION_DAYS = 7
# How long a hub or a school has to answer what it was asked to confirm.
CONFIRMATION_DAYS = env.int("CONFIRMATION_DAYS", default=30)

# Longer than 20 hours, so that nobody is timed out of slow work (WCAG 2.2.1); it also ends with
# the browser.
SESSION_COOKIE_AGE = 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = True
FORMAT_MODULE_PATH = "trafford_sv.formats"
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(VAR_DIR / "media")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION

# Limits on what people may upload. A file above FILE_UPLOAD_MAX_MEMORY_SIZE goes to disk first.
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", default=200 * 1024 * 1024)
# How long the file of a finished import is kept. 0 keeps it for ever.
# PDFs of pages, which anybody who may read the page has drawn anew.
DRAWN_DOCUMENT_DAYS = 90
IMPORT_FILE_DAYS = env.int("IMPORT_FILE_DAYS", default=365)
# Evidence: how large one file may be, and one sending of several together; how many days its bytes
# are kept, documents and pictures apart (pictures show people). 0 keeps them for ever.
EVIDENCE_MAX_BYTES = env.int("EVIDENCE_MAX_BYTES", default=25 * 1024 * 1024)
EVIDENCE_REQUEST_MAX_BYTES = env.int("EVIDENCE_REQUEST_MAX_BYTES", default=110 * 1024 * 1024)
EVIDENCE_FILE_DAYS = env.int("EVIDENCE_FILE_DAYS", default=2192)
EVIDENCE_PICTURE_DAYS = env.int("EVIDENCE_PICTURE_DAYS", default=1096)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# The most measures any tender may ask for without a reason, over the bands by contract value.
# 0 leaves it to the bands.
TENDER_MOST_MEASURES = env.int("TENDER_MOST_MEASURES", default=0)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["trafford_sv.core.api.Allowed"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "trafford_sv.core.api.CursorPages",
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "trafford_sv.core.api.CSVRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "trafford_sv.core.api.problem_details",
    "PAGE_SIZE": 100,
    "COERCE_DECIMAL_TO_STRING": True,
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    # Whose requests are counted: the visitor's address as our own proxies saw it.
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT,
    "DEFAULT_THROTTLE_RATES": {"anon": "120/min", "user": "1200/min"},
}
KNOX_TOKEN_MODEL = "core.ApiToken"
REST_KNOX = {"TOKEN_TTL": None, "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Trafford Social Value",
    "DESCRIPTION": "The same figures as the pages, machine-readable.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "LocalityEnum": "trafford_sv.directory.models.Organisation.Locality",
        "CharterStatusEnum": "charter.models.CharterVersion.Status",
        "OriginEnum": "charter.models.Origin",
        "PledgeStateEnum": "charter.models.Pledge.State",
        "CaseStudyStateEnum": "charter.models.CaseStudy.State",
        "PayeeStateEnum": "contracts.models.Payee.State",
        "ProposalStateEnum": "contracts.models.PayeeProposal.State",
        "AgreementKindEnum": "contracts.models.Contract.Kind",
        "AwardStatusEnum": "contracts.models.Award.Status",
        "MeasureKindEnum": "contracts.models.Measure.Kind",
        "CommitmentStateEnum": "contracts.models.Commitment.State",
        "ReturnStateEnum": "contracts.models.DeliveryReturn.State",
        "LineStateEnum": "contracts.models.ReturnLine.State",
        "TenderStateEnum": "contracts.models.Tender.State",
        "BidStateEnum": "contracts.models.Bid.State",
        "RecoveryStateEnum": "contracts.models.RecoveryAction.State",
        "RatingStateEnum": "contracts.models.DeliveryRating.State",
        "SubscriptionStateEnum": "reporting.models.MailSubscription.State",
        "MeetingStateEnum": "action_plan.models.Meeting.State",
        "DecisionKindEnum": "action_plan.models.Decision.Kind",
        "DecisionTakenEnum": "action_plan.models.Decision.Taken",
        "DeliveryRatingEnum": "contracts.api.pacing.CODES",
        "ActionStatusEnum": "action_plan.progress.STATUS_CHOICES",
        "ActionUpdateStateEnum": "action_plan.models.ActionUpdate.State",
        "PaceRatingEnum": "contracts.api.pacing.RATINGS",
        "StageEnum": "contracts.models.Contract.Stage",
        "MaturityStageEnum": "action_plan.stages.STAGE_CHOICES",
        "AssessmentStateEnum": "action_plan.models.Assessment.State",
        "ThemeStageStateEnum": "action_plan.models.ThemeResult.State",
        "MaturityEditionStateEnum": "action_plan.models.MaturityEdition.State",
        "MaturityEvidenceKindEnum": "action_plan.models.CriterionEvidence.Kind",
        "NeedStateEnum": "community_needs.models.Need.State",
        "RoundStateEnum": "community_needs.models.Round.State",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "trafford_sv.core.api.schema.closed_requests",
    ],
}

# The accounts that `load_demo` makes and `serve` prints. Their addresses cannot exist.
DEMO_EMAIL_DOMAIN = "@demo.example"
DEMO_PASSWORD = "trafford-demo-only"
# Says on every page that what is shown is invented. `serve` sets it when it loads the demo.
DEMO_BANNER = env.bool("DEMO_BANNER", default=False)

SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
SIMPLE_HISTORY_REVERT_DISABLED = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
}
if DEPLOYMENT == "test":
    # Tests hash hundreds of passwords and must not share rate limits between processes.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
