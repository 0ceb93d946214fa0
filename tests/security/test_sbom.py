"""``tools/sbom``: the list of components is what is locked, no more and no less."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def told() -> dict:
    env = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    asked = [sys.executable, ROOT / "tools" / "sbom"]
    done = subprocess.run(asked, env=env, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def test_every_component_that_is_locked_is_told_once_with_its_hashes_and_what_it_needs() -> None:
    bom = told()
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.6")
    assert bom["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
    refs = [one["bom-ref"] for one in bom["components"]]
    assert len(refs) == len(set(refs))
    assert all(one["hashes"] for one in bom["components"])
    assert all(re.fullmatch(r"([0-9a-f]{2}){32,64}", h["content"]) for c in bom["components"] for h in c["hashes"])
    locked = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / "requirements" / "runtime.txt").read_text(), re.MULTILINE)
    assert {(c["name"], c["version"]) for c in bom["components"] if "pkg:pypi/" in c["purl"]} == set(locked)
    packages = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]
    shipped = {
        (path.rpartition("node_modules/")[2], one["version"])
        for path, one in packages.items()
        if "node_modules/" in path and not one.get("dev") and not one.get("link")
    }
    assert {(c["name"], c["version"]) for c in bom["components"] if "pkg:npm/" in c["purl"]} == shipped
    needs = {one["ref"]: one["dependsOn"] for one in bom["dependencies"]}
    assert set(needs) == set(refs)
    assert {ref for refs in needs.values() for ref in refs} <= set(refs)
    assert f"pkg:pypi/pydantic@{version('pydantic')}" in needs[f"pkg:pypi/django-ninja@{version('django-ninja')}"]
    (vant,) = (ref for ref in refs if ref.startswith("pkg:npm/vant@"))
    assert any(ref.startswith("pkg:npm/%40vue/shared@") for ref in needs[vant])
