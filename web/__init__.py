"""The web interface, built with Flask, WTForms and Jinja. It calls class MovR, never SQLAlchemy.

The top level contains the app, its settings, forms and error responses, and shared modules.
Each layer imports only later ones: app, errors, pages and api, rendering and services, security,
operations, context, config. A new module goes into the package whose docstring describes it.
"""
