// YAML is read strictly: what could be meant in two ways is refused with its place.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <chrono>
#include <gibbsite/core/error.hpp>
#include <gibbsite/io/yaml.hpp>

#include "support/program.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// The message with which a text is refused; empty where it is accepted.
std::string refusal(const std::string& text) {
  try {
    parse_yaml(text, "s.yaml");
  } catch (const Error& fault) {
    return fault.what();
  }
  return "";
}

double seconds(const std::function<void()>& task) {
  const auto start = std::chrono::steady_clock::now();
  task();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string repeat(const std::string& text, int times) {
  std::string out;
  for (int k = 0; k < times; ++k) out += text;
  return out;
}

}  // namespace

TEST_CASE("duplicate keys are refused at the second, in block and flow style and at any depth") {
  CHECK(refusal("a: 1\nb: 2\na: 3\n") == "s.yaml:3:1: duplicate key 'a'");
  CHECK(refusal("{a: 1, b: 2, a: 3}") == "s.yaml:1:14: duplicate key 'a'");
  CHECK(refusal("x:\n  - {k: 1, 'k': 2}\n") == "s.yaml:2:12: duplicate key 'k'");
}

TEST_CASE("values, kinds and places are as written") {
  const Node root = parse_yaml("a: 1\nb: [x, 'y', \"z\"]\nc:\n  d: ~\n  e: null\n  f:\n", "s.yaml");
  REQUIRE(root.keys() == std::vector<std::string>{"a", "b", "c"});
  CHECK(root.find("a")->as_integer() == 1);
  CHECK(root.find("a")->place.text() == "s.yaml:1:4");
  CHECK_FALSE(root.find("b")->items[0].quoted);
  CHECK(root.find("b")->items[1].quoted);
  CHECK(root.find("b")->items[2].text == "z");
  CHECK(root.find("b")->items[2].place.text() == "s.yaml:2:13");
  for (const auto& entry : root.find("c")->entries) CHECK(entry.value.kind == Node::Kind::null);
  CHECK(root.find("c")->entries[2].value.place.text() == "s.yaml:6:3");
}

TEST_CASE("anchors and merge keys give what was written out") {
  const Node root = parse_yaml(
      "base: &b {p: 1, q: 2}\nmore: &m {q: 5, r: 6}\n"
      "one: {<<: *b, q: 3}\ntwo: {q: 4, <<: [*b, *m]}\ncopy: *b\n",
      "s.yaml");
  CHECK(to_flow(*root.find("one")) == "{q: 3, p: 1}");
  CHECK(to_flow(*root.find("two")) == "{q: 4, p: 1, r: 6}");
  CHECK(to_flow(*root.find("copy")) == "{p: 1, q: 2}");
  CHECK(refusal("a: {<<: 3}") == "s.yaml:1:9: <<: must be a map or a list of maps, got 3");
  CHECK(refusal("a: {<<: [3]}") == "s.yaml:1:10: <<: must be a list of maps, got 3");
}

TEST_CASE("an alias is a copy: what is done to one leaves the other alone") {
  Node root = parse_yaml("a: &a {x: 1}\nb: *a\n", "s.yaml");
  (*root.find("b"))["x"] = Node::scalar("2");
  CHECK(root.find("a")->find("x")->text == "1");
}

TEST_CASE("aliases that contain themselves or are unknown are refused") {
  CHECK(refusal("a: &a [1, *a]\n") ==
        "s.yaml:1:11: an alias to a value that contains it or comes later");
  CHECK(refusal("a: *b\nb: &b 1\n") != "");
}

TEST_CASE("an alias bomb is refused before it is built") {
  std::string bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int k = 1; k < 12; ++k) {
    const std::string one = "*a" + std::to_string(k - 1) + ", ";
    bomb += "a" + std::to_string(k) + ": &a" + std::to_string(k) + " [" + repeat(one, 8) + "*a" +
            std::to_string(k - 1) + "]\n";
  }
  std::string message;
  CHECK(seconds([&] { message = refusal(bomb); }) < 1);
  CHECK(occurrences(message, "more than 100000 values (aliases included)") == 1);
}

TEST_CASE("nesting deeper than 32 levels is refused at once, however it is written") {
  for (const auto& [open, close] : std::vector<std::pair<std::string, std::string>>{
           {"[", "]"}, {"{a: ", "}"}, {"- ", ""}, {"? ", ""}}) {
    CAPTURE(open);
    for (const int depth : {40, 100000}) {
      std::string message;
      CHECK(seconds([&] { message = refusal(repeat(open, depth) + "x" + repeat(close, depth)); }) <
            1);
      CHECK(message != "");
      CHECK(message.size() < 200);
      CHECK(occurrences(message, "nested") == 1);
    }
  }
  CHECK(refusal(repeat("[", 32) + "x" + repeat("]", 32)) == "");
  CHECK(refusal(repeat("[", 33) + "x" + repeat("]", 33)) ==
        "s.yaml:1:33: nested deeper than 32 levels");
}

TEST_CASE("text that goes on after the document is refused") {
  CHECK(refusal("a: 1\n---\nb: 2\n") ==
        "s.yaml: must hold one document; text follows the end of the first");
  CHECK(refusal("[1]\nb: 2\n") != "");
  CHECK(refusal("{a: 1} b") != "");
  CHECK(refusal("- a\nb: 1\n") != "");
  CHECK(refusal("---\na: 1\n") == "");
}

TEST_CASE("tags and keys that are no words are refused") {
  CHECK(refusal("a: !!int 1") == "s.yaml:1:4: tags are not allowed, got tag:yaml.org,2002:int");
  CHECK(occurrences(refusal("a: !!python/object/apply:os.system [ls]"), "tags are not allowed") ==
        1);
  CHECK(occurrences(refusal("a: !mine {b: 1}"), "tags are not allowed") == 1);
  CHECK(refusal("{[a]: 1}") == "s.yaml:1:2: a key must be a plain word, not a nested list or map");
  CHECK(refusal("? {a: 1}\n: 2\n") != "");
}

TEST_CASE("bytes that are no text are refused with their place") {
  CHECK(refusal(std::string("a: 1\nb: \0", 9)) == "s.yaml:2:4: not UTF-8 text (or a NUL byte)");
  CHECK(refusal("a: \xff") == "s.yaml:1:4: not UTF-8 text (or a NUL byte)");
  CHECK(refusal("a: caf\xe9\n") == "s.yaml:1:7: not UTF-8 text (or a NUL byte)");
  CHECK(refusal(std::string("\xff\xfe"
                            "a\0:\0",
                            6)) != "");
  CHECK(refusal("\ta: 1\n") != "");
}

TEST_CASE("a byte order mark, CRLF lines and other scripts are fine") {
  CHECK(parse_yaml("\xef\xbb\xbf"
                   "a: 1\r\nb: 2\r\n",
                   "s.yaml")
            .find("b")
            ->text == "2");
  CHECK(parse_yaml("a: Größe 尺寸 🎲\n", "s.yaml").find("a")->text == "Größe 尺寸 🎲");
}

TEST_CASE("an empty text is refused, an explicit nothing is read as such") {
  CHECK(refusal("") == "s.yaml: the file is empty");
  CHECK(refusal("# only a comment\n") != "");
  CHECK(parse_yaml("null", "s.yaml").kind == Node::Kind::null);
}

TEST_CASE(
    "every prefix of a good spec is read or refused with a place, and a cut never changes a "
    "value") {
  const std::string whole = text_of(GIBBSITE_SOURCE "/experiments/quickstart.yaml");
  const Node root = parse_yaml(whole, "s.yaml");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string message = refusal(whole.substr(0, size));
    if (!message.empty()) CHECK(message.starts_with("s.yaml:"));
  }
  CHECK(refusal(whole) == "");
  CHECK(root.find("gibbsite") != nullptr);
}

TEST_CASE("any change of one byte of a spec is read or refused, never worse") {
  const std::string whole = text_of(GIBBSITE_SOURCE "/experiments/quickstart.yaml");
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < whole.size(); at += 2)
    for (const char byte :
         {'\0', '\n', ' ', '{', ']', ':', '&', '*', '"', '\'', '!', '-', '\t', '\x80'}) {
      std::string changed = whole;
      changed[at] = byte;
      const std::string message = refusal(changed);
      accepted += message.empty() ? 1 : 0;
      if (!message.empty() && !message.starts_with("s.yaml:")) FAIL_CHECK(message);
    }
  CHECK(accepted > 1000);
}

TEST_CASE("files are refused by kind and size without being read") {
  const TemporaryFolder folder;
  const auto file_refusal = [](const fs::path& path) -> std::string {
    try {
      read_yaml_file(path.string());
    } catch (const Error& fault) {
      return fault.what();
    }
    return "";
  };
  CHECK(file_refusal(folder.write("good.yaml", "a: 1\n")) == "");
  CHECK(file_refusal(folder / "none") ==
        (folder / "none").string() + ": cannot be read: No such file or directory");
  CHECK(occurrences(file_refusal(folder.path()), "must be a regular file") == 1);
  CHECK(occurrences(file_refusal("/dev/zero"), "must be a regular file") == 1);
  REQUIRE(::mkfifo((folder / "fifo").c_str(), 0600) == 0);
  CHECK(occurrences(file_refusal(folder / "fifo"), "must be a regular file") == 1);
  const fs::path huge = folder.write("huge.yaml", "");
  fs::resize_file(huge, std::uintmax_t{1} << 40);  // sparse: to read it would take minutes
  CHECK(seconds([&] {
          CHECK(occurrences(file_refusal(huge), "larger than 1048576 bytes, got 1099511627776") ==
                1);
        }) < 1);
}

TEST_CASE("too many values are refused at the first too many") {
  const std::string message = refusal("[" + repeat("1,", 100001) + "1]");
  CHECK(occurrences(message, "more than 100000 values") == 1);
  CHECK(parse_yaml("[" + repeat("1,", 100001) + "1]", "s.yaml", trusted_yaml).items.size() ==
        100002);
}
