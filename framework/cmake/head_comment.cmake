# cmake -DSOURCE=plugin.cpp -DOUT=comment.cpp -P head_comment.cmake: the comment at the head of a
# plugin as a text of its module, where `gibbsite help` and `docs` find it (io/loader.hpp).
file(READ ${SOURCE} text)
string(REGEX MATCH "^(//[^\n]*\n)*" head "${text}")
string(REGEX REPLACE "\n// ?" "\n" head "\n${head}")
string(SUBSTRING "${head}" 1 -1 head)
file(WRITE ${OUT} "extern \"C\" __attribute__((visibility(\"default\"), used)) const char "
  "gibbsite_plugin_comment[] = R\"comment(${head})comment\";\n")
