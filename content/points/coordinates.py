"""From WGS-84, which we keep, to the two shifted datums of Chinese maps: GCJ-02 (Amap, Tencent) and BD-09 (Baidu).

Neither is published as a standard with its formula; these are the public approximations, good to about a metre, held
against published pairs in tests/content/test_coordinates.py. Positions are (latitude, longitude) in degrees.
"""

import math

Position = tuple[float, float]
# Krasovsky 1940, on which GCJ-02 is reckoned.
SEMI_MAJOR_M, ECCENTRICITY_SQUARED = 6378245.0, 0.00669342162296594323
BAIDU_SHIFT_DEG = (0.0060, 0.0065)
# Outside this box the maps are not shifted.
SHIFTED_LATITUDES, SHIFTED_LONGITUDES = (0.8293, 55.8271), (72.004, 137.8347)


def is_shifted(position: Position) -> bool:
    """Whether Chinese maps shift positions there at all."""
    latitude, longitude = position
    return (
        SHIFTED_LATITUDES[0] <= latitude <= SHIFTED_LATITUDES[1]
        and SHIFTED_LONGITUDES[0] <= longitude <= SHIFTED_LONGITUDES[1]
    )


def _waves(value: float, *terms: tuple[float, float]) -> float:
    """Two thirds of the sum of amplitude · sin(value · π · factor)."""
    return sum(amplitude * math.sin(value * math.pi * factor) for amplitude, factor in terms) * 2 / 3


def to_gcj02(position: Position) -> Position:
    """WGS-84 to GCJ-02."""
    if not is_shifted(position):
        return position
    latitude, longitude = position
    x, y = longitude - 105.0, latitude - 35.0
    root, ripple = math.sqrt(abs(x)), _waves(x, (20.0, 6.0), (20.0, 2.0))
    north_m = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north_m += _waves(y, (20.0, 1.0), (40.0, 1 / 3)) + _waves(y, (160.0, 1 / 12), (320.0, 1 / 30))
    east_m = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east_m += _waves(x, (20.0, 1.0), (40.0, 1 / 3)) + _waves(x, (150.0, 1 / 12), (300.0, 1 / 30))
    flattening = 1 - ECCENTRICITY_SQUARED * math.sin(math.radians(latitude)) ** 2
    meridian_m = SEMI_MAJOR_M * (1 - ECCENTRICITY_SQUARED) / flattening**1.5
    parallel_m = SEMI_MAJOR_M / math.sqrt(flattening) * math.cos(math.radians(latitude))
    return latitude + math.degrees(north_m / meridian_m), longitude + math.degrees(east_m / parallel_m)


def to_bd09(position: Position) -> Position:
    """WGS-84 to BD-09."""
    if not is_shifted(position):
        return position
    latitude, longitude = to_gcj02(position)
    turn = math.pi * 3000 / 180
    reach = math.hypot(longitude, latitude) + 0.00002 * math.sin(latitude * turn)
    angle = math.atan2(latitude, longitude) + 0.000003 * math.cos(longitude * turn)
    return reach * math.sin(angle) + BAIDU_SHIFT_DEG[0], reach * math.cos(angle) + BAIDU_SHIFT_DEG[1]
