"""`podium COMMAND` as a process."""

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


async def podium_says(folder: Path, *arguments: str, code: int = 0, **environment: str) -> str:
    """All that a command prints, stderr behind stdout; it must end with this code."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "webapp", *arguments),
        cwd=ROOT,
        env={**os.environ, "PODIUM_DATA_DIR": str(folder / "data"), "PODIUM_DISCOVER": "0", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(120):
        out, errors = await process.communicate()
    said = (out + errors).decode()
    assert process.returncode == code, said
    assert "Traceback" not in said
    return said
