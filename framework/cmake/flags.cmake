# The one place where compiler flags are set.
add_library(gibbsite_flags INTERFACE)
target_compile_options(gibbsite_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  -Wno-missing-field-initializers -Werror  # designated initialisers name what they set
  -ffp-contract=off -fno-math-errno)
target_link_options(gibbsite_flags INTERFACE -Wl,-z,defs -Wl,--disable-new-dtags)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports uninitialised and overlapping memory inside Eigen and std::string falsely.
  target_compile_options(gibbsite_flags INTERFACE
    -Wno-maybe-uninitialized -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(CMAKE_CXX_FLAGS MATCHES "-ffast-math|-Ofast")
  message(FATAL_ERROR "gibbsite: -ffast-math breaks NaN checks and reproducibility; remove it")
endif()
if(GIBBSITE_SANITIZE)
  add_compile_options(-O1)  # a third less to compile; what is found does not depend on it
endif()
if(GIBBSITE_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=address,undefined)
elseif(GIBBSITE_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -g1)
  add_link_options(-fsanitize=thread)
endif()
