"""The quantities that models share, with priors that say little.

Two standard deviations are a factor of 20 either way for most levels (e^3), and a factor of 4 for a spread: wide enough
for any base a shop has, proper, and the same in days and weeks, cents and dollars. How much customers differ in leaving
is what purchases tell least of; its laws are wider, or they would have a say where customers are nearly alike
(experiments/06_calibration). The mean rate and the lifetime are counted in observations of the median customer, money
in the mean purchase of the median customer.
"""

from __future__ import annotations

from clvmodels.grammar.mixing import Quantity

MEAN_RATE = Quantity("mean_rate", "purchases a period of the mean customer, while alive", "rate", 1.0, 1.5)
RATE_SPREAD = Quantity("rate_spread", "standard deviation of buying rates over their mean", "none", 1.0, 0.75)
MEAN_TAKING = Quantity("mean_taking", "chance to buy at an opportunity, on average", "none", 0.4, 1.5, share=True)
TAKING_SPREAD = Quantity("taking_spread", "0: all buy alike; 1: always or never", "none", 0.3, 1.5, share=True)
MEAN_DROPOUT = Quantity("mean_dropout", "chance to leave after a purchase, on average", "none", 0.3, 1.5, share=True)
DROPOUT_SPREAD = Quantity("dropout_spread", "0: all leave alike; 1: at once or never", "none", 0.25, 2.0, share=True)
MEAN_CHURN = Quantity("mean_churn", "chance to leave at the first step, on average", "none", 0.3, 1.5, share=True)
CHURN_SPREAD = Quantity("churn_spread", "0: all leave alike; 1: at once or never", "none", 0.25, 1.5, share=True)
LIFETIME = Quantity("lifetime", "periods to leaving at the mean rate of leaving at first", "time", 1.0, 1.5)
LIFETIME_SPREAD = Quantity("lifetime_spread", "standard deviation of leaving rates over their mean", "none", 1.0, 1.0)
HAZARD_GROWTH = Quantity("hazard_growth", "growth a period of the rate of leaving", "rate", 1.0, 1.5)
AGEING = Quantity("ageing", "above 1 the own chance to leave grows with age, below it falls", "none", 1.0, 0.5)
TYPICAL_SPEND = Quantity("typical_spend", "value of a purchase of the typical customer", "money", 1.0, 1.0)
SPEND_SPREAD = Quantity(
    "spend_spread", "standard deviation of customers' spend rates over their mean", "none", 0.6, 0.75
)
OWN_SPREAD = Quantity("own_spread", "standard deviation of one customer's purchases over their mean", "none", 0.5, 0.75)
SLEEPERS_PACE = Quantity("sleepers_pace", "how often a sleeper buys, over the same customer awake", "none", 0.05, 1.5)
