# What `nim c plain_text.nim` makes.
switch("app", "lib")
switch("out", when defined(macosx): "libplain_text.dylib" else: "libplain_text.so")
