"""Ways into chatbots and voice agents: the Python API, HTTP, MCP, LangChain, LangGraph, voice frameworks."""
