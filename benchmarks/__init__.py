"""Problems times libraries, measured side by side in one run."""
