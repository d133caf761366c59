"""One benchmark a file (dataset and judge), metrics, the runner."""
