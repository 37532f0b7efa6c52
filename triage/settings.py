"""Settings of the machine, read from the environment (prefix TRIAGE_) and from a .env file.

What admins turn in the desk itself (the approval switch, rules, links allowed in replies) lives in the
database: see triage/workspace.py.
"""

import os
import secrets
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from triage.errors import SettingsError


class Settings(BaseSettings):
    """Every setting with its default; the names in the environment are TRIAGE_ + the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="TRIAGE_", env_file=".env", extra="ignore", populate_by_name=True)

    home: Path = Field(default=Path("var"), description="Folder of database, index, mail and attachments.")
    database_url: str = Field(default="", description="PostgreSQL address; empty: SQLite in the home folder.")
    chroma_url: str = Field(default="", description="host:port of a `chroma run` server; empty: the index in the home folder.")
    demo: bool = Field(default=False, description="Demo content, one-click sign-in, 127.0.0.1 only.")
    host: str = Field(default="127.0.0.1", description="Address the desk listens on.")
    port: int = Field(default=8501, description="Port the desk listens on.")
    public_url: str = Field(default="", description="Address people open in the browser, when behind a proxy.")
    secret: SecretStr = Field(default=SecretStr(""), description="Signs cookies; empty: made once and kept in the home folder.")
    worker: bool = Field(default=True, description="Whether the desk's own process also does the agents' work.")
    worker_concurrency: int = Field(default=32, ge=1, le=512, description="Tickets one process works on at once.")
    poll_seconds: float = Field(
        default=0.5,
        gt=0,
        description="How often a worker looks for work of other processes, in seconds; its own tickets and deliveries begin at once.",
    )

    openai_api_key: SecretStr = Field(
        default=SecretStr(""),
        validation_alias=AliasChoices("TRIAGE_OPENAI_API_KEY", "OPENAI_API_KEY"),
        description="Key of an OpenAI-compatible service; with it (or an address) agents use that service.",
    )
    openai_base_url: str = Field(
        default="",
        validation_alias=AliasChoices("TRIAGE_OPENAI_BASE_URL", "OPENAI_BASE_URL"),
        description="Address of an OpenAI-compatible service (hosted, vLLM, Ollama, llama.cpp).",
    )
    model_manager: str = Field(default="gpt-5", description="Model that plans.")
    model_analyst: str = Field(default="gpt-5-mini", description="Model that collects facts.")
    model_writer: str = Field(default="gpt-5-mini", description="Model that writes.")
    model_reviewer: str = Field(default="gpt-5", description="Model that reviews; should differ from the writer's.")
    model_ranker: str = Field(
        default="",
        description="Cheap model that judges which passages answer, one more call a ticket; empty: the searches' order stands.",
    )
    model_judge: str = Field(
        default="",
        description="Model that judges each factual sentence of a draft by its sources, one more call a draft, and says of silent customers whether their matter is settled; should differ from the writer's; empty: code alone.",
    )
    model_fallback: str = Field(default="", description="Cheaper model tried before the offline one; empty: none.")
    model_timeout: float = Field(default=60.0, gt=0, description="Seconds one model call may take.")
    model_retries: int = Field(default=2, ge=0, description="Retries of a model call after 429, 5xx and dropped connections.")
    prices: dict[str, tuple[float, float]] = Field(
        default_factory=dict,
        description="USD per million input and output tokens by model, over the built-in list (JSON).",
    )

    ticket_token_limit: int = Field(
        default=60_000, ge=0, description="Tokens the agents may use on one run of a ticket; 0, here and below: no limit."
    )
    ticket_cost_limit: float = Field(default=0.50, ge=0, description="USD the agents may spend on one run of a ticket.")
    ticket_total_token_limit: int = Field(
        default=240_000, ge=0, description="Tokens the agents may use on a ticket over all its runs."
    )
    ticket_total_cost_limit: float = Field(
        default=2.0, ge=0, description="USD the agents may spend on a ticket over all its runs."
    )
    sender_day_token_limit: int = Field(default=1_000_000, ge=0, description="Tokens a day for one customer or sender.")
    sender_day_cost_limit: float = Field(default=5.0, ge=0, description="USD a day for one customer or sender.")
    day_token_limit: int = Field(default=20_000_000, ge=0, description="Tokens a day for the whole desk.")
    day_cost_limit: float = Field(default=50.0, ge=0, description="USD a day for the whole desk.")
    month_token_limit: int = Field(default=400_000_000, ge=0, description="Tokens a month for the whole desk.")
    month_cost_limit: float = Field(default=1_000.0, ge=0, description="USD a month for the whole desk.")
    sender_hour_messages: int = Field(
        default=60, ge=0, description="Messages of one sender an hour; further ones wait in quarantine for a person. 0: no limit."
    )
    key_minute_calls: int = Field(
        default=6_000, ge=0, description="Calls with one API key a minute over all processes. 0: no limit."
    )
    turn_limit: int = Field(default=6, description="Turns of one agent.")
    run_seconds: float = Field(default=300.0, description="Seconds one run of a ticket may take.")
    breaker_failures: int = Field(default=5, description="Failures in a row that open a model's breaker.")
    breaker_seconds: float = Field(default=30.0, description="Seconds an open breaker waits before it lets one probe through.")

    mail_from: str = Field(default="support@larkfield.example", description="Address that replies are sent from.")
    mail_from_name: str = Field(default="Larkfield Coffee Support", description="Name that replies are sent from.")
    trusted_authserv: str = Field(
        default="",
        description="Name of the mail server whose Authentication-Results count; empty: servers of mail_from's domain.",
    )
    company: str = Field(default="Larkfield Coffee", description="Company name in prompts and replies.")
    smtp_host: str = Field(default="", description="SMTP server; empty: replies go to the Maildir in the home folder.")
    smtp_port: int = Field(default=587, description="SMTP port.")
    smtp_user: str = Field(default="", description="SMTP user.")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="SMTP password.")
    smtp_tls: str = Field(default="starttls", pattern="^(starttls|tls|none)$", description="starttls, tls or none.")
    undo_seconds: float = Field(default=20.0, ge=0, description="Seconds an approved reply waits and can be taken back.")
    inbox_seconds: float = Field(default=5.0, description="How often the inbox/ folder is looked at, in seconds.")
    incident_hours: float = Field(
        default=12.0, gt=0, le=168, description="Tickets of different customers within these hours can be one incident."
    )
    message_limit: int = Field(default=25_000_000, description="Bytes of the largest mail that is taken in.")
    body_limit: int = Field(default=200_000, description="Characters of a message body that agents and guards look at.")
    attachment_limit: int = Field(default=10_000_000, description="Bytes of the largest attachment that is kept.")
    allowed_link_hosts: list[str] = Field(
        default=["larkfield.example"], description="Hosts that replies may link to (JSON list)."
    )

    import_networks: list[str] = Field(
        default=[],
        description="Private networks that articles may be imported from by address, such as 10.0.0.0/8 (JSON list); else the public web only.",
    )

    tool_networks: list[str] = Field(
        default=[],
        description="Private networks that connected APIs may lie in, such as 10.0.0.0/8 (JSON list); else public hosts by https only.",
    )
    tool_seconds: float = Field(default=15.0, gt=0, description="Seconds one call of a connected API may take.")
    tool_answer_limit: int = Field(default=200_000, gt=0, description="Bytes of a connected API's answer that are read.")

    webhook_networks: list[str] = Field(
        default=[],
        description="Private networks that webhooks may lie in, such as 10.0.0.0/8 (JSON list); else public hosts by https only.",
    )

    data: str = Field(default="", description="Folder of evaluation sets for `make bench-search`; empty: it is skipped.")
    data_cache: str = Field(
        default="", description="Folder in which benchmarks keep vectors of evaluation sets; empty: bench/ in the home folder."
    )
    metrics_loopback: bool = Field(
        default=False, description="Whether programs on this machine read /metrics (Prometheus) without a key."
    )
    otlp_endpoint: str = Field(default="", description="OTLP/HTTP address that spans are also sent to.")
    trace_sample: float = Field(
        default=1.0, ge=0, le=1, description="Share of tickets whose spans are kept; recorded steps are not sampled."
    )
    recording: str = Field(
        default="full",
        pattern="^(full|redacted|none)$",
        description="What recorded steps keep once a run has ended: full, redacted or none; only full ones can be replayed.",
    )
    kept_answers_mb: int = Field(
        default=200,
        ge=0,
        description="MB of models' answers kept for evaluations and rehearsals, the least used go first; 0: none.",
    )
    keep_live_answers: bool = Field(
        default=False, description="Whether the same request of live tickets is answered from what is kept, too."
    )
    log_level: str = Field(
        default="INFO",
        pattern="(?i)^(debug|info|warning|error|critical)$",
        description="What the desk's own log tells: DEBUG, INFO, WARNING or ERROR.",
    )

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database."""
        if not self.database_url:
            return f"sqlite:///{self.home.resolve() / 'triage.db'}"
        return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def uses_service(self) -> bool:
        """Whether agents use a model service rather than the offline model."""
        return bool(self.openai_api_key.get_secret_value() or self.openai_base_url)

    def folder(self, name: str) -> Path:
        """A folder under home, made when missing."""
        return make_private(self.home / name)

    def signing_secret(self) -> str:
        """The secret that signs cookies: from the setting, else made once and kept in home with mode 0600."""
        if given := self.secret.get_secret_value():
            return given
        return _kept_secret(self.home)


@lru_cache(maxsize=8)
def _kept_secret(home: Path) -> str:
    """The secret in its file there, made when missing; read once, because every prompt's canary asks for it."""
    path = home / "secret.key"
    if not path.exists():
        draft = make_private(home) / f"secret.{secrets.token_hex(4)}.tmp"
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # another process was first: its secret counts, and is whole already
            os.link(draft, path)
        draft.unlink()
    return path.read_text()


def make_private(folder: Path) -> Path:
    """Make a folder and what is missing above it, for this account only; what is there already keeps its rights."""
    for path in reversed([folder, *folder.parents]):
        if not path.exists():
            path.mkdir(mode=0o700, exist_ok=True)
    return folder


def load_settings(**overrides: object) -> Settings:
    """Read the settings; raises SettingsError with one line for each setting that cannot be used."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [f"TRIAGE_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise SettingsError("These settings cannot be used: " + "; ".join(lines)) from error


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return load_settings()
