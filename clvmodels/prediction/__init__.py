"""From parameters to what each customer will do."""

from clvmodels.prediction.predict import predict

__all__ = ["predict"]
