ARG BASE=python:3.11-slim
FROM ${BASE}

RUN useradd --create-home --uid 1000 podium && mkdir /data && chown podium:podium /data
WORKDIR /app
COPY pyproject.toml README.md ./
COPY orchestrator ./orchestrator
COPY prefs ./prefs
COPY storage ./storage
COPY webapp ./webapp
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir .

USER podium
ENV PATH=/opt/venv/bin:$PATH \
    PODIUM_DATA_DIR=/data \
    PODIUM_HOST=0.0.0.0 \
    PODIUM_PORT=8000 \
    GRADIO_ANALYTICS_ENABLED=False
VOLUME ["/data"]
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["podium", "serve"]
