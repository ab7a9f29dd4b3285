// The files that a page is made of, embedded when the program is built.
#pragma once

#include <string_view>

namespace gibbsite {

/// report.html: a page with {{name}} where a text belongs.
std::string_view page_template();
/// report.js: what fills the page in.
std::string_view page_program();
/// The plotting library Chart.js; empty where its package was missing when the build was
/// configured.
std::string_view page_library();

}  // namespace gibbsite
