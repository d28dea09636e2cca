"""Experts that cannot be reached, or never answer: the trajectory goes on to its end, and says why."""

import asyncio
import datetime
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from orchestrator.model_call import ChargeStatus
from tests.faults.asked import ended, readiness_is
from tests.faults.conftest import See
from tests.webapp.test_served_process import Podium, podium


def pool(folder: Path, url: str, timeout_s: float = 5.0) -> str:
    """A pool file with one expert at that address."""
    file = folder / "pool.toml"
    file.write_text(
        f'name = "troubled"\n[alias.answer-1]\nbase_url = "{url}"\nmodel = "m"\ndescription = "An expert."\n'
        f"latency_s = 1\ntimeout_s = {timeout_s}\nprice = {{ input_usd_per_mtok = 1, output_usd_per_mtok = 1, "
        'source = "test" }\n'
    )
    return str(file)


async def told(app: Podium, charge: ChargeStatus) -> str:
    """Why the expert did not answer, as the trajectory keeps it; the server itself is well."""
    run = await app.http.post("/runs", json={"query": "What is 6 times 7?", "policy": "fixed:answer-1"})
    assert run.status_code == 201, run.text
    trajectory = await ended(app, run.json()["id"])
    assert trajectory["answer"] is None
    assert trajectory["stop_reason"] in ("failed", "answered", "turns")
    await readiness_is(app, 200)
    assert "Traceback" not in "".join(app.said)
    return words(trajectory, charge)


def words(trajectory: dict[str, Any], charge: ChargeStatus) -> str:
    calls = [call for step in trajectory["steps"] for call in step["calls"]]
    assert calls
    for call in calls:
        assert call["charge"]["status"] == charge
        assert (Decimal(call["charge"]["usd"]) == 0) == (charge is ChargeStatus.FREE)
    return str(next(call["error"] for call in calls if call["error"]))


async def served(folder: Path, url: str, charge: ChargeStatus, *, timeout_s: float = 5.0, **environment: str) -> str:
    file = await asyncio.to_thread(pool, folder, url, timeout_s)
    async with podium(folder, "--pool", file, **environment) as app:
        said = await told(app, charge)
        assert await app.stopped(signal.SIGTERM, within_s=60) == 0
    return said


async def test_a_name_that_cannot_be_resolved(tmp_path: Path, seen: See) -> None:
    said = await served(tmp_path, "http://expert.invalid/v1", ChargeStatus.FREE)
    assert "expert.invalid" in said
    seen("expert's name cannot be resolved", "the call failed, and the trajectory ended", said)


async def test_a_refused_connection(tmp_path: Path, seen: See) -> None:
    said = await served(tmp_path, "http://127.0.0.1:9/v1", ChargeStatus.FREE)
    assert "127.0.0.1" in said
    seen("expert refuses connections", "the call failed, and the trajectory ended", said)


@asynccontextmanager
async def silent(tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server that takes connections and says nothing."""
    left = asyncio.Event()

    async def hold(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await left.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        left.set()
        server.close()


async def test_an_expert_that_hangs_is_given_up_in_time(tmp_path: Path, seen: See) -> None:
    async with silent() as port, asyncio.timeout(60):
        said = await served(tmp_path, f"http://127.0.0.1:{port}/v1", ChargeStatus.ESTIMATED, timeout_s=2)
    assert "2 s" in said or "time" in said
    seen("expert hangs", "given up after `timeout_s`; the trajectory ended", said)


@pytest.fixture
def expired(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    return certified(tmp_path)


def certified(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """The file of an authority, and a server's certificate of its own that ended yesterday."""
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    root = (
        x509.CertificateBuilder(root_name, root_name, root_key.public_key(), 1, now - 9 * day, now + 9 * day)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        x509.CertificateBuilder(root_name, name, key.public_key(), 2, now - 8 * day, now - day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    authority, both = tmp_path / "authority.pem", tmp_path / "server.pem"
    authority.write_bytes(root.public_bytes(pem))
    form, lock = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    both.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, form, lock))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(both)
    return authority, tls


async def test_an_expired_certificate(tmp_path: Path, expired: tuple[Path, ssl.SSLContext], seen: See) -> None:
    authority, tls = expired
    async with silent(tls) as port:
        said = await served(tmp_path, f"https://localhost:{port}/v1", ChargeStatus.FREE, SSL_CERT_FILE=str(authority))
    assert "expired" in said
    seen("expert's certificate has expired", "no connection; the call failed, and the trajectory ended", said)
