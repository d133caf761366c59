"""A language model as the reasoner: what it is shown, what it is asked, and what of its answer is believed."""
