FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /app/.venv
COPY requirements.txt .
RUN .venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
COPY manage.py gunicorn.conf.py ./
COPY console console
COPY workflows_ui workflows_ui
COPY templates templates
COPY static static
# keys for this one command only; nothing of them stays in the image
RUN CONSOLE_SECRET_KEY=only-to-collect-static-files-at-build-time \
    CONSOLE_TOKEN_KEYS=b25seS10by1jb2xsZWN0LXN0YXRpYy1maWxlcy1oZXI= \
    CONSOLE_STATIC_ROOT=/app/static-collected \
    CONSOLE_DATA_DIR=/tmp/build \
    .venv/bin/python manage.py collectstatic --no-input --verbosity 0

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /data console && install -d -m 0700 -o console /data
WORKDIR /app
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 \
    CONSOLE_DATA_DIR=/data CONSOLE_STATIC_ROOT=/app/static-collected
USER console
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
# migrations first: a container that starts on an older database brings it up to date
CMD ["sh", "-c", "python manage.py prepare && exec gunicorn --bind 0.0.0.0:8000 --worker-tmp-dir /dev/shm console.wsgi"]
