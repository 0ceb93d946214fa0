"""Verification: computes everything again from the entries and names what does not fit.

Three walks, each in pages, so that memory does not grow with the ledger:

1. along the batches and their links: signature, numbering, chain, root; each link against its entry, each entry against its mark, its
   personal data against its commitment;
2. over what has no link: entries that the sealer has passed (put in afterwards) or has not yet reached, links behind the last batch;
3. against what is known from elsewhere: the head file and, when given, the roots in a second place.

After a fault the walk goes on from the stored values, so that each fault is named once and by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wangge.kernel import crypto
from wangge.kernel.crypto.keyring import KeyringError, signature_is_valid
from wangge.kernel.db import rows
from wangge.kernel.ledger import batches, guards, head, personal, seal
from wangge.kernel.ledger.batches import Batch
from wangge.kernel.ledger.entries import COLUMNS, content
from wangge.kernel.ledger.findings import Fault, Finding, Report
from wangge.kernel.ledger.hashing import DIGEST_BYTES, HASHES, NotSealed, Tree, canonical, chain_hash, leaf_hash
from wangge.kernel.words import Words

PAGE = 2000

_LINKS = f"""
SELECT l.seq, l.pos AS link_pos, l.id::text AS link_id, l.leaf, l.chain, {COLUMNS},
       p.entry IS NOT NULL AS has_personal, p.salt, p.data, p.erasure
FROM (SELECT * FROM ledger_link WHERE seq BETWEEN %(first)s AND %(last)s ORDER BY seq LIMIT %(size)s) AS l
LEFT JOIN ledger_entry e ON e.pos = l.pos
LEFT JOIN ledger_personal p ON p.entry = e.id
ORDER BY l.seq
"""
_UNLINKED = f"""
SELECT {COLUMNS}, (e.xid, e.pos) <= (%(xid)s::xid8, %(pos)s) AS passed
FROM ledger_entry e
WHERE NOT EXISTS (SELECT FROM ledger_link l WHERE l.pos = e.pos) AND e.pos > %(after)s
ORDER BY e.pos LIMIT %(size)s
"""
_LOOSE_LINKS = (
    "SELECT seq, pos, id::text AS id FROM ledger_link WHERE seq > %(last)s OR seq < 1 ORDER BY seq LIMIT 1000"
)
_LOOSE_PERSONAL = """
SELECT p.entry::text AS entry FROM ledger_personal p
WHERE NOT EXISTS (SELECT FROM ledger_entry e WHERE e.id = p.entry AND e.commitment IS NOT NULL) LIMIT 1000
"""
# An erasure is known by its row in the register and by its own entry in the ledger.
_UNREGISTERED = """
SELECT p.entry::text AS entry, e.pos, e.tag FROM ledger_personal p JOIN ledger_entry e ON e.id = p.entry
WHERE p.erasure IS NOT NULL AND NOT EXISTS (
    SELECT FROM ledger_erasure r JOIN ledger_entry w ON w.subject = r.id AND w.tag = 'ledger.personal.erased'
    WHERE r.id = p.erasure AND w.body->'entries' ? p.entry::text)
ORDER BY e.pos LIMIT 1000
"""


def verify(
    start: int = 0,
    *,
    publics: Mapping[str, bytes] | None = None,
    known: Iterable[Batch] = (),
    with_head: bool = True,
    step: Callable[[int], object] = lambda _: None,
    using: str = "default",
) -> Report:
    """Recompute the ledger from batch ``start`` on and report.

    ``publics``: key id → public key to check signatures with (default: those of the key file). ``known``: batches as they were sent to a
    second place. ``with_head``: compare with the head file. ``step`` is told how many entries were read. Never raises for what it finds.
    """
    return _Walk(publics, known, with_head, step, using).run(start)


class _Walk:
    def __init__(
        self,
        publics: Mapping[str, bytes] | None,
        known: Iterable[Batch],
        with_head: bool,
        step: Callable[[int], object],
        using: str,
    ) -> None:
        self.report = Report()
        self.step, self.using, self.with_head = step, using, with_head
        self.known = {b.number: b for b in known}
        self.marks = seal.Marks()
        self.near = 0  # position of the last entry that was in its place: where a missing link belongs
        try:
            keys = crypto.keyring().keys()
        except KeyringError:
            keys = None
            self.report.marks_checked = False
        self.publics = dict(publics) if publics is not None else (keys.publics() if keys else {})

    def run(self, start: int) -> Report:
        began = time.perf_counter()
        last = self.along_the_batches(start)
        if start == 0:
            self.without_a_link(last)
            self.personal_register()
        if self.with_head:
            remembered = head.read()
            if remembered:
                self.against("head", [remembered])
        if self.known:
            self.against("roots", [b for b in self.known.values() if b.number >= start])
        waiting = seal.waiting(using=self.using)
        self.report.unsealed, self.report.unsealed_seconds = waiting["entries"], waiting["seconds"]
        self.report.locks = guards.problems(using=self.using)
        self.report.seconds = time.perf_counter() - began
        return self.report

    def found(self, fault: Fault, zh: str, en: str, **where: Any) -> None:
        pos = where.get("pos")
        self.report.add(
            Finding((pos if pos is not None else self.near, where.get("seq") or 0), fault, Words(zh, en), **where)
        )

    # 1 ————————————————————————————————————————————————————————————————————————————————————————————————————————————————————

    def along_the_batches(self, start: int) -> Batch | None:
        before = batches.one(start - 1, using=self.using) if start > 0 else None
        number = start
        for batch in batches.stream(start, using=self.using):
            if batch.number != number:
                self.found(
                    Fault.BATCH_DELETED,
                    f"第 {number} 至 {batch.number - 1} 批",
                    f"batches {number} to {batch.number - 1}",
                    batch=number,
                )
            self.batch(
                batch, before if before and before.number == batch.number - 1 else None, first=batch.number == start
            )
            before, number = batch, batch.number + 1
            self.report.batches += 1
        return before

    def batch(self, batch: Batch, before: Batch | None, *, first: bool) -> None:
        name = (
            f"第 {batch.number} 批（封存于 {batch.sealed_at}，链 {batch.first}–{batch.last}）",
            f"batch {batch.number} (sealed {batch.sealed_at}, links {batch.first}–{batch.last})",
        )
        faults_before = sum(self.report.counts.values())
        public = self.publics.get(batch.key)
        if batch.hash not in HASHES:
            self.found(Fault.BATCH_ALTERED, f"{name[0]}：未知摘要算法", f"{name[1]}: unknown hash", batch=batch.number)
            return
        if public is None:
            self.found(
                Fault.UNKNOWN_KEY, f"{name[0]}，密钥 {batch.key}", f"{name[1]}, key {batch.key}", batch=batch.number
            )
        signed = public is None or signature_is_valid(public, batch.signature, batch.signed)
        whole = self.links(batch, before)
        if before and batch.previous != before.name(batch.h):
            self.found(
                Fault.BATCH_ALTERED,
                f"{name[0]}：与上一批不相接",
                f"{name[1]}: does not continue the batch before it",
                batch=batch.number,
            )
        if (before and batch.first != before.last + 1) or (first and batch.number == 0 and batch.first != 1):
            self.found(
                Fault.BATCH_ALTERED,
                f"{name[0]}：起点不符",
                f"{name[1]}: does not begin where it should",
                batch=batch.number,
            )
        unexplained = sum(self.report.counts.values()) == faults_before
        if whole is not None and whole != (batch.root, batch.chain) and unexplained and signed:
            self.found(
                Fault.BATCH_ALTERED,
                f"{name[0]}：其中有记录连同封存链一并被改写",
                f"{name[1]}: an entry in it was rewritten together with its links",
                batch=batch.number,
            )
        if not signed:
            self.found(Fault.RESEALED, name[0], name[1], batch=batch.number)

    def links(self, batch: Batch, before: Batch | None) -> tuple[str, str] | None:
        """Walk the links of a batch; the root and chain head that its *entries* give."""
        tree = Tree(batch.h)
        chain = bytes.fromhex(before.chain) if before else None
        if batch.number == 0 or (before is None and batch.last < batch.first):
            return tree.root().hex(), batch.chain  # the first batch of a ledger brings its own, random, chain head
        seq = batch.first
        while seq <= batch.last:
            page = rows.all(_LINKS, {"first": seq, "last": batch.last, "size": PAGE}, using=self.using)
            for row in page:
                if row["seq"] > seq:
                    self.missing_links(batch, seq, row["seq"] - 1)
                    chain = None
                leaf = self.link(batch, row, chain)
                tree.add(leaf)
                chain, seq = bytes(row["chain"]), row["seq"] + 1
            self.report.entries += len(page)
            self.step(len(page))
            if len(page) < PAGE:
                break
        if seq <= batch.last:
            self.missing_links(batch, seq, batch.last)
        return tree.root().hex(), chain.hex() if chain is not None else ""

    def missing_links(self, batch: Batch, first: int, last: int) -> None:
        for seq in range(first, min(last, first + 100) + 1):
            self.found(Fault.LINK_DELETED, f"链 {seq}", f"link {seq}", seq=seq, batch=batch.number)
        if last > first + 100:
            self.found(
                Fault.LINK_DELETED,
                f"链 {first + 101}–{last}",
                f"links {first + 101}–{last}",
                seq=first + 101,
                batch=batch.number,
            )

    def link(self, batch: Batch, row: dict[str, Any], chain: bytes | None) -> bytes:
        """One link against its entry; the leaf that the entry gives (the stored one when the entry is gone)."""
        h, stored = batch.h, bytes(row["leaf"])
        where: dict[str, Any] = {"seq": row["seq"], "batch": batch.number, "pos": row["link_pos"], "id": row["link_id"]}
        chained = chain is None or chain_hash(h, chain, stored) == bytes(row["chain"])
        if len(stored) != DIGEST_BYTES:
            chained = False
        if row["pos"] is None:
            self.gone(row, where)
            return stored
        self.near = row["pos"]
        where["tag"] = row["tag"]
        label = (
            f"位置 {row['pos']}，编号 {row['link_id']}，{row['tag']}",
            f"position {row['pos']}, id {row['link_id']}, {row['tag']}",
        )
        try:
            entry = content(row)
            leaf = leaf_hash(h, canonical(entry))
        except (NotSealed, ValueError, RecursionError):
            self.found(Fault.ALTERED, *label, **where)
            return b"\0" * DIGEST_BYTES
        if row["id"] != row["link_id"]:
            other = self.sealed_elsewhere(row["id"])
            fault = Fault.REORDERED if other or self.entry_at(row["link_id"]) is not None else Fault.ALTERED
            self.found(fault, *label, **where)
        elif leaf != stored:
            if self.is_another(h, entry, row):
                self.found(Fault.REORDERED, *label, **where)
            elif chained:
                self.found(Fault.ALTERED, *label, **where)
            else:  # neither chain nor entry agrees with the stored leaf: was the leaf itself touched?
                right = chain is not None and chain_hash(h, chain, leaf) == bytes(row["chain"])
                self.found(Fault.LINK_ALTERED if right else Fault.ALTERED, *label, **where)
        elif self.report.marks_checked and not self.marks.good(entry):
            self.found(Fault.ALTERED, *label, **where)
        elif not chained:
            self.found(Fault.REORDERED if self.out_of_order(row) else Fault.LINK_ALTERED, *label, **where)
        self.personal(row, where, label)
        return leaf

    def gone(self, row: dict[str, Any], where: dict[str, Any]) -> None:
        now_at = self.entry_at(row["link_id"])
        zh, en = f"位置 {row['link_pos']}，编号 {row['link_id']}", f"position {row['link_pos']}, id {row['link_id']}"
        if now_at is None:
            self.found(Fault.DELETED, zh, en, **where)
        else:
            self.found(Fault.REORDERED, f"{zh}，现位于 {now_at}", f"{en}, now at position {now_at}", **where)

    def entry_at(self, entry_id: str) -> int | None:
        return rows.value("SELECT pos FROM ledger_entry WHERE id = %(id)s::uuid", {"id": entry_id}, using=self.using)

    def sealed_elsewhere(self, entry_id: str) -> bool:
        return bool(
            rows.value(
                "SELECT EXISTS (SELECT FROM ledger_link WHERE id = %(id)s::uuid)", {"id": entry_id}, using=self.using
            )
        )

    def is_another(self, h: Callable[[bytes], bytes], entry: dict[str, Any], row: dict[str, Any]) -> bool:
        """Whether what stands here is what was sealed under another position: two rows exchanged all but their keys."""
        if self.report.marks_checked and self.marks.good(entry):
            return False  # the content belongs to this id; only parts outside the mark were changed
        neighbours = rows.all(
            "SELECT l.leaf, e.pos, e.id::text AS id FROM ledger_link l JOIN ledger_entry e ON e.pos = l.pos "
            "WHERE e.mark = decode(%(mark)s, 'hex') OR l.seq BETWEEN %(seq)s - 3 AND %(seq)s + 3",
            {"mark": row["mark"], "seq": row["seq"]},
            using=self.using,
        )
        for other in neighbours:
            moved = dict(entry, pos=other["pos"], id=other["id"])
            if other["pos"] != row["pos"] and leaf_hash(h, canonical(moved)) == bytes(other["leaf"]):
                return True
        return False

    def out_of_order(self, row: dict[str, Any]) -> bool:
        """Entry and leaf agree, the chain does not: a link that stands where another belongs, unless only its chain was touched."""
        near = rows.one(
            "SELECT max(pos) FILTER (WHERE seq < %(seq)s) AS before, min(pos) FILTER (WHERE seq > %(seq)s) AS after "
            "FROM ledger_link WHERE seq BETWEEN %(seq)s - 3 AND %(seq)s + 3",
            {"seq": row["seq"]},
            using=self.using,
        )
        assert near is not None
        pos = row["pos"]
        return bool((near["before"] or 0) > pos or (near["after"] or pos) < pos)

    def personal(self, row: dict[str, Any], where: dict[str, Any], label: tuple[str, str]) -> None:
        if row["commitment"] is None:
            return
        if not row["has_personal"]:
            self.found(Fault.PERSONAL_DELETED, *label, **where)
        elif row["erasure"] is not None:
            self.report.erased += 1
        elif self.report.marks_checked:
            try:
                good = personal.is_as_committed(row["id"], row["salt"], row["data"], bytes.fromhex(row["commitment"]))
            except KeyringError:
                good = False
            if not good:
                self.found(Fault.PERSONAL_ALTERED, *label, **where)

    # 2 ————————————————————————————————————————————————————————————————————————————————————————————————————————————————————

    def without_a_link(self, last: Batch | None) -> None:
        for row in rows.all(_LOOSE_LINKS, {"last": last.last if last else 0}, using=self.using):
            self.found(
                Fault.LINK_INSERTED,
                f"链 {row['seq']}，编号 {row['id']}",
                f"link {row['seq']}, id {row['id']}",
                seq=row["seq"],
                pos=row["pos"],
                id=row["id"],
            )
        place = {"xid": last.xid if last else "0", "pos": last.pos if last else 0, "size": PAGE}
        after = -(2**62)
        while page := rows.all(_UNLINKED, {**place, "after": after}, using=self.using):
            for row in page:
                try:
                    ours = not self.report.marks_checked or self.marks.good(content(row))
                except (NotSealed, ValueError, RecursionError):
                    ours = False
                if row["passed"] or not ours:
                    self.found(
                        Fault.INSERTED,
                        f"位置 {row['pos']}，编号 {row['id']}，{row['tag']}",
                        f"position {row['pos']}, id {row['id']}, {row['tag']}",
                        pos=row["pos"],
                        id=row["id"],
                        tag=row["tag"],
                    )
            after = page[-1]["pos"]

    def personal_register(self) -> None:
        for row in rows.all(_LOOSE_PERSONAL, using=self.using):
            self.found(Fault.PERSONAL_INSERTED, f"编号 {row['entry']}", f"id {row['entry']}", id=row["entry"])
        for row in rows.all(_UNREGISTERED, using=self.using):
            self.found(
                Fault.PERSONAL_DELETED,
                f"位置 {row['pos']}，编号 {row['entry']}，{row['tag']}",
                f"position {row['pos']}, id {row['entry']}, {row['tag']}",
                pos=row["pos"],
                id=row["entry"],
                tag=row["tag"],
            )

    # 3 ————————————————————————————————————————————————————————————————————————————————————————————————————————————————————

    def against(self, source: str, elsewhere: list[Batch]) -> None:
        names = {"head": ("外部头文件", "the head file"), "roots": ("外部留存的根", "the roots kept elsewhere")}[source]
        self.report.compared[source] = len(elsewhere)
        newest = batches.last(using=self.using)
        for batch in sorted(elsewhere, key=lambda b: b.number):
            here = batches.one(batch.number, using=self.using)
            if here is not None and here.statement == batch.statement:
                continue
            self.near = here.pos if here else (newest.pos if newest else 0)
            if here is None:
                self.found(
                    Fault.CUT_OFF if newest is None or batch.number > newest.number else Fault.BATCH_DELETED,
                    f"{names[0]}载有第 {batch.number} 批（{batch.sealed_at}，至链 {batch.last}），库中没有",
                    f"{names[1]} has batch {batch.number} ({batch.sealed_at}, up to link {batch.last}), the database has not",
                    batch=batch.number,
                )
            else:
                self.found(
                    Fault.BATCH_ALTERED,
                    f"第 {batch.number} 批与{names[0]}不一致",
                    f"batch {batch.number} differs from {names[1]}",
                    batch=batch.number,
                )
