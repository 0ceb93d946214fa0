"""Drives one matter through the whole loop over the API, with every turn it can take, prints its timeline and verifies its seal.

    python examples/one_loop.py [URL]        (default http://127.0.0.1:8000, as `make demo` serves)

A grid worker reports street vending with a photo. The centre dispatches it to a lead and an assisting unit; it is returned twice and then
designated; the limit is extended, another unit helps; it is resolved, fails verification, is resolved again and passes; the reporter is
not satisfied, so it is handled once more; then it is closed and archived. Only Python's standard library is needed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import sys
import threading
import urllib.parse
import urllib.request
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from first_loop import PASSWORD, STREET, Person, uuid7

PEOPLE = {
    "worker": "worker",
    "centre": "fubao",
    "lead": "handler",
    "assisting": "cleaner",
    "supervisor": "supervisor",
    "auditor": "auditor",
}
DUTIES = {"lead": "urban_management", "assisting": "sanitation"}


def picture() -> bytes:
    """A small PNG: 320 × 240, orange into blue."""
    rows = b"".join(
        b"\0" + bytes(v for x in range(320) for v in (255 - y, (x * y) % 160, x * 255 // 320)) for y in range(240)
    )

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack("!L", len(body)) + name + body + struct.pack("!L", zlib.crc32(name + body))

    head = struct.pack("!2L5B", 320, 240, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def upload(person: Person, content: bytes) -> dict[str, str]:
    """Send a photo by tus, in two parts; what an act is given as its evidence."""
    id, digest = uuid7(), hashlib.sha256(content).hexdigest()
    meta = {"id": id, "kind": "photo", "sha256": digest, "filename": "photo.png"}

    def send(method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        request = urllib.request.Request(f"{person.url}{path}", data=body or None, method=method)
        given = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {person.token}", **headers}
        for name, value in given.items():
            request.add_header(name.replace("_", "-"), value)
        return urllib.request.urlopen(request, timeout=30)

    said = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in meta.items())
    made = send("POST", "/api/v1/uploads", Upload_Length=str(len(content)), Upload_Metadata=said)
    path, half = made.headers["Location"], len(content) // 2
    for offset, part in ((0, content[:half]), (half, content[half:])):
        send("PATCH", path, part, Upload_Offset=str(offset), Content_Type="application/offset+octet-stream")
    return {"id": id, "kind": "photo", "sha256": digest}


def run(url: str, people: dict[str, str] = PEOPLE, password: str = PASSWORD) -> dict[str, Any]:
    """The whole loop; returns the archived case as the centre sees it, with ``proofs``: of each of its ledger entries."""
    who = {part: Person(url, login, password) for part, login in people.items()}
    centre = who["centre"]
    units = {
        part: centre.ask("GET", f"/units?area={STREET}&duty={duty}&limit=1")["items"][0]["id"]
        for part, duty in DUTIES.items()
    }
    grid = centre.ask("GET", f"/grids?layer=base&within={STREET}&limit=1")["items"][0]
    category = centre.ask("GET", "/categories/search?q=" + urllib.parse.quote("非机动车"))["items"][0]["id"]
    point = {"lon": grid["centre_lon"], "lat": grid["centre_lat"]}

    # The report comes first, the photo follows: it was promised by its digest.
    state = centre.ask(
        "POST",
        "/cases",
        {
            "id": uuid7(),
            "text": "益田路口非机动车乱停占满盲道，来电人要求回复。",
            "category": category,
            "channel": "hotline",
            "point": point,
            "reporter": {"name": "来电人戊", "phone": "0755-00990000"},
            "evidence": [upload(centre, picture())],
        },
    )
    case = f"/cases/{state['id']}"

    def act(part: str, name: str, **inputs: Any) -> None:
        state.update(who[part].ask("POST", f"{case}/{name}", {"version": state["version"], **inputs}))

    def at(hours: float) -> str:
        return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()

    if state["status"] == "reported":  # an automatic route may have done both already
        act("centre", "accept")
    if state["status"] == "accepted":
        act("centre", "dispatch", unit=units["lead"], assisting=[units["assisting"]])
    act("assisting", "take")
    act("lead", "return", note="不属本队路段")
    act("centre", "dispatch", unit=units["lead"], note="经核为本队路段")
    act("lead", "return", note="人手不足")
    act("centre", "designate", unit=units["lead"], assisting=[units["assisting"]], note="中心指定")
    act("lead", "take")
    act("lead", "ask-extension", due_at=at(24 * 45), note="等待划线施工")
    act("centre", "extend", note="同意")
    act("lead", "ask-help", unit=units["assisting"], note="请协助清扫")
    act("assisting", "answer-help", note="已安排，今晚清扫")
    act("assisting", "resolve-share", result="盲道已清扫")
    act("lead", "resolve", result="车辆已归位", point=point, evidence=[upload(who["lead"], picture())])
    act("supervisor", "verify", outcome="fail", note="仍有三辆占道")
    act("lead", "take")
    act("lead", "resolve", result="全部归位，增设停车线", evidence=[upload(who["lead"], picture())])
    act("supervisor", "verify", outcome="pass", note="现场已看", point=point)
    act("centre", "follow-up", outcome="dissatisfied", rating=2, note="第二天又占满")
    act("lead", "resolve", result="安装隔离桩")
    act("supervisor", "verify", outcome="pass", note="现场已看")
    act("centre", "follow-up", outcome="satisfied", rating=5, note="来电人表示感谢")
    act("centre", "close")
    act("centre", "archive")
    return centre.ask("GET", case) | {"proofs": proofs(who["auditor"], state["id"])}


def proofs(auditor: Person, case: str) -> list[dict[str, Any]]:
    """The proof of each ledger entry of the case, once the sealer has chained and signed them (about a second)."""
    pause = threading.Event()
    for _ in range(100):
        entries = auditor.ask("GET", f"/ledger/entries?subject={case}&limit=100")["items"]
        if all(e["seq"] is not None for e in entries):
            return [auditor.ask("GET", f"/ledger/entries/{e['id']}/proof") for e in reversed(entries)]
        pause.wait(0.1)
    raise SystemExit("留痕尚未封存，请确认后台进程在运行。 The ledger was not sealed: see that the worker runs.")


def holds(proof: dict[str, Any]) -> bool:
    """Whether the entry lies under the signed root of its batch (RFC 9162 §2.1.3.2), by SHA-256 alone. The signature over the root is
    checked by `wangge ledger verify`, and by anybody with the public key."""

    def digest(head: bytes, body: bytes) -> bytes:
        return hashlib.sha256(head + body).digest()

    content = json.dumps(proof["entry"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    node, place, last = digest(b"\0", content.encode()), proof["index"], proof["size"] - 1
    for sibling in map(bytes.fromhex, proof["path"]):
        if place % 2 or place == last:
            node = digest(b"\1", sibling + node)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            node = digest(b"\1", node + sibling)
        place, last = place // 2, last // 2
    return last == 0 and node.hex() == proof["batch"]["statement"]["root"]


def show(case: dict[str, Any]) -> None:
    print(f"{case['number']}  {case['category_name']}  {case['title']}")
    for step in case["timeline"]:
        at = step["at"][:19].replace("T", " ")
        outcome = f"{step['act']} {step['outcome'] or ''}".strip()
        print(f"  {at}  {outcome:<24} {step['after']:<13} {step['actor_name']}  {step['note']}")
    for clock in case["clocks"]:
        print(f"  时限 clock {clock['stage']:<10} due {clock['due_at'][:16].replace('T', ' ')} UTC  {clock['outcome']}")
    for item in case["evidence"]:
        print(f"  附件 evidence {item['role']:<8} {item['state']:<8} {item['sha256']}")
    sealed = [holds(proof) for proof in case["proofs"]]
    print(f"  留痕 ledger: {sum(sealed)} of {len(sealed)} entries lie under a signed root")
    if not all(sealed):
        raise SystemExit("留痕核验未通过。 The seal does not hold.")


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    show(run(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000"))
