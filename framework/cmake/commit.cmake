# cmake -DSOURCE=folder -DOUT=file -P commit.cmake: the commit that the folder is at, with `-dirty`
# where it has been changed since. A file beside the programs, so that a commit recompiles nothing and
# leaves the identity of the programs as it is.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE no_git)
if(no_git)
  set(commit unknown)
endif()
file(WRITE ${OUT} "${commit}\n")
