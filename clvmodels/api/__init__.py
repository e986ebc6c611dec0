"""The whole chain in one object, for people who want one object."""

from clvmodels.api.study import CLV, Study

__all__ = ["CLV", "Study"]
