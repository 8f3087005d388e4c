"""Services outside of MovR, each behind a small class: mail servers and geocoders.

A module here hides one kind of service. It has a timeout, and no request fails because the service
does.
"""
