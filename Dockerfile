FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /app
RUN useradd --system --no-create-home --uid 10001 portal && install --directory --owner=portal --mode=0700 /media
ENV MEDIA_ROOT=/media

COPY requirements/base.txt requirements/base.txt
RUN pip install --require-hashes --requirement requirements/base.txt

COPY . .
# Collecting the static files reads the settings, which name what they need; none of these values stays in the image.
RUN SECRET_KEY=build CREDENTIALS_KEYS=build DATABASE_URL=postgres:///none REDIS_URL=redis://none \
    python manage.py collectstatic --noinput

USER 10001
EXPOSE 8000
CMD ["gunicorn", "hsm_portal.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "hsm_portal.web_worker.WebWorker", \
     "--workers", "2", "--threads", "8", "--keep-alive", "5"]
