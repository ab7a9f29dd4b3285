include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

install(TARGETS gibbsite RUNTIME DESTINATION bin)
install(TARGETS engine_double engine_single RUNTIME DESTINATION lib/gibbsite)
install(TARGETS gibbsite_double gibbsite_single EXPORT gibbsite LIBRARY DESTINATION lib)
install(DIRECTORY core api DESTINATION include/gibbsite FILES_MATCHING PATTERN "*.hpp"
  PATTERN "*_isa.hpp" EXCLUDE)
install(DIRECTORY templates DESTINATION lib/gibbsite)
install(FILES ${commit_file} DESTINATION lib/gibbsite)
install(FILES ${GIBBSITE_INCLUDE}/gibbsite/version.hpp DESTINATION include/gibbsite)
file(WRITE ${CMAKE_BINARY_DIR}/sdk/plugin.hpp "#pragma once\n\n#include \"gibbsite/api/plugin.hpp\"\n")
install(FILES ${CMAKE_BINARY_DIR}/sdk/plugin.hpp DESTINATION include/gibbsite)
install(EXPORT gibbsite NAMESPACE gibbsite:: FILE gibbsite-targets.cmake DESTINATION lib/cmake/gibbsite)
configure_package_config_file(cmake/gibbsite-config.cmake.in
  ${CMAKE_BINARY_DIR}/gibbsite-config.cmake INSTALL_DESTINATION lib/cmake/gibbsite)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/gibbsite-config-version.cmake COMPATIBILITY ExactVersion)
install(FILES ${CMAKE_BINARY_DIR}/gibbsite-config.cmake ${CMAKE_BINARY_DIR}/gibbsite-config-version.cmake
  cmake/plugin.cmake cmake/head_comment.cmake DESTINATION lib/cmake/gibbsite)
