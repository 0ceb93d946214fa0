"""What the server is told: ``postgresql.conf``, ``pg_hba.conf`` and the script that archives WAL. Written anew at each start.

An installation's own wishes stand in ``home/database.conf`` and are added after ours.
"""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from pathlib import Path

from wangge.kernel.db.embedded.layout import Layout

ARCHIVE_SCRIPT = "archive-wal.sh"
ARCHIVE_TIMEOUT = 60
"""Seconds after which a segment with anything in it is archived although it is not full: the most that a lost disk may cost, as
long as the archive is copied elsewhere (``wangge backup --wal``)."""

# Run by the server in its data folder with the segment's path and name. A segment is archived when its bytes are on the disk under
# their final name. A name that is taken is accepted only if the bytes are the same (we were stopped after the rename).
_SCRIPT = """#!/bin/sh
set -eu
umask 077
from=$1 to=../archive/$2.gz tmp=../archive/.$2.tmp
sum() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }
if [ -e "$to" ]; then
    [ "$(gzip -cd "$to" | sum)" = "$(sum <"$from")" ] && exit 0
    echo "archive: $2 is archived already with other contents; nothing was overwritten" >&2
    exit 1
fi
gzip -1nc "$from" >"$tmp"
gzip -t "$tmp"
sync "$tmp" 2>/dev/null || sync
mv "$tmp" "$to"
sync ../archive 2>/dev/null || sync
"""

_CONF = """# Written by wangge at each start: changes here are lost. Your own settings go into database.conf in
# the folder of the installation; they are added at the end.
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
port = 5432
max_connections = 100
password_encryption = 'scram-sha-256'

shared_buffers = '{buffers}MB'
effective_cache_size = '{cache}MB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
random_page_cost = 1.1
jit = off
max_parallel_workers_per_gather = 1
max_locks_per_transaction = 128

synchronous_commit = on
fsync = on
full_page_writes = on
wal_level = replica
wal_compression = on
max_wal_size = '2GB'
min_wal_size = '160MB'
checkpoint_timeout = '10min'
summarize_wal = on
wal_summary_keep_time = '30d'
archive_mode = on
archive_command = 'sh ../{script} "%p" "%f"'
archive_timeout = {archive_timeout}
max_wal_senders = 4

timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'iso, ymd'
lc_messages = 'C'
idle_in_transaction_session_timeout = '15min'

# The log has no personal data: no statements, no parameters, no DETAIL lines (they quote rows).
logging_collector = on
log_directory = '../log'
log_filename = 'postgresql-%a.log'
log_file_mode = 0600
log_rotation_age = '1d'
log_rotation_size = 0
log_truncate_on_rotation = on
log_line_prefix = '%m [%p] %q%u@%d '
log_error_verbosity = terse
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_startup_progress_interval = '2s'
log_checkpoints = off
"""

_HBA = """# Written by wangge at each start. The server listens on a socket in a closed folder only; passwords all the same.
{first}local  all          all  scram-sha-256
local  replication  all  scram-sha-256
"""

# While there is no password file: the account that supervises may log in as itself and sets a new password, then this line goes.
_PEER = "local  all  wangge_owner  peer map=supervisor\n"


def write(layout: Layout, socket: Path, *, peer: bool) -> None:
    """Put the files in place. ``peer``: let ourselves in without a password, to set one.

    The data folder is closed (0700) and belongs to the server's account; that the files in it are readable lets that account read
    what root wrote.
    """
    memory = _memory_mb()
    conf = _CONF.format(
        socket=socket,
        buffers=buffers(_size_mb(layout.data / "base"), memory),
        cache=max(256, memory // 2),
        script=ARCHIVE_SCRIPT,
        archive_timeout=ARCHIVE_TIMEOUT,
    )
    if layout.wishes.exists():
        conf += f"\n# from {layout.wishes.name}\n" + layout.wishes.read_text("utf-8")
    for path, text in (
        (layout.data / "postgresql.conf", conf),
        (layout.data / "pg_hba.conf", _HBA.format(first=_PEER if peer else "")),
        (layout.data / "pg_ident.conf", f'supervisor "{pwd.getpwuid(os.geteuid()).pw_name}" wangge_owner\n'),
        (layout.pg / ARCHIVE_SCRIPT, _SCRIPT),
    ):
        if not path.exists() or path.read_text("utf-8") != text:
            making = path.with_name(f".{path.name}.new")
            making.write_text(text, "utf-8")
            making.chmod(0o644)  # the folder around it is 0700
            making.rename(path)


def buffers(size: int, memory: int) -> int:
    """Megabytes of PostgreSQL's own for a database of so many, on a machine with so many: an eighth of either, whichever is less, and no less than its
    own default. What is given is held for good once it was used: a small installation has no use for more, a large one has at its next start."""
    return max(128, min(size, memory) // 8)


def _size_mb(folder: Path) -> int:
    """What lies below; what may not be looked at counts as nothing."""
    found = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # a table may go while we look
                found += os.lstat(os.path.join(where, name)).st_size
    return found // 2**20


def _memory_mb() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (ValueError, OSError):
        return 2048
