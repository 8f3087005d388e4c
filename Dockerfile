# The image of MovR: the app, its migrations and placements. Build it with `docker build -t movr .`

# By digest, so that a build is the same tomorrow; docs/supply-chain.md has how to check and renew it.
FROM python:3.13.9-slim-bookworm@sha256:b685a4fa58bb19d1814d78a1ec0f0208f351452724f78b20212c984d6e124a34 AS base

FROM base AS build
RUN python -m venv /pipenv \
    && /pipenv/bin/pip install --no-cache-dir pipenv==2026.10.3 \
    && python -m venv /venv
WORKDIR /build
COPY Pipfile Pipfile.lock ./
# The pinned packages of production and tracing, without embedded PostgreSQL, Faker and test packages.
RUN VIRTUAL_ENV=/venv PIPENV_VERBOSITY=-1 PIP_NO_CACHE_DIR=1 \
    /pipenv/bin/pipenv sync --categories "packages tracing" \
    && /venv/bin/python -m pip uninstall --yes pip

# A list of the packages with their versions and hashes, in CycloneDX's format, and their licences.
FROM build AS contents
RUN python -m venv /tools \
    && /tools/bin/pip install --no-cache-dir cyclonedx-bom==7.5.0 pip-licenses==5.5.5
WORKDIR /contents
COPY pyproject.toml ./
RUN cp /build/Pipfile* . \
    && /pipenv/bin/pipenv requirements --hash --categories "packages tracing" > requirements.txt \
    && /tools/bin/cyclonedx-py requirements --output-reproducible --pyproject pyproject.toml \
        -o sbom.json requirements.txt \
    && /tools/bin/pip-licenses --python /venv/bin/python --format plain-vertical \
        --with-license-file --with-notice-file --no-license-path --output-file licenses.txt

FROM base
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FLASK_APP=server \
    LOG_FORMAT=json
COPY --from=build /venv /venv
COPY --from=contents /contents/sbom.json /contents/licenses.txt /usr/share/doc/movr/
WORKDIR /app
COPY server.py gunicorn.conf.py pyproject.toml LICENSE ./
COPY movr movr
COPY web web
COPY cli cli
COPY templates templates
COPY static static
COPY translations translations
# Set by `docker build --build-arg VERSION=… --build-arg REVISION=…`; MovR's own version is in pyproject.toml.
ARG VERSION=unknown REVISION=unknown
ENV MOVR_REVISION=$REVISION
# The label and the tag are those of pyproject.toml; between releases the commit follows.
RUN python -c "import sys, movr; sys.exit(not sys.argv[1].startswith((movr.__version__, 'local', 'unknown')))" "$VERSION"
LABEL org.opencontainers.image.title="MovR" \
      org.opencontainers.image.description="Vehicle sharing in nine cities on a multi-region database" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8000') + '/healthz', timeout=2)"]
CMD ["gunicorn", "-c", "web/gunicorn.py", "server:app"]
