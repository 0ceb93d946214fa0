"""Proof of work, asked only while somebody floods the portal: a number that is quickly checked and takes a while to find.

Asking is stateless: a challenge says until when it holds and how hard it is, and is signed for one network. A number that was found is used
up by one call, in the rows that limits are counted in. While nobody floods, nobody is asked and nothing of this is seen.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

from django.conf import settings

from wangge.domain.portal import limits, rules
from wangge.kernel import clock, crypto
from wangge.kernel.problems import Problem
from wangge.kernel.words import Words


class ProofWanted(Problem):
    """``challenge``: find a whole number ``n`` so that SHA-256 of ``<challenge>:<n>`` begins with ``bits`` zero bits, and send the call again
    with ``Proof: <challenge>:<n>``."""

    status, name, title = 428, "proof-wanted", Words("需要验证", "A proof is wanted")


def admit(*, network: str, proof: str) -> None:
    """Count one more call that costs others something. Raises ProofWanted when there are too many at once and it came without a proof."""
    whole = rules.calls_of_all(settings.CONFIG.portal_proof_from)
    if whole.most and (limits.used_up(rules.CALLS_OF_NETWORK, network) or limits.used_up(whole, "")):
        _redeem(proof, network)
    limits.count(rules.CALLS_OF_NETWORK, network)
    limits.count(whole, "")


def _redeem(proof: str, network: str) -> None:
    challenge, _, number = proof.rpartition(":")
    if not (_ours(challenge, network) and number.isdigit() and found(challenge, number)):
        raise _wanted(network)
    if limits.used_up(rules.ONE_PROOF, challenge):
        raise _wanted(network)
    limits.count(rules.ONE_PROOF, challenge)


def _wanted(network: str) -> ProofWanted:
    until = int((clock.now() + rules.PROOF_HOLDS).timestamp())
    said = f"{until}.{rules.PROOF_BITS}.{secrets.token_hex(8)}"
    return ProofWanted(
        Words(
            "现在提交的人很多，页面要先完成一次自动验证，请稍候；仍不成功请拨打 12345。",
            "Very much is being sent at the moment: the page has to solve a small task first. If that fails, call 12345.",
        ),
        extra={"challenge": f"{said}.{_signed(said, network)[0]}", "bits": rules.PROOF_BITS},
    )


def _signed(said: str, network: str) -> list[str]:
    return [h.hex() for h in crypto.lookup_hashes("portal.proof", f"{said} {network}")]


def _ours(challenge: str, network: str) -> bool:
    said, _, signature = challenge.rpartition(".")
    if not any(hmac.compare_digest(right.encode(), signature.encode()) for right in _signed(said, network)):
        return False
    return int(said.partition(".")[0]) >= clock.now().timestamp()


def found(challenge: str, number: str) -> bool:
    """Whether the digest begins with as many zero bits as the challenge says."""
    bits = int(challenge.split(".")[1])
    digest = sha256(f"{challenge}:{number}".encode()).digest()
    return int.from_bytes(digest, "big") >> (len(digest) * 8 - bits) == 0
