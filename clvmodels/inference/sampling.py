"""How a sampler runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clvmodels.errors import ArgumentError, unknown_name

_SAMPLERS = ("pymc", "nutpie")


@dataclass(frozen=True, slots=True)
class Sampling:
    """Chains and warm-up of the method ``"nuts"``.

    Attributes
    ----------
    chains : int >= 1
        Independent chains; with several, whether they agree can be checked.
    tune : int >= 1
        Steps of each chain to warm up, thrown away.
    target_accept : float, in (0, 1)
        Higher takes smaller steps, for posteriors with sharp bends.
    sampler : "pymc" or "nutpie"
        Nutpie is faster where it is installed (``pip install clvmodels[nutpie]``).
    cores : int or None
        Processes; as many as there are processors, at most one a chain, when None.
    progress : bool
        Show how far it is.
    """

    chains: int = 4
    tune: int = 500
    target_accept: float = 0.9
    sampler: Literal["pymc", "nutpie"] = "pymc"
    cores: int | None = None
    progress: bool = True

    def __post_init__(self) -> None:
        if self.sampler not in _SAMPLERS:
            raise unknown_name("sampler", self.sampler, _SAMPLERS)
        for name, least in (("chains", 1), ("tune", 1)):
            if getattr(self, name) < least:
                raise ArgumentError(f"{name} is {getattr(self, name)!r}; a sampler needs at least {least}.")
        if not 0 < self.target_accept < 1:
            raise ArgumentError(f"target_accept is {self.target_accept!r}; it is a probability between 0 and 1.")
