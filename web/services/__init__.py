"""Clients of external services: mail servers and geocoders.

Each module wraps one kind of service. Calls have a timeout, and no request fails because the
service fails.
"""
