"""The Model Context Protocol: an agent asks for what a recording or a conversation expresses, and why."""
