"""Every setting once: its name, default and help, read from flags over environment over file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from mockserver.engine.errors import ConfigError
from mockserver.engine.service import Setting
from mockserver.option import KIB, MIB, Option, described

PREFIX = "MOCKSERVER_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server was started with; never changes while it runs."""

    host: str = field(default="127.0.0.1", metadata=described("text", "Address to listen on."))
    port: int = field(
        default=8080,
        metadata=described("integer", "Port to listen on; 0 takes a free one.", low=0, high=65535),
    )
    data_dir: Path | None = field(
        default=None,
        metadata=described(
            "path", "Folder that keeps the state.", shown="temporary, removed at exit"
        ),
    )
    seed: int | None = field(
        default=None,
        metadata=described(
            "integer",
            "Number that ids, invented data and chance depend on.",
            shown="a new one for each data folder",
            low=0,
            high=2**63 - 1,
        ),
    )
    clock: float = field(
        default=1.0,
        metadata=described(
            "clock", "real, frozen, or virtual seconds per real second such as 60.", shown="real"
        ),
    )
    clock_start: float | None = field(
        default=None,
        metadata=described(
            "time", "Time at which the clock starts (RFC 3339).", shown="the wall clock's"
        ),
    )
    pace: str = field(
        default="fast",
        metadata=described(
            "text",
            "How the services and their people move: instant, fast, realistic or manual.",
            choices=("instant", "fast", "realistic", "manual"),
        ),
    )
    strict: bool = field(
        default=False,
        metadata=described("switch", "Answer 500 where an answer of ours violates its contract."),
    )
    auth: str = field(
        default="any",
        metadata=described(
            "text",
            "Credentials accepted: any, or only those listed in the fixtures.",
            choices=("any", "listed"),
        ),
    )
    isolation: str = field(
        default="none",
        metadata=described(
            "text",
            "token gives every credential a sandbox of its own; none shares one.",
            choices=("none", "token"),
        ),
    )
    admin_token: str | None = field(
        default=None,
        metadata=described(
            "text", "Bearer token for the control API; required beyond loopback.", shown="none"
        ),
    )
    public_url: str | None = field(
        default=None,
        metadata=described("url", "Base of the URLs handed out.", shown="each request's own Host"),
    )
    intercept: bool = field(
        default=False,
        metadata=described("switch", "Answer as the real hosts too: by TLS and as an HTTP proxy."),
    )
    intercept_port: int = field(
        default=8443,
        metadata=described(
            "integer", "Port of --intercept; 0 takes a free one.", low=0, high=65535
        ),
    )
    passthrough: bool = field(
        default=False,
        metadata=described("switch", "Let the proxy of --intercept lead to other hosts too."),
    )
    webhook_allow: tuple[str, ...] = field(
        default=(),
        metadata=described(
            "list", "Webhook targets beyond loopback and private ones: hosts, networks or *."
        ),
    )
    faults: Path | None = field(
        default=None,
        metadata=described("path", "YAML or JSON file with a list of fault rules.", shown="none"),
    )
    scenario: tuple[str, ...] = field(
        default=(),
        metadata=described("list", "Fault rules under a name, such as outage-and-recovery."),
    )
    ready_file: Path | None = field(
        default=None,
        metadata=described(
            "path", "File that gets the URL and process id once the server answers.", shown="none"
        ),
    )
    log_format: str = field(
        default="text",
        metadata=described("text", "Form of the log: text or json.", choices=("text", "json")),
    )
    log_level: str = field(
        default="info",
        metadata=described(
            "text",
            "Least level logged: debug, info, warning or error.",
            choices=("debug", "info", "warning", "error"),
        ),
    )
    durability: str = field(
        default="process",
        metadata=described(
            "text",
            "What an acknowledged write survives: the process (kill -9) or a power cut.",
            choices=("process", "power"),
        ),
    )
    max_body: int = field(
        default=64 * MIB,
        metadata=described("size", "Largest request body of a service.", shown="64 MiB", low=1),
    )
    upload_max_bytes: int = field(
        default=5 * 1024 * MIB,
        metadata=described("size", "Largest presigned upload, as in S3.", shown="5 GiB", low=1),
    )
    uploads_bytes: int | None = field(
        default=None,
        metadata=described(
            "size",
            "Disk that uploads and files take; the oldest go first.",
            shown="no limit",
            low=0,
        ),
    )
    uploads_age: float | None = field(
        default=None,
        metadata=described(
            "number",
            "Seconds of the clock after which uploads and files expire.",
            shown="never",
            low=0,
        ),
    )
    journal_entries: int = field(
        default=10_000, metadata=described("integer", "Calls that the journal keeps.", low=0)
    )
    journal_bytes: int = field(
        default=64 * MIB,
        metadata=described("size", "Memory that the journal takes.", shown="64 MiB", low=0),
    )
    journal_age: float | None = field(
        default=None,
        metadata=described(
            "number", "Real seconds that the journal keeps a call.", shown="no limit", low=0
        ),
    )
    journal_body_bytes: int = field(
        default=64 * KIB,
        metadata=described(
            "size", "Part of each body that the journal keeps.", shown="64 KiB", low=0
        ),
    )
    inbox_messages: int = field(
        default=10_000, metadata=described("integer", "Messages that each inbox keeps.", low=1)
    )
    services: Mapping[str, Any] = field(default_factory=dict)
    """The services' own settings by full name, such as `sama.status_limit`."""

    @classmethod
    def load(
        cls,
        flags: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        services: Iterable[Setting] = (),
    ) -> "Settings":
        """Settings from flags (by field name; `config` a file, `set` a list of `name=value`), over
        the environment, over the file, over the defaults. Raises ConfigError."""
        flags, environ = flags or {}, environ or {}
        own = {setting.name: setting for setting in services}
        config = flags.get("config") or environ.get(PREFIX + "CONFIG")
        values: dict[str, Any] = {}
        service_values = {name: setting.default for name, setting in own.items()}
        if config:
            _read_file(Path(config), own, values, service_values)
        _read_environment(environ, own, values, service_values)
        for option in OPTIONS:
            given = flags.get(option.name)
            if given is not None:
                values[option.name] = _checked(option, given, option.flag)
        for assignment in flags.get("set") or ():
            _assign(assignment, own, values, service_values, flags)
        return cls(**values, services=service_values)


OPTIONS: tuple[Option, ...] = tuple(
    Option(name=each.name, default=each.default, **each.metadata)
    for each in fields(Settings)
    if each.metadata
)
"""The table that flags, environment, file and documentation are made from."""

_BY_NAME = {option.name: option for option in OPTIONS}


def _read_file(
    path: Path,
    own: Mapping[str, Setting],
    values: dict[str, Any],
    service_values: dict[str, Any],
) -> None:
    """A TOML file: settings at the top level, a service's own in the table of its name."""
    import tomllib

    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise ConfigError(f"cannot read the configuration file {path}: {reason}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    for key, value in document.items():
        name = key.replace("-", "_")
        if name in _BY_NAME:
            values[name] = _checked(_BY_NAME[name], value, f"{key} in {path}")
        elif isinstance(value, dict) and any(full.startswith(f"{key}.") for full in own):
            for inner, inner_value in value.items():
                full = f"{key}.{inner.replace('-', '_')}"
                if full not in own:
                    raise _unknown(f"{key}.{inner}", own, f" in {path}")
                source = f"{key}.{inner} in {path}"
                service_values[full] = _checked(_as_option(own[full]), inner_value, source)
        else:
            tables = [full.split(".")[0] for full in own]
            raise _unknown(key, [*_BY_NAME, *tables], f" in {path}")


def _read_environment(
    environ: Mapping[str, str],
    own: Mapping[str, Setting],
    values: dict[str, Any],
    service_values: dict[str, Any],
) -> None:
    """`MOCKSERVER_PORT`, `MOCKSERVER_SAMA_STATUS_LIMIT`; other names belong to somebody else.

    An empty variable counts as absent, since a shell or a compose file cannot unset one.
    """
    for option in OPTIONS:
        if given := environ.get(option.variable):
            values[option.name] = _checked(option, given, option.variable)
    for name, setting in own.items():
        variable = PREFIX + name.upper().replace(".", "_")
        if given := environ.get(variable):
            service_values[name] = _checked(_as_option(setting), given, variable)


def _assign(
    assignment: str,
    own: Mapping[str, Setting],
    values: dict[str, Any],
    service_values: dict[str, Any],
    flags: Mapping[str, Any],
) -> None:
    """One `--set name=value`; a flag of its own name wins over it."""
    key, equals, value = assignment.partition("=")
    if not equals:
        raise ConfigError(f"--set {assignment} needs the form name=value")
    name = key.strip().replace("-", "_")
    if name in own:
        service_values[name] = _checked(_as_option(own[name]), value, f"--set {key}")
    elif name in _BY_NAME:
        checked = _checked(_BY_NAME[name], value, f"--set {key}")
        if flags.get(name) is None:
            values[name] = checked
    else:
        raise _unknown(key, [*own, *_BY_NAME], " in --set")


def _checked(option: Option, value: Any, source: str) -> Any:
    try:
        return option.read(value)
    except ValueError as error:
        shown = ",".join(map(str, value)) if isinstance(value, list | tuple) else value
        raise ConfigError(f"{source}: {str(shown)!r} {error}") from error


def _as_option(setting: Setting) -> Option:
    """A service's setting takes what its default is an example of."""
    kinds = {bool: "switch", int: "integer", float: "number", list: "list", tuple: "list"}
    kind = kinds.get(type(setting.default), "text")
    return Option(name=setting.name, kind=kind, default=setting.default, help=setting.help)


def _unknown(name: str, known: Iterable[str], where: str) -> ConfigError:
    from difflib import get_close_matches

    names = sorted(set(known))
    near = get_close_matches(name.replace("-", "_"), names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}"
    return ConfigError(f"unknown setting {name}{where}; {hint}")
