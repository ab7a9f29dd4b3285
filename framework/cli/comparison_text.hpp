// A comparison as text: for people, papers and programs.
#pragma once

#include <string>

#include "gibbsite/cli/table.hpp"
#include "gibbsite/core/node.hpp"
#include "gibbsite/run/comparison.hpp"

namespace gibbsite {

/// Aligned columns, or aligned rows where these are few and the columns many; the notes below.
std::string comparison_text(const Comparison& table);
/// The rows of it, without the notes.
TextTable comparison_sheet(const Comparison& table);
/// The notes, which call the marks of the best and of what is like it by these names.
std::vector<std::string> comparison_notes(const Comparison& table, const std::string& best,
                                          const std::string& like_best);
/// A table of GitHub's Markdown: the best bold, what cannot be told from it in italics.
std::string comparison_markdown(const Comparison& table);
/// A tabular for the package booktabs: the best bold, what cannot be told from it underlined; the
/// notes are comments.
std::string comparison_latex(const Comparison& table);

/// One line per row with every number in full (RFC 4180); empty where there is none.
std::string comparison_csv(const Comparison& table);
/// The same as a tree, with the notes.
Node comparison_node(const Comparison& table);

/// "-18.07 ± 0.12", "61.24 [61.01, 61.60]" or "4810": `mean` rounded to two digits of its interval.
std::string rounded(const Mean& mean);

}  // namespace gibbsite
