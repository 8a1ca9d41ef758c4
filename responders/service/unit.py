"""The unit by which systemd keeps the daemon running: told how it is, fed by progress, shut in, and with secrets that no other sees."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

RELOADS_BY_ITSELF = 253
"""The first systemd that knows `Type=notify-reload`."""

_FILE = "sqlite:////var/lib/earnest/earnest.db"
_TO_QUOTE = re.compile(r"[\s\"'\\]")
_VERSION = re.compile(r"systemd (\d+)")

_UNIT = """\
# Made by: earnest service. Keep it as /etc/systemd/system/earnest.service, then:
#   sudo systemctl daemon-reload && sudo systemctl enable --now earnest
# Its user:  sudo useradd --system --home-dir /var/lib/earnest --shell /usr/sbin/nologin earnest

[Unit]
Description=Earnest hears what people say about our brand, and helps to answer well
Documentation=man:systemd.exec(5)
Wants=network-online.target
After=network-online.target

[Service]
{kind}
NotifyAccess=main
WatchdogSec=60
TimeoutStartSec=10min
TimeoutStopSec=15
KillMode=mixed
KillSignal=SIGTERM
Restart=on-failure
RestartSec=5
# Wrong use and wrong rules do not get better by trying again.
RestartPreventExitStatus=2 78

ExecStart={program} run{only}
Environment={environment}
User=earnest
Group=earnest
UMask=0077
StateDirectory=earnest
StateDirectoryMode=0700
RuntimeDirectory=earnest
RuntimeDirectoryMode=0750
ConfigurationDirectory=earnest
WorkingDirectory=/var/lib/earnest

# Secrets, one file each, that root may read and nobody else; the daemon gets a copy that nobody else can see.
{secrets}

# What it does not need it cannot do.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome={home}
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
# A core would hold secrets.
LimitCORE=0
MemoryMax=1G
TasksMax=256

[Install]
WantedBy=multi-user.target
"""

_BY_ITSELF = "Type=notify-reload"
_BY_SIGNAL = "Type=notify\nExecReload=/bin/kill -HUP $MAINPID"


def installed_systemd() -> int | None:
    """Return the version of systemd on this machine, None where there is none."""
    program = shutil.which("systemctl")
    if program is None:
        return None
    with suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=5).stdout  # noqa: S603  # ours
        if found := _VERSION.search(said):
            return int(found[1])
    return None


def unit(
    program: str,
    secrets: Iterable[str],
    *,
    folder: Path,
    store: str = _FILE,
    only: Iterable[str] = (),
    http: str | None = None,
    systemd: int | None = None,
) -> str:
    """Return the unit.

    Args:
        program: where the program `earnest` lies.
        secrets: the names of secrets that the daemon may want.
        folder: where their files lie; those that are not there are left as comments, since systemd starts nothing without them.
        store: the URL of the store; a file of the service's own by default. It holds no password, since everybody may read a unit.
        only: the parts of the work that the daemon does; all of them by default.
        http: where the daemon answers /healthz and /metrics; nowhere by default.
        systemd: the version it is for; any that is new enough to reload by itself by default.
    """
    settings = {"EARNEST_RULES": "/etc/earnest/rules.yaml", "EARNEST_STORE": store, "EARNEST_LOG": "json"}
    settings |= {"EARNEST_HTTP": http} if http else {}
    by_itself = systemd is None or systemd >= RELOADS_BY_ITSELF
    return _UNIT.format(
        kind=_BY_ITSELF if by_itself else _BY_SIGNAL,
        program=_word(program),
        only="".join(f" --only {role}" for role in only),
        environment=_environment(settings),
        secrets="\n".join(_secret(name, folder) for name in secrets) or "# (rules.yaml names none)",
        # A program below somebody's home is to be seen there, and not to be changed.
        home="read-only" if Path(program).resolve().is_relative_to("/home") or program.startswith("/root/") else "yes",
    )


def _environment(settings: Mapping[str, str]) -> str:
    return " ".join(_word(f"{name}={value}") for name, value in settings.items())


def _secret(name: str, folder: Path) -> str:
    there = False
    with suppress(OSError):
        there = (folder / name).exists()
    # All behind the colon is the path, blanks too (systemd.exec(5)); only percent signs mean something else.
    path = str(folder / name).replace("%", "%%")
    return f"{'' if there else '#'}LoadCredential={name}:{path}"


def _word(words: str) -> str:
    """Return one word as systemd.syntax(7) takes it: percent signs doubled, and in quotes where it has blanks or quotes.

    A dollar sign stays as it is: neither the program's own path nor Environment= knows variables.
    """
    doubled = words.replace("%", "%%")
    if not _TO_QUOTE.search(doubled):
        return doubled
    escaped = doubled.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
