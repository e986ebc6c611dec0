"""What each customer will be worth."""
