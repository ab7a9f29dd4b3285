// A static reference of every registered plugin in HTML, from what `help` prints.
#include <filesystem>

#include "gibbsite/cli/engine/describe.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/io/loader.hpp"
#include "gibbsite/run/data.hpp"
#include "gibbsite/run/sections.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string page(const std::string& title, const std::string& body) {
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>" +
         escaped(title) +
         "</title>\n<style>body{font-family:sans-serif;max-width:60em;margin:2em auto;padding:0 "
         "1em;"
         "line-height:1.4}table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;"
         "padding:.3em .8em;border-bottom:1px solid #ccc}pre{background:#f4f4f4;padding:1em}"
         "</style></head><body>\n<h1>" +
         escaped(title) + "</h1>\n" + body + "</body></html>\n";
}

std::string paragraph(const std::string& head, const std::string& text) {
  return text.empty() ? "" : "<p><b>" + head + "</b> " + escaped(text) + "</p>\n";
}

// The head of the plugin's source, with its equation.
std::string explanation(const Entry& entry) {
  const std::string comment = comment_of_module(entry.module);
  return comment.empty() ? "" : "<pre>" + escaped(comment) + "</pre>\n";
}

std::string table_of(const Describer& fields) {
  if (fields.items().empty()) return "<p>none</p>\n";
  std::string out = "<table><tr><th>name</th><th>type</th><th>default</th><th>meaning</th></tr>\n";
  for (const auto& item : fields.items())
    out += "<tr><td><code>" + escaped(item.field.name) + "</code></td><td>" +
           escaped(item.type + (limits(item).empty() ? "" : ", " + limits(item))) + "</td><td>" +
           escaped(default_text(item)) + "</td><td>" + escaped(item.field.documentation) +
           "</td></tr>\n";
  return out + "</table>\n";
}

// The plugin with all its defaults, where a spec has plugins of its kind.
std::string example(const Entry& entry, const Describer& fields) {
  std::string own = "{name: " + entry.name;
  for (const auto& item : fields.items()) {
    if (item.field.rule.required)
      own += ", " + item.field.name + ": ...";
    else if (item.default_value && item.field.rule.unset.empty() && item.type != "plugin" &&
             item.type != "list of plugins")
      own += ", " + item.field.name + ": " + to_flow(*item.default_value);
  }
  own += "}\n";
  switch (entry.kind) {
    case Kind::model:
      return "model: " + own + "sample: {}\n";
    case Kind::dataset:
      return "data: " + own + "model: {...}\n";
    case Kind::sampler:
      return "model: {...}\nsample:\n  sampler: " + own;
    case Kind::gradient:
      return "data: {...}\nmodel: {...}\ntrain:\n  updates: 1000\n  gradient: " + own;
    case Kind::optimizer:
      return "data: {...}\nmodel: {...}\ntrain:\n  updates: 1000\n  gradient: {...}\n  "
             "optimizer: " +
             own;
    case Kind::evaluation:
      return "model: {...}\nevaluate:\n  - " + own;
  }
  return own;
}

std::string plugin_page(const Entry& entry) {
  Describer own, common;
  entry.fields(own);
  common_fields(entry.kind, common);
  const std::string kind(kind_name(entry.kind));
  std::string body =
      "<p><a href=\"../index.html\">all plugins</a></p>\n<p>" + escaped(entry.summary) + "</p>\n" +
      explanation(entry) + paragraph("Reference:", entry.reference) +
      paragraph("Abilities:", join(entry.capabilities)) +
      paragraph("Needs a model with:", join(entry.needs)) + "<h2>Parameters</h2>\n" + table_of(own);
  if (!common.items().empty())
    body += "<h2>Parameters of every " + kind + "</h2>\n" + table_of(common);
  body += "<h2>In a spec</h2>\n<pre>gibbsite: 1\nname: example\n" + escaped(example(entry, own)) +
          "</pre>\n";
  return page(kind + " " + entry.name, body);
}

}  // namespace

int write_docs(const std::string& folder, Registry& registry) {
  std::string body;
  std::size_t count = 0;
  for (const Kind kind : all_kinds) {
    const std::string name(kind_name(kind));
    make_folder(fs::path(folder) / name);
    body += "<h2>" + name + "</h2>\n<table>\n";
    for (const std::string& plugin : registry.names(kind)) {
      const Entry* entry = registry.find(kind, plugin);
      if (entry == nullptr) continue;
      write_file(fs::path(folder) / name / (plugin + ".html"), plugin_page(*entry));
      body += "<tr><td><a href=\"" + name + "/" + plugin + ".html\">" + plugin + "</a></td><td>" +
              escaped(entry->summary) + "</td></tr>\n";
      ++count;
    }
    body += "</table>\n";
  }
  const fs::path index = fs::path(folder) / "index.html";
  write_file(index, page("Gibbsite: plugins", body));
  std::printf("%zu plugins: %s\n", count, index.c_str());
  return 0;
}

}  // namespace gibbsite
