"""What can be heard beside the words: loudness, pitch, rate, breath, and which voice it is."""
