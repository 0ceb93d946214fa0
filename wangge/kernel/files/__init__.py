"""Where the bytes of uploaded files are kept: by their SHA-256, on the local disk or in any S3-compatible store.

A key is the digest in hexadecimal, so that what is kept is never changed, the same file is kept once, and a backup can tell which files
belong to it (docs/operations-database.md). A store knows nothing of who may read what.
"""

from wangge.kernel.files.store import CHUNK, LocalStore, S3Store, Store, digest_of, store

__all__ = ["CHUNK", "LocalStore", "S3Store", "Store", "digest_of", "store"]
