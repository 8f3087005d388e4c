"""What pages and the API both do: letters, receipts, prices, payments, files of vehicles and zones.

Clients of external services (mail servers, geocoders) are here, too. Their calls have a timeout,
and no request fails because the service fails.
"""
