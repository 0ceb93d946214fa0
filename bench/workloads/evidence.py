"""附件: a photo of 200 kB by tus, from its announcement until it is sealed."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import time

import numpy as np
from PIL import Image

from bench.measure import KINDS, measured
from bench.server import Call, Client, Server, together
from wangge.kernel.ids import uuid7

WORKER = "worker"
TUS = "Tus-Resumable: 1.0.0\r\n"


def photo() -> bytes:
    pixels = np.random.default_rng(1).integers(0, 255, (448, 592, 3), dtype=np.uint8)
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "JPEG", quality=85)
    return made.getvalue()


def run(server: Server) -> None:
    """Each photo differs in its last bytes, so that no two are one file. The copies are made by the worker afterwards, one after the other."""
    token, content = server.token(WORKER), photo()
    took: list[float] = []
    before, began = server.used(), time.perf_counter()
    until = began + server.seconds

    def upload() -> None:
        client = Client(server.port)
        while time.perf_counter() < until:
            body, id = content + os.urandom(16), str(uuid7())
            digest = hashlib.sha256(body).hexdigest()
            said = {"id": id, "kind": "photo", "sha256": digest}
            meta = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())
            started = time.perf_counter()
            head = f"{TUS}Upload-Length: {len(body)}\r\nUpload-Metadata: {meta}\r\n"
            status, answer = client.send(Call(WORKER, "POST", "/api/v1/uploads", b"", head), token)
            assert status == 201, answer
            head = f"{TUS}Upload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
            status, answer = client.send(Call(WORKER, "PATCH", f"/api/v1/uploads/{id}", body, head), token)
            assert status == 204, answer
            took.append(time.perf_counter() - started)

    together(upload)
    lasted, after = time.perf_counter() - began, server.used()
    cpu = {k: 1000 * (after[k] - before[k]) / len(took) for k in KINDS}
    note = f"{len(content) // 1000} kB, two requests each"
    server.add(
        measured("evidence", "photo uploaded and sealed", took, lasted, cpu=cpu, memory=server.memory(), note=note)
    )
