"""How answers are scored: metrics over labels, intervals by resampling, calibration. None knows a corpus."""
