"""Units of measure: convert_length() and its kin. One row at a time, locally.

A unit is what it takes to reach the base unit of its kind: a factor, or for temperatures a factor and an offset. The
factors are those of the UnitsNet library, as Kusto takes its units from there; some differ from today's definitions in
the sixth digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Final

from lazulite.kql.functions.record import Function, function, local

PREFIXES: Final = {
    "Nano": Fraction("1e-9"),
    "Micro": Fraction("1e-6"),
    "Milli": Fraction("1e-3"),
    "Centi": Fraction("1e-2"),
    "Deci": Fraction("1e-1"),
    "Deca": Fraction("1e1"),
    "Hecto": Fraction("1e2"),
    "Kilo": Fraction("1e3"),
    "Mega": Fraction("1e6"),
    "Giga": Fraction("1e9"),
    "Tera": Fraction("1e12"),
}


Factor = Fraction | float


def _exact(factor: Factor) -> Fraction:
    """The decimal number that was written, not the binary one beside it."""
    return factor if isinstance(factor, Fraction) else Fraction(repr(factor))


def _prefixed(unit: str, factor: Factor, prefixes: str) -> dict[str, Factor]:
    """A unit with its multiples: `MeterPerSecond`, `CentimeterPerSecond`, ..."""
    small = f"{unit[0].lower()}{unit[1:]}"
    return {unit: factor} | {f"{prefix}{small}": PREFIXES[prefix] * _exact(factor) for prefix in prefixes.split()}


def _per_time(unit: str, factor: Factor, prefixes: Mapping[str, str]) -> dict[str, Factor]:
    found: dict[str, Factor] = {}
    for time, seconds in (("Second", 1), ("Minute", 60), ("Hour", 3600)):
        found |= _prefixed(f"{unit}Per{time}", _exact(factor) / seconds, prefixes.get(time, ""))
    return found


ANGLE: Final[Mapping[str, Factor]] = {
    **_prefixed("Degree", 1.0, "Nano Micro Milli"),
    **_prefixed("Radian", 180 / math.pi, "Nano Micro Milli Centi Deci"),
    "Arcminute": 1 / _exact(60),
    "Arcsecond": 1 / _exact(3600),
    "Gradian": 0.9,
    "NatoMil": Fraction(9, 160),
    "Revolution": 360.0,
}
ENERGY: Final[Mapping[str, Factor]] = {
    **_prefixed("Joule", 1.0, "Milli Kilo Mega Giga"),
    **_prefixed("Calorie", 4.184, "Kilo Mega"),
    **_prefixed("BritishThermalUnit", 1055.05585262, "Kilo Mega Giga"),
    **_prefixed("ElectronVolt", 1.602176565e-19, "Kilo Mega Giga Tera"),
    **_prefixed("WattHour", 3600.0, "Kilo Mega Giga Tera"),
    **_prefixed("WattDay", 86_400.0, "Kilo Mega Giga Tera"),
    **_prefixed("ThermEc", 1.05505585262e8, "Deca"),
    **_prefixed("ThermUs", 1.054804e8, "Deca"),
    **_prefixed("ThermImperial", 1.05505585257348e8, "Deca"),
    "FootPound": 1.355817948,
    "Erg": 1e-7,
    "HorsepowerHour": 2.6845195377e6,
}
FORCE: Final[Mapping[str, Factor]] = {
    **_prefixed("Newton", 1.0, "Micro Milli Deca Kilo Mega"),
    **_prefixed("PoundForce", 4.4482216152605095551842641431421, "Kilo"),
    "Dyn": 1e-5,
    "KilogramForce": 9.80665002864,
    "KiloPond": 9.80665002864,
    "OunceForce": 2.780138509537812e-1,
    "Poundal": 0.13825502798973041652092282466083,
    "ShortTonForce": 8.896443230521e3,
    "TonneForce": 9.80665002864e3,
}
LENGTH: Final[Mapping[str, Factor]] = {
    **_prefixed("Meter", 1.0, "Nano Micro Milli Centi Deci Deca Hecto Kilo"),
    **_prefixed("Parsec", 3.08567758128e16, "Kilo Mega"),
    **_prefixed("LightYear", 9.46073047258e15, "Kilo Mega"),
    "Angstrom": 1e-10,
    "AstronomicalUnit": 1.4959787070e11,
    "Chain": 20.1168,
    "DataMile": 1828.8,
    "DtpPica": 1 / _exact(236.220472441),
    "DtpPoint": _exact(2.54e-2) / 72,
    "Fathom": 1.8288,
    "Foot": 0.3048,
    "Hand": 1.016e-1,
    "Inch": 2.54e-2,
    "Microinch": 2.54e-8,
    "Mil": 2.54e-5,
    "Mile": 1609.34,
    "NauticalMile": 1852.0,
    "PrinterPica": 1 / _exact(237.106301584),
    "PrinterPoint": _exact(2.54e-2) / _exact(72.27),
    "Shackle": 27.432,
    "SolarRadius": 6.95510000e08,
    "Twip": 1 / _exact(56692.913385826),
    "UsSurveyFoot": Fraction(1200, 3937),
    "Yard": 0.9144,
}
MASS: Final[Mapping[str, Factor]] = {
    **_prefixed("Gram", 1e-3, "Nano Micro Milli Centi Deci Deca Hecto Kilo"),
    **_prefixed("Tonne", 1e3, "Kilo Mega"),
    **_prefixed("Pound", 0.45359237, "Kilo Mega"),
    "EarthMass": 5.9722e24,
    "Grain": 1 / _exact(15432.358352941431),
    "LongHundredweight": 1 / _exact(0.01968413055222121),
    "LongTon": 1.0160469088e3,
    "Ounce": 0.028349523125,
    "ShortHundredweight": 1 / _exact(0.022046226218487758),
    "ShortTon": 9.0718474e2,
    "Slug": 1 / _exact(6.852176556196105e-2),
    "SolarMass": 1.98947e30,
    "Stone": 1 / _exact(0.1574731728702698),
}
SPEED: Final[Mapping[str, Factor]] = {
    **_per_time(
        "Meter",
        1.0,
        {
            "Second": "Nano Micro Milli Centi Deci Kilo",
            "Minute": "Nano Micro Milli Centi Deci Kilo",
            "Hour": "Milli Centi Kilo",
        },
    ),
    **_per_time("Foot", 0.3048, {}),
    **_per_time("Inch", 2.54e-2, {}),
    **_per_time("Yard", 0.9144, {}),
    **_per_time("UsSurveyFoot", Fraction(1200, 3937), {}),
    "Knot": 0.514444,
    "MilePerHour": 0.44704,
}
VOLUME: Final[Mapping[str, Factor]] = {
    **_prefixed("Liter", 1e-3, "Micro Milli Centi Deci Deca Hecto Kilo Mega"),
    **_prefixed("CubicMeter", 1.0, "Hecto Kilo"),
    **_prefixed("CubicFoot", 0.0283168, "Hecto Kilo Mega"),
    **_prefixed("ImperialGallon", 0.00454609000000181429905810072407, "Kilo Mega"),
    **_prefixed("UsGallon", 0.00378541, "Deci Deca Hecto Kilo Mega"),
    "AcreFoot": 1 / _exact(0.000810714),
    "AuTablespoon": 2e-5,
    "BoardFoot": _exact(0.0283168) / 12,
    "CubicCentimeter": 1e-6,
    "CubicDecimeter": 1e-3,
    "CubicHectometer": 1e6,
    "CubicInch": 1.6387e-5,
    "CubicKilometer": 1e9,
    "CubicMicrometer": 1e-18,
    "CubicMile": 4.16818182544058e9,
    "CubicMillimeter": 1e-9,
    "CubicYard": 0.764554858,
    "ImperialBeerBarrel": 0.16365924,
    "ImperialOunce": 2.8413062499962901241875439064617e-5,
    "ImperialPint": 5.6826125e-4,
    "MetricCup": 0.00025,
    "MetricTeaspoon": 0.5e-5,
    "OilBarrel": 0.158987294928,
    "UkTablespoon": 1.5e-5,
    "UsBeerBarrel": 0.1173477658,
    "UsCustomaryCup": 0.0002365882365,
    "UsLegalCup": 0.00024,
    "UsOunce": 2.957352956253760505068307980135e-5,
    "UsPint": 4.73176473e-4,
    "UsQuart": 9.46352946e-4,
    "UsTablespoon": 1.478676478125e-5,
    "UsTeaspoon": 4.92892159375e-6,
}
# Kelvin of a temperature: factor and offset.
TEMPERATURE: Final = {
    "Kelvin": (1.0, 0.0),
    "DegreeCelsius": (1.0, 273.15),
    "MillidegreeCelsius": (1e-3, 273.15),
    "DegreeDelisle": (-2 / 3, 373.15),
    "DegreeFahrenheit": (5 / 9, 459.67 * 5 / 9),
    "DegreeNewton": (100 / 33, 273.15),
    "DegreeRankine": (5 / 9, 0.0),
    "DegreeReaumur": (5 / 4, 273.15),
    "DegreeRoemer": (40 / 21, 273.15 - 7.5 * 40 / 21),
    "SolarTemperature": (5778.0, 0.0),
}


def _angle(value: float, one: str, two: str) -> float:
    """A tilt is the sine of an angle, so no factor leads there."""
    if "Tilt" not in (one, two):
        return _scaled(value, _exact(ANGLE[one]) / _exact(ANGLE[two]))
    degrees = math.degrees(math.asin(value)) if one == "Tilt" else value * float(ANGLE[one])
    return math.sin(math.radians(degrees)) if two == "Tilt" else degrees / float(ANGLE[two])


def _temperature(value: float, one: str, two: str) -> float:
    (factor, offset), (other, shift) = TEMPERATURE[one], TEMPERATURE[two]
    return value if one == two else (value * factor + offset - shift) / other


def _scaled(value: float, ratio: Fraction) -> float:
    return float(Fraction(value) * ratio) if math.isfinite(value) else value


def _linear(units: Mapping[str, Factor]) -> Callable[[float, str, str], float]:
    @lru_cache(maxsize=1024)
    def ratio(one: str, two: str) -> Fraction:
        return _exact(units[one]) / _exact(units[two])

    return lambda value, one, two: _scaled(value, ratio(one, two))


def _convert(kind: str, form: Callable[[float, str, str], float], unit: str) -> Function:
    return function(
        f"convert_{kind}",
        f"A value of one unit of {kind} in another.",
        local("real, string, string -> real", form),
        null="null for null and for unknown units",
        example=f'print convert_{kind}(1.2, "{unit}", "{unit}")',
    )


FUNCTIONS: Final[tuple[Function, ...]] = (
    _convert("angle", _angle, "Degree"),
    _convert("energy", _linear(ENERGY), "Joule"),
    _convert("force", _linear(FORCE), "Newton"),
    _convert("length", _linear(LENGTH), "Meter"),
    _convert("mass", _linear(MASS), "Kilogram"),
    _convert("speed", _linear(SPEED), "Knot"),
    _convert("temperature", _temperature, "Kelvin"),
    _convert("volume", _linear(VOLUME), "Liter"),
)
