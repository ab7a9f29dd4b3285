// The quick readers of the program's own files: what they read is what was written, or nothing.
#include <doctest/doctest.h>

#include <gibbsite/core/random.hpp>
#include <gibbsite/io/yaml.hpp>

using namespace gibbsite;

namespace {

// A tree of values that careless writers and readers confuse.
Node any_node(Stream random, int depth) {
  static const std::vector<std::string> texts = {
      "a", "",    "null", "true", "1e5", "x y", "a: b", "a,b",  "a, b", "#c", "\"q\"", "\\",
      "~", "-",   "?",    "{",    "]",   "'s'", "a#b",  "\n\t", "\x01", "k:", ":k",    "é",
      "0", "yes", "- a",  "*x",   "&x",  "!t",  "%d",   "@a",   "`",    "a ", " a"};
  const auto draws = random.uniform(3);
  const int kind = depth > 3 ? 0 : int(draws(0) * 4);
  const auto count = std::uint64_t(draws(1) * 4);
  if (kind == 2) {
    Node list = Node::list({});
    for (std::uint64_t k = 0; k < count; ++k)
      list.items.push_back(any_node(random.split("item").at(k), depth + 1));
    return list;
  }
  if (kind == 3) {
    Node map = Node::map();
    for (std::uint64_t k = 0; k < count; ++k)
      map[texts[std::size_t(random.split("key").at(k).uniform(1)(0) * double(texts.size()))]] =
          any_node(random.split("value").at(k), depth + 1);
    return map;
  }
  if (kind == 1) return draws(2) < 0.2 ? Node() : Node::of(draws(2) * 1e6 - 5e5);
  return Node::scalar(texts[std::size_t(draws(2) * double(texts.size()))], true);
}

}  // namespace

TEST_CASE("a flow text is read as the YAML library reads it, or left to that") {
  int read = 0;
  for (std::uint64_t k = 0; k < 3000; ++k) {
    const Node node = any_node(Stream(3).at(k), 0);
    const std::string text = to_flow(node);
    CAPTURE(text);
    const auto own = parse_own_flow(text);
    REQUIRE(own);
    CHECK(to_flow(*own) == text);
    ++read;
    if (k % 10 == 0 && text != "null") CHECK(to_flow(parse_yaml(text, "t")) == text);
  }
  CHECK(read == 3000);
  for (const char* other : {"{a: 1", "{a: 1}x", "[1,2]", "{a:1}", "a: b", "'a'", "\"a", "&x 1",
                            "{a: \"\\q\"}", "{a: \"\\x0\"}", "", "[[1]", "{: 1}", "# c"})
    CHECK_FALSE(parse_own_flow(other));
  CHECK_FALSE(parse_own_flow(std::string(100, '[')));
}

TEST_CASE("a map in block style is read as the YAML library reads it, or left to that") {
  const std::string text =
      "status: complete\nseconds: 0.5\nheadline:\n  a.b: 1e-3\n  c: .nan\nmade_by:\n"
      "  engine: 0123abc\n  model rbm: \"123456789012\"\nerror: \"a: b\\n\\\"c\\\"\"\n";
  const auto own = parse_own_map(text);
  REQUIRE(own);
  CHECK(to_flow(*own) == to_flow(parse_yaml(text, "t")));
  CHECK(own->find("headline")->find("a.b")->as_real() == 1e-3);
  CHECK(own->find("made_by")->find("model rbm")->quoted);
  CHECK(own->find("error")->text == "a: b\n\"c\"");
  CHECK(parse_own_map("headline: {}\n")->find("headline")->is_map());
  for (const char* other :
       {"- a\n", "a: [1, 2]\n", "a:\n  b:\n    c: 1\n", "  a: 1\n", "a: 1\n  b: 2\n", "\"a\": 1\n",
        "a: {b: 1}\n", "a: |\n  text\n", "a\n", "a: 'x'\n", "a: b # c\n", "a: b: c\n"}) {
    CAPTURE(other);
    CHECK_FALSE(parse_own_map(other));
  }
}
