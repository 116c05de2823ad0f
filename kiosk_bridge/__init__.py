"""The daemon on the kiosk: it drives the card reader and the printers, and knows the portal only by its messages."""

__version__ = "0.1.0"
