#include <doctest/doctest.h>

#include <filesystem>

#include "gibbsite/run/experiment.hpp"

using namespace gibbsite;

TEST_CASE("a relative path in a spec starts at the spec's folder, whoever reads it later") {
  Node item = Node::scalar("modules/../mine.so", true);
  item.place = {std::make_shared<const std::string>("/lab/specs/question.yaml"), 3, 5};
  CHECK(absolute_file(item) == "/lab/specs/mine.so");
  item.text = "/elsewhere/mine.so";
  CHECK(absolute_file(item) == "/elsewhere/mine.so");
  item.text = "mine.so";
  item.place = {std::make_shared<const std::string>("--set"), 0, 0};
  CHECK(absolute_file(item) == (std::filesystem::current_path() / "mine.so").string());
}
