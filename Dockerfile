ARG BASE=python:3.11-slim
FROM ${BASE}

RUN useradd --create-home --uid 1000 podium && install -d -o podium -g podium /data
WORKDIR /app
COPY pyproject.toml README.md ./
COPY orchestrator ./orchestrator
COPY prefs ./prefs
COPY storage ./storage
COPY webapp ./webapp
RUN python3 -m venv /venv && /venv/bin/pip install --no-cache-dir '.[postgres,oidc]' && rm -rf /app/*

# By number, so that a cluster can see that it is not root.
USER 1000:1000
# Files that a command writes by a relative name land in the volume.
WORKDIR /data
ENV PATH=/venv/bin:$PATH \
    PODIUM_DATA_DIR=/data \
    PODIUM_HOST=0.0.0.0 \
    PODIUM_PORT=8000 \
    GRADIO_ANALYTICS_ENABLED=False \
    ORT_DISABLE_TELEMETRY=1
VOLUME ["/data"]
EXPOSE 8000
# http.client, because urllib would ask a proxy that the environment names.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-I", "-c", "import http.client as h, os; c = h.HTTPConnection('127.0.0.1', int(os.environ['PODIUM_PORT']), timeout=4); c.request('GET', '/readyz'); raise SystemExit(c.getresponse().status != 200)"]
CMD ["podium", "serve"]
