"""The names of a device's stream and of the group that its bridge listens to."""

from servicedesk.devices.models import Device


def device_stream(device: Device) -> str:
    """What the kiosk's screens follow."""
    return f"device:{device.pk}"


def bridge_group(device: Device) -> str:
    """The channel-layer group of the device's bridge."""
    return f"device.{device.pk.hex}"
