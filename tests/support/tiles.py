"""A host of raster tiles in GCJ-02, white but for a red square at one place; it can be away."""

from __future__ import annotations

import math
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from wangge.kernel.geo.systems import GCJ02

EDGE, HALF = 256, 24


class TileHost:
    """``address``: what an installation names. ``away``: it answers 503 while set."""

    def __init__(self, lon: float, lat: float) -> None:
        self.away = threading.Event()
        self.place = tuple(float(v) for v in GCJ02.from_wgs84(np.array([[lon, lat]]))[0])
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = b"" if host.away.is_set() else host.tile(*map(int, self.path[1:].split(".")[0].split("/")))
                self.send_response(200 if body else 503)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Nothing: the test says what it looks at."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/{{z}}/{{x}}/{{y}}.png"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def tile(self, z: int, x: int, y: int) -> bytes:
        lon, lat = self.place
        across = (lon + 180) / 360 * 2**z
        down = (0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)) * 2**z
        left, top = (across - x) * EDGE, (down - y) * EDGE
        picture = Image.new("RGB", (EDGE, EDGE), "white")
        ImageDraw.Draw(picture).rectangle((left - HALF, top - HALF, left + HALF, top + HALF), fill="red")
        out = BytesIO()
        picture.save(out, "PNG")
        return out.getvalue()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
