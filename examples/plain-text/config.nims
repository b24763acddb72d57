# The SDK, and what it asks of the compiler: the host calls from threads of its own.
switch("path", "../../sdk/nim")
switch("threads", "on")
switch("mm", "arc")
switch("define", "useMalloc")
switch("define", "release")
