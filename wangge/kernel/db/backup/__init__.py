"""Backups of an installation with the embedded server: taken, shipped, checked, restored, and proven by a drill.

    TARGET/
      20261121T101500Z-full/          one backup: data/ (pg_basebackup), backup.json (written last)
      20261121T111500Z-incremental/   changes since the one named in its backup.json
      wal/                            archived WAL: what leads from any backup to any later second
      wal.json                        up to which moment
      files/  files.jsonl             evidence files, each once, with its SHA-256

    store      the folder above, and what is in it
    manifest   pg_basebackup's manifest checked by ourselves (the wheel's pg_verifybackup crashes)
    wal        shipping the archive
    evidence   shipping and checking evidence files
    taking     a backup, and the retention of old ones
    restoring  a new installation as of a second
    drill      restore on the side, compare, report

Keys (``keys.json`` and the like) are not in a backup: whoever finds the backup shall not find the key beside it.
"""

from wangge.kernel.db.backup.drill import Report, drill
from wangge.kernel.db.backup.restoring import restore
from wangge.kernel.db.backup.taking import backup, ship

__all__ = ["Report", "backup", "drill", "restore", "ship"]
