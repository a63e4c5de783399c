"""A pipeline: steps (what is done, in which order) -> run (one after the other, live) -> verdict -> closing words.

step      what a step is, and what it answers
front     runs another command in this process, by the same door as a person's shell
bring     starting, stopping and remembering the embedded stack
steps     the ordered list, with what each needs
progress  the live list on stderr
run       does it all; Ctrl-C leaves nothing running that was not running before
closing   what a person reads at the end
"""
