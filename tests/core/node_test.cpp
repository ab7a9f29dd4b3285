// Scalars are read one way only, and trees survive being written and read.
#include <doctest/doctest.h>

#include <bit>
#include <gibbsite/core/error.hpp>
#include <gibbsite/core/node.hpp>
#include <gibbsite/io/json.hpp>
#include <gibbsite/io/yaml.hpp>
#include <limits>

using namespace gibbsite;

namespace {

std::optional<double> real(const std::string& text) { return Node::scalar(text).as_real(); }
std::optional<std::int64_t> integer(const std::string& text) {
  return Node::scalar(text).as_integer();
}
std::optional<std::uint64_t> natural(const std::string& text) {
  return Node::scalar(text).as_unsigned();
}

// Equal for every reader: kinds, texts, and what a scalar is as a number or truth value.
bool same(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.items.size() != b.items.size() || a.entries.size() != b.entries.size())
    return false;
  if (a.is_scalar() && (a.text != b.text || a.as_real() != b.as_real() ||
                        a.as_boolean() != b.as_boolean() || a.as_unsigned() != b.as_unsigned()))
    return false;
  for (std::size_t k = 0; k < a.items.size(); ++k)
    if (!same(a.items[k], b.items[k])) return false;
  for (std::size_t k = 0; k < a.entries.size(); ++k)
    if (a.entries[k].key != b.entries[k].key || !same(a.entries[k].value, b.entries[k].value))
      return false;
  return true;
}

const std::vector<std::string> hostile = {"why?",
                                          "a?b, c",
                                          "",
                                          " ",
                                          "a b",
                                          " lead",
                                          "trail ",
                                          "a: b",
                                          "a:",
                                          ":a",
                                          "a #b",
                                          "#a",
                                          "-",
                                          "- a",
                                          "--- ",
                                          "---",
                                          "...",
                                          "?",
                                          "? a",
                                          "!a",
                                          "!!int",
                                          "&a",
                                          "*a",
                                          "%a",
                                          "@a",
                                          "`a",
                                          "|",
                                          ">",
                                          "[",
                                          "]",
                                          "{",
                                          "}",
                                          ",",
                                          "a,b",
                                          "[a]",
                                          "{a: b}",
                                          "'",
                                          "''",
                                          "it's",
                                          "\"",
                                          "\"\"",
                                          "\\",
                                          "\\n",
                                          "a\\tb",
                                          "\n",
                                          "a\nb",
                                          "a\n",
                                          "\t",
                                          "\r",
                                          "a\r\nb",
                                          "\x01",
                                          "\x1b[31m",
                                          "\x7f",
                                          "null",
                                          "Null",
                                          "NULL",
                                          "~",
                                          "true",
                                          "True",
                                          "TRUE",
                                          "false",
                                          "yes",
                                          "No",
                                          "on",
                                          "y",
                                          "1",
                                          "-1",
                                          "+1",
                                          "1.5",
                                          "1e3",
                                          "1e400",
                                          "010",
                                          "0x10",
                                          "0o7",
                                          "1_000",
                                          ".5",
                                          "5.",
                                          ".nan",
                                          ".inf",
                                          "-.inf",
                                          ".NaN",
                                          "inf",
                                          "nan",
                                          "18446744073709551615",
                                          "18446744073709551616",
                                          "2026-11-22",
                                          "12:30:45",
                                          "<<",
                                          "=",
                                          "Größe",
                                          "尺寸",
                                          "🎲",
                                          "\xc2\x85",
                                          "\xe2\x80\xa8",
                                          "\xef\xbb\xbf",
                                          "a\xef\xbb\xbf",
                                          "\xc2\xa0",
                                          "key: [1, 2] # no",
                                          "a:b",
                                          "http://x/y#z"};

}  // namespace

TEST_CASE("integers are plain decimals in range, nothing else") {
  CHECK(integer("0") == 0);
  CHECK(integer("10") == 10);
  CHECK(integer("-7") == -7);
  CHECK(integer("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  CHECK(integer("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  for (const char* text :
       {"",    "-",    "+",   "010",   "-010",  "00", "0x10", "0o10",
        "1e3", "1.0",  "12.", "1_000", "1,000", " 1", "1 ",   "9223372036854775808",
        "1a",  "true", "--1", "+-1",   "１"}) {
    CAPTURE(text);
    CHECK_FALSE(integer(text).has_value());
  }
  CHECK_FALSE(Node::scalar("12", true).as_integer().has_value());
  CHECK_FALSE(Node::list({}).as_integer().has_value());
}

TEST_CASE("seeds go up to 2^64 - 1 and never below 0") {
  CHECK(natural("18446744073709551615") == ~std::uint64_t{0});
  for (const char* text :
       {"-1", "-0", "18446744073709551616", "010", "1e3", "1.0", "", "+1", "0x1"}) {
    CAPTURE(text);
    CHECK_FALSE(natural(text).has_value());
  }
}

TEST_CASE("reals are finite decimals; overflow, underflow and other notations are no numbers") {
  CHECK(real("0.1") == .1);
  CHECK(real("1e3") == 1000);
  CHECK(real("1E-3") == .001);
  CHECK(real("-2.5e+10") == -2.5e10);
  CHECK(real(".5") == .5);
  CHECK(real("5.") == 5);
  CHECK(real("10") == 10);
  CHECK(real("+3") == 3);
  CHECK(real("5e-324") == 5e-324);
  CHECK(real("1.7976931348623157e308") == std::numeric_limits<double>::max());
  CHECK(real("-0").has_value());
  for (const char* text :
       {"1e400", "-1e400", "1e-400", ".inf",  "-.inf", ".nan", "inf",   "nan", "infinity", "NaN",
        "0x10",  "0x1p3",  "010",    "1_000", "1,5",   "",     "-",     "+",   ".",        "-.",
        "e3",    "1e",     "1e+",    "1 ",    " 1",    "1f",   "1.2.3", "+-5", "--5",      "++5"}) {
    CAPTURE(text);
    CHECK_FALSE(real(text).has_value());
  }
  CHECK_FALSE(Node::scalar("1.5", true).as_real().has_value());
}

TEST_CASE("truth is true or false and nothing else") {
  CHECK(Node::scalar("true").as_boolean() == true);
  CHECK(Node::scalar("false").as_boolean() == false);
  for (const char* text : {"True", "TRUE", "yes", "on", "y", "1", "0", "no", ""})
    CHECK_FALSE(Node::scalar(text).as_boolean().has_value());
  CHECK_FALSE(Node::scalar("true", true).as_boolean().has_value());
}

TEST_CASE("numbers written by the program read back as the same bits") {
  for (const double value : {0., -0., .1, 1. / 3, 5e-324, 1e308, -1e-300, 1e22, 123456789., 2e-7})
    CHECK(std::bit_cast<std::uint64_t>(*Node::of(value).as_real()) ==
          std::bit_cast<std::uint64_t>(value));
  CHECK(number_text(std::numeric_limits<double>::infinity()) == ".inf");
  CHECK(number_text(-std::numeric_limits<double>::infinity()) == "-.inf");
  CHECK(number_text(std::numeric_limits<double>::quiet_NaN()) == ".nan");
}

TEST_CASE("hostile texts survive as values and keys, in block and flow style") {
  for (const std::string& text : hostile) {
    CAPTURE(text);
    Node root = Node::map();
    root["value"] = Node::scalar(text, true);
    root["list"] = Node::list({Node::scalar(text, true), Node::list({Node::scalar(text, true)})});
    if (!text.empty() && text != "<<") root["keys"][text] = Node::scalar("v", true);
    for (const std::string& yaml : {to_yaml(root), to_flow(root)}) {
      CAPTURE(yaml);
      Node read;
      CHECK_NOTHROW(read = parse_yaml(yaml, "written"));
      CHECK(same(root, read));
    }
  }
}

TEST_CASE("trees survive in any shape, and writing what was read changes nothing") {
  for (const char* text : {"{}", "[]", "{a: {}, b: [], c: [[], {}]}", "a: {b: {c: {d: 1}}}",
                           "[[1, [2, {x: 3}]], {y: [4]}]", "a: null", "- - - 1\n- {}\n",
                           "a:\n  - {b: 1, c: [1, 2]}\n  - 3\n"}) {
    const Node root = parse_yaml(text, "s");
    CAPTURE(to_yaml(root));
    CHECK(same(root, parse_yaml(to_yaml(root), "block")));
    CHECK(same(root, parse_yaml(to_flow(root), "flow")));
    CHECK(to_yaml(parse_yaml(to_yaml(root), "again")) == to_yaml(root));
    CHECK(to_flow(root).find('\n') == std::string::npos);
  }
}

TEST_CASE("what a message shows of a value is short and one line") {
  CHECK(Node::scalar("abc").shown() == "abc");
  CHECK(Node::scalar("12", true).shown() == "'12'");
  CHECK(Node::scalar("").shown() == "''");
  CHECK(Node().shown() == "nothing");
  CHECK(Node::list({Node()}).shown() == "a list of 1");
  CHECK(Node::map().shown() == "a map");
  CHECK(Node::scalar("a\n\x1b[31m").shown() == "a??[31m");
  CHECK(Node::scalar(std::string(1000, 'x')).shown().size() < 70);
}

TEST_CASE("JSON has numbers only in JSON's own notation, and every text escaped") {
  const auto json = [](const std::string& text, bool quoted = false) {
    return to_json(Node::scalar(text, quoted));
  };
  CHECK(json("1.5") == "1.5");
  CHECK(json("-3") == "-3");
  CHECK(json("1e-7") == "1e-7");
  CHECK(json("true") == "true");
  CHECK(json(".nan") == "null");
  CHECK(json("12", true) == "\"12\"");
  CHECK(json("a\"b\\c\n\t\x01", true) == R"("a\"b\\c\n\u0009\u0001")");
  for (const char* text : {"+1", ".5", "5.", "-.5"}) {
    CAPTURE(text);
    CHECK(json(text) != text);
  }
  CHECK(to_json(Node()) == "null");
  CHECK(to_json(Node::map()) == "{}");
}

TEST_CASE("the nearest known name is offered where it is near") {
  CHECK(known_names("stpes", {"steps", "chains"}) ==
        " (did you mean 'steps'; known: steps, chains)");
  CHECK(known_names("xyzzy", {"steps", "chains"}) == " (known: steps, chains)");
  CHECK(known_names("a", {}) == " (known: none)");
  CHECK(known_names(std::string(100000, 'a'), {"a"}) == " (known: a)");
}
