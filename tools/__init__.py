"""One wrapped library or model a file: media in, numbers or text out; no emotion words, no prompts.

`media` opens what comes in; `sight`, `voice` and `words` measure it; `language` asks generative models; `weights` keeps
model files. What all of them use lies beside these folders.
"""
