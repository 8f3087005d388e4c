"""Data about a city for others, and a city's rules: agencies' tokens, MDS, and zones for parking.

Each module has its statements on top and its transactions below; class CityData calls them.
"""
