# gibbsite_add_plugin(KIND FILE): one source file becomes one module per precision, named as the
# file and found by the program under lib/gibbsite/<precision>/<kind>/. The comment at the head of
# the file goes with it.
function(gibbsite_add_plugin kind file)
  cmake_path(GET file STEM name)
  foreach(precision double single)
    set(target ${kind}_${name}_${precision})
    set(comment ${CMAKE_CURRENT_BINARY_DIR}/${target}_comment.cpp)
    cmake_path(ABSOLUTE_PATH file OUTPUT_VARIABLE source)
    add_custom_command(OUTPUT ${comment} DEPENDS ${source} VERBATIM
      COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DOUT=${comment}
        -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/head_comment.cmake)
    set_source_files_properties(${comment} PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
    add_library(${target} MODULE ${file} ${comment})
    target_link_libraries(${target} PRIVATE gibbsite::${precision})
    set_target_properties(${target} PROPERTIES
      PREFIX "" OUTPUT_NAME ${name} CXX_VISIBILITY_PRESET hidden
      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/gibbsite/${precision}/${kind})
    target_link_options(${target} PRIVATE -Wl,-z,defs)
    if(TARGET gibbsite_flags)
      target_link_libraries(${target} PRIVATE gibbsite_flags)
      target_precompile_headers(${target} REUSE_FROM sdk_${precision})
      set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/../../.." BUILD_WITH_INSTALL_RPATH ON)
      add_dependencies(complete_${precision} ${target})
      install(TARGETS ${target} LIBRARY DESTINATION lib/gibbsite/${precision}/${kind})
    endif()
  endforeach()
endfunction()
