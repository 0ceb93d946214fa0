"""PostgreSQL of our own, from the binaries of a wheel: made, started, watched, adopted and stopped by us (decision record 0002).

    with EmbeddedServer(Path("var")) as server:
        psycopg.connect(server.owner_url)

    binaries   where the programs are, and a copy of them for an account that cannot reach them
    account    who runs the server: we ourselves, or a service user when we are root
    layout     the files of one installation, and the short folder for its socket
    settings   postgresql.conf, pg_hba.conf and the archive script
    locks      one supervisor, and the truth about whether any process of the server lives
    server     the supervisor itself

Nothing here imports Django.
"""

from wangge.kernel.db.embedded.binaries import find_binaries
from wangge.kernel.db.embedded.server import EmbeddedServer

__all__ = ["EmbeddedServer", "find_binaries"]
