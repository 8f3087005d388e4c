"""Operations: logging, metrics, tracing, health checks, and gunicorn's worker.

A module here measures or reports what the app does, or how its process starts and ends. It changes
no response but its own.
"""
