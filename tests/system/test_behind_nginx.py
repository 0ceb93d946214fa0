"""Several hosts of one installation behind the nginx of ``examples/nginx.conf``, over HTTPS."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import httpx
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.burst import photo
from tests.support.furnished import people_in
from tests.support.program import ROOT, Running, free_port, wangge
from tests.support.wait import until
from tests.support.world import FUBAO, PASSWORD, point_in
from wangge.kernel import commands as kit
from wangge.kernel.db.embedded import EmbeddedServer
from wangge.kernel.ids import uuid7

NAME = "wangge.example.gov.cn"


@dataclass
class Town:
    """``first`` and ``second`` answer and tell live events, ``third`` works."""

    port: int
    first: Running
    second: Running
    third: Running
    category: str
    database: str

    def person(
        self, login: str, *, address: str = "127.0.0.1", said: Mapping[str, str] = MappingProxyType({})
    ) -> httpx.Client:
        """A browser at this address that has logged in through the proxy."""
        client = httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}/api/v1",
            headers={"Host": NAME, "Accept-Language": "en", "Origin": f"https://{NAME}"} | said,
            transport=httpx.HTTPTransport(verify=False, local_address=address),
            timeout=20,
        )
        answer = client.post("/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        # the client keeps cookies by the address it dials, not by the name it asks for
        client.headers["Cookie"] = "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar)
        client.cookies.clear()
        return client

    def report(self, by: httpx.Client, **more: object) -> str:
        lon, lat = point_in(FUBAO + "001001")
        case = {
            "id": str(uuid7()),
            "text": "路边有垃圾堆",
            "category": self.category,
            "point": {"lon": lon, "lat": lat},
        }
        by.post("/cases", json=case | more).raise_for_status()
        return case["id"]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("hosts")
    with EmbeddedServer(folder / "database", durable=False, extra={"archive_mode": "off"}) as server:
        port = free_port()
        env = {
            "WANGGE_DATABASE_URL": server.owner_url,
            "WANGGE_DEMO": "true",
            "WANGGE_HTTPS": "true",
            "WANGGE_HOSTS": NAME,
            "WANGGE_LIVE_URL": f"https://{NAME}/api/v1/live",
        }
        hosts = [
            Running(folder / name, env=env, parts=parts)
            for name, parts in (("first", ("web", "live")), ("second", ("web", "live")), ("third", ("work",)))
        ]
        first = env | {"WANGGE_HOME": str(folder / "shared")}
        assert wangge("migrate", **first).returncode == kit.OK
        category = people_in(**first)
        for host in hosts:
            share(folder / "shared", host.home / "var")
            host.start()
        with proxied(folder / "nginx", port, hosts[:2]):
            yield Town(port, *hosts, category, server.owner_url)
        for host in hosts:
            assert host.stop() == kit.OK


def share(of: Path, home: Path) -> None:
    """A host has its own folder, a copy of the keys, and the files on a mount; parts of uploads stay with it."""
    home.mkdir(parents=True)
    (of / "files").mkdir(exist_ok=True)
    shutil.copy2(of / "keys.json", home)
    (home / "files").symlink_to(of / "files")


class proxied:
    """nginx with the configuration of the example, its addresses, name files and port changed to ours."""

    def __init__(self, folder: Path, port: int, hosts: list[Running]) -> None:
        self._folder, self._port, self._hosts = folder, port, hosts

    def __enter__(self) -> None:
        self._folder.mkdir()
        self_signed(self._folder)
        text = (ROOT / "examples" / "nginx.conf").read_text("utf-8")
        for number, host in enumerate(self._hosts, start=11):
            text = text.replace(f"10.0.0.{number}:8000", f"127.0.0.1:{host.port}")
            text = text.replace(f"10.0.0.{number}:8001", f"127.0.0.1:{host.port + 1}")
        text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{self._port} ssl")
        text = text.replace("listen 80", f"listen 127.0.0.1:{self._port + 1}")
        text = text.replace("/etc/nginx/", f"{self._folder}/")
        assert "10.0.0." not in text and "listen 443" not in text
        conf = self._folder / "nginx.conf"
        conf.write_text(
            f"daemon off; pid {self._folder}/pid; error_log {self._folder}/error.log;\n"
            f"{'user root;' if Path('/proc/self').stat().st_uid == 0 else ''}\n"
            "events { worker_connections 256; }\n"
            f"http {{ access_log off; client_body_temp_path {self._folder}/body; proxy_temp_path {self._folder}/proxy;\n"
            f"fastcgi_temp_path {self._folder}/f; uwsgi_temp_path {self._folder}/u; scgi_temp_path {self._folder}/s;\n{text}\n}}\n",
            "utf-8",
        )
        found = subprocess.run([ROOT / "tools" / "nginx"], capture_output=True, text=True, check=True)
        self._popen = subprocess.Popen([found.stdout.strip(), "-c", conf, "-e", self._folder / "error.log"])
        until(lambda: httpx.get(f"http://127.0.0.1:{self._port + 1}/", headers={"Host": NAME}).status_code == 308)

    def __exit__(self, *_: object) -> None:
        self._popen.terminate()
        self._popen.wait(20)


def self_signed(folder: Path) -> None:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "wangge.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "wangge.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def asked(host: Running, route: str) -> int:
    """How many requests of a route the host has answered, by its log."""
    return len(re.findall(rf'"route": ?"{route}"', host.log))


def test_both_hosts_answer_a_session_that_was_begun_at_one(town: Town) -> None:
    bob = town.person("bob")
    before = [asked(host, "api/v1/cases") for host in (town.first, town.second)]
    for _ in range(8):
        answer = bob.get("/cases")
        assert answer.status_code == 200, answer.text
    assert answer.headers["Strict-Transport-Security"]
    after = [asked(host, "api/v1/cases") for host in (town.first, town.second)]
    assert [a - b for a, b in zip(after, before, strict=True)] == [4, 4]


def test_live_events_come_through_the_proxy_at_once_whichever_host_took_the_report(town: Town) -> None:
    alice, bob = town.person("alice"), town.person("bob")
    assert bob.get("/live/info").json() == {"url": f"https://{NAME}/api/v1/live"}
    with bob.stream("GET", "/live") as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event")) == "event: hello"
        for _ in range(2):  # one by each host
            case = town.report(alice)
            told = next(line for line in lines if line.startswith("data") and case in line)
            assert json.loads(told[5:])["row"]["id"] == case


def test_an_upload_in_parts_is_whole_and_its_photo_is_not_sent_twice(town: Town) -> None:
    alice, content, id = town.person("alice"), photo(random.Random(5)), str(uuid7())
    said = {"id": id, "kind": "photo", "sha256": hashlib.sha256(content).hexdigest()}
    meta = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items())
    tus = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
    begin = alice.post("/uploads", headers=tus | {"Upload-Length": str(len(content)), "Upload-Metadata": meta})
    assert begin.status_code == 201 and begin.headers["Location"].endswith(id), begin.text
    for at in range(0, len(content), 700):
        sent = alice.patch(f"/uploads/{id}", content=content[at : at + 700], headers=tus | {"Upload-Offset": str(at)})
        assert sent.status_code == 204, sent.text
    case = town.report(alice, evidence=[{"id": id}])
    (item,) = until(
        lambda: [e for e in alice.get(f"/cases/{case}").json()["evidence"] if e["state"] == "ready"] or None
    )
    first = alice.get(f"/evidence/{item['id']}/public")
    assert first.status_code == 200 and first.headers["Content-Type"].startswith("image/")
    for _ in range(2):  # whichever host is asked
        again = alice.get(f"/evidence/{item['id']}/public", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    part = alice.get(f"/evidence/{item['id']}/public", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.content) == (206, first.content[:10])


def test_where_a_request_comes_from_is_what_the_proxy_says_and_not_what_the_client_does(town: Town) -> None:
    bob = town.person("bob", address="127.0.0.2", said={"X-Forwarded-For": "203.0.113.7"})
    assert bob.get("/session").status_code == 200
    with psycopg.connect(town.database) as connection:
        seen = {str(row[0]) for row in connection.execute("SELECT address FROM people_session").fetchall()}
    assert seen == {"127.0.0.1", "127.0.0.2"}


def test_a_host_that_is_gone_is_passed_over_and_comes_back(town: Town) -> None:
    alice, bob = town.person("alice"), town.person("bob")
    assert town.second.stop() == kit.OK
    for _ in range(6):
        case = town.report(alice)
        assert case in {row["id"] for row in bob.get("/cases").json()["items"]}
    town.second.start()
    before = asked(town.second, "api/v1/cases")
    until(lambda: bob.get("/cases").status_code == 200 and asked(town.second, "api/v1/cases") > before)
