"""The processes of one installation and how they live together (docs/operations.md, "Processes").

``wangge serve`` is the parent. It starts and watches

    database   the embedded PostgreSQL, unless WANGGE_DATABASE_URL names a server
    web        granian: one process that accepts, N that answer (Django under WSGI)
    work       the worker: jobs, outbox relay, sealing, sweep

and stops them in the opposite order. A child that ends is started again after a growing pause. A parent that is killed takes its
children with it.
"""
