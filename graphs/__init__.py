"""The LangGraph graphs: an episode, later a chat turn; the state; the checkpointer."""
