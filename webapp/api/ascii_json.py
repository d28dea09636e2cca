"""JSON in ASCII, which can hold whatever a model sent, half a surrogate pair too."""

import json
from typing import Any

from fastapi.responses import JSONResponse


class AsciiJSON(JSONResponse):
    """What every JSON route answers with."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, allow_nan=False).encode("ascii")
