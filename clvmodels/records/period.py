"""The unit of time that a study counts in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from clvmodels.errors import ArgumentError, check_between, unknown_name

DAYS_PER_YEAR = 365.25
NAMED_PERIODS = {
    "day": 1.0,
    "week": 7.0,
    "month": DAYS_PER_YEAR / 12,
    "quarter": DAYS_PER_YEAR / 4,
    "year": DAYS_PER_YEAR,
}
# As pandas writes them.
_LETTERS = {
    "D": "day",
    "W": "week",
    "M": "month",
    "ME": "month",
    "Q": "quarter",
    "QE": "quarter",
    "Y": "year",
    "YE": "year",
}


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time with a name: ``Period("week", 7.0)``.

    A month is 365.25 / 12 days and a year 365.25, so that rates can be changed from one unit into another exactly.
    """

    name: str
    days: float

    @classmethod
    def of(cls, period: str | timedelta | Period) -> Period:
        """Read a period from its name, a timedelta or another Period.

        Raises
        ------
        ArgumentError
            When the name is unknown or the length isn't positive.

        Examples
        --------
        >>> Period.of("week")
        Period(name='week', days=7.0)
        """
        if isinstance(period, Period):
            return period
        if isinstance(period, timedelta):
            days = period.total_seconds() / 86_400
            check_between("period (in days)", days, 0.0, float("inf"), "time is counted in it", open_low=True)
            named = [name for name, length in NAMED_PERIODS.items() if length == days]
            return cls(named[0] if named else f"{days:g}-day period", days)
        if isinstance(period, str):
            name = _LETTERS.get(period) or period.lower().removesuffix("s")
            if name in NAMED_PERIODS:
                return cls(name, NAMED_PERIODS[name])
        raise unknown_name("period", period, NAMED_PERIODS)

    @property
    def per_year(self) -> float:
        """How many of it make a year of 365.25 days."""
        return DAYS_PER_YEAR / self.days

    def horizon(self, horizon: float | str | timedelta) -> float:
        """Read a length of time as a number of periods.

        Parameters
        ----------
        horizon : float, str or timedelta
            A number counts periods, ``inf`` for a customer's whole life; a text carries its own unit ("12 months").

        Returns
        -------
        float
            Periods, above 0.

        Examples
        --------
        >>> Period.of("week").horizon("2 years")
        104.35714285714286
        """
        if isinstance(horizon, timedelta):
            periods = horizon.total_seconds() / 86_400 / self.days
        elif isinstance(horizon, str):
            periods = self._from_text(horizon)
        else:
            periods = horizon
        return check_between(
            "horizon",
            periods,
            0.0,
            float("inf"),
            f"a forecast looks ahead; give a number of {self.name}s or a text such as '12 months'",
            open_low=True,
        )

    def _from_text(self, text: str) -> float:
        number, _, unit = text.strip().partition(" ")
        try:
            count = float(number)
        except ValueError:
            raise ArgumentError(
                f"horizon is {text!r}, which can't be read; give a number of {self.name}s or a text such as '12 months'"
            ) from None
        return count * Period.of(unit.strip()).days / self.days if unit.strip() else count
