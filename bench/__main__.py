"""``make bench``: every measurement of this folder, one after the other, each beside its floor."""

from __future__ import annotations

import runpy
from pathlib import Path

for path in sorted(Path(__file__).parent.glob("*.py")):
    if path.stem not in ("__main__", "fill"):
        print(f"== {path.stem}")
        runpy.run_path(str(path), run_name="__main__")
