"""From parameters to what each customer will do."""

from clvmodels.prediction.buying_rate import with_buying_rate
from clvmodels.prediction.predict import predict

__all__ = ["predict", "with_buying_rate"]
