"""`make demo`: three regions on one machine, with a proxy in front of them."""
