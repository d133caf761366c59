"""The text model: all-MiniLM-L6-v2 fine-tuned on utterances with their dialogue history, exported to ONNX int8."""
