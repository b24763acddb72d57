# What `nim c plugin.nim` makes.
switch("app", "lib")
switch("out", when defined(macosx): "libplugin_name.dylib" else: "libplugin_name.so")
