"""Data: from prices and an ephemeris to windows on the device."""
