#include "gibbsite/cli/page.hpp"

// Bytes of a file between two symbols; CMake names the files and rebuilds where they change.
#define GIBBSITE_EMBED(name, file)                                         \
  asm(".pushsection .rodata\n" name "_begin:\n.incbin \"" file "\"\n" name \
      "_end:\n.byte 0\n"                                                   \
      ".popsection\n")

GIBBSITE_EMBED("gibbsite_page_template", GIBBSITE_PAGE_TEMPLATE);
GIBBSITE_EMBED("gibbsite_page_program", GIBBSITE_PAGE_PROGRAM);
#ifdef GIBBSITE_PAGE_LIBRARY
GIBBSITE_EMBED("gibbsite_page_library", GIBBSITE_PAGE_LIBRARY);
#endif

extern "C" {
extern const char gibbsite_page_template_begin[], gibbsite_page_template_end[];
extern const char gibbsite_page_program_begin[], gibbsite_page_program_end[];
extern const char gibbsite_page_library_begin[], gibbsite_page_library_end[];
}

namespace gibbsite {

std::string_view page_template() {
  return {gibbsite_page_template_begin, gibbsite_page_template_end};
}

std::string_view page_program() { return {gibbsite_page_program_begin, gibbsite_page_program_end}; }

std::string_view page_library() {
#ifdef GIBBSITE_PAGE_LIBRARY
  return {gibbsite_page_library_begin, gibbsite_page_library_end};
#else
  return {};
#endif
}

}  // namespace gibbsite
