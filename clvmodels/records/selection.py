"""What a test between two models found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """A simpler model compared with a wider one that contains it.

    Attributes
    ----------
    narrow, wide : str
        Titles of the models.
    statistic : float
        Twice the gap in log-likelihood.
    degrees_of_freedom : int
        Continuous parameters that the wide model has more.
    p_value : float, in [0, 1]
        How likely so large a statistic is where the narrow model holds; NaN where no distribution is known for it.
    on_boundary : bool
        Whether the narrow model lies at the edge of what the wide model's parameters can be.
    approximate : bool
        Whether the p-value is a bound: a parameter means nothing under the narrow model.
    text : str
        The result in one sentence.
    """

    narrow: str
    wide: str
    statistic: float
    degrees_of_freedom: int
    p_value: float
    on_boundary: bool
    approximate: bool
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Vuong:
    """Two models, neither of which contains the other, compared with each other.

    Attributes
    ----------
    first, second : str
        Titles of the models.
    statistic, p_value : float
        Standard normal where both are equally far from the truth; positive speaks for the first. Two-sided.
    corrected_statistic, corrected_p_value : float
        The same, with the gap reduced by half the difference in parameters times ln(customers), as in the BIC.
    distinguishable : bool
        Whether the models differ by more than the noise of their parameters; if not, the statistics mean nothing.
    text : str
        The result in one sentence.
    """

    first: str
    second: str
    statistic: float
    p_value: float
    corrected_statistic: float
    corrected_p_value: float
    distinguishable: bool
    text: str

    def __str__(self) -> str:
        return self.text
