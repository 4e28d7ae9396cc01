"""Interval arithmetic with decorations, after IEEE 1788-2015 (set-based flavour)."""

from interpretations.intervals import gamma as _gamma  # enters its enclosures in the table
from interpretations.intervals import native_rules as _native_rules  # registers them for compiled code
from interpretations.intervals import rules as _rules  # registers the rules of Interval
from interpretations.intervals.decoration import Decoration
from interpretations.intervals.interval import Interval, empty, entire
from interpretations.intervals.stage import bounds, enclose

__all__ = ["Decoration", "Interval", "bounds", "empty", "enclose", "entire"]
