"""Questions about a result, answered from its trace: what is asked, what is looked up, what is told."""
