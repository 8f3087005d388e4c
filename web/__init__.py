"""MovR over HTTP: Flask, WTForms, Jinja. It calls class MovR, and knows no SQLAlchemy.

At the top are the app, its settings, forms and error responses, and what several packages share.
Imports lead one way: app, errors, pages and api, rendering and services, security, operations,
context, config. A new module goes into the package whose docstring describes it.
"""
