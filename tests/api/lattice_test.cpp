#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Number of bonds at each site.
std::multiset<std::size_t> degrees(const Lattice& lattice) {
  std::multiset<std::size_t> all;
  for (const auto& around : neighbors(lattice)) all.insert(around.size());
  return all;
}

std::multiset<std::size_t> alike(std::size_t sites, std::size_t degree) {
  std::multiset<std::size_t> all;
  for (std::size_t i = 0; i < sites; ++i) all.insert(degree);
  return all;
}

// What reading an edge list of this content gives, the file's name cut from messages.
class EdgeFile {
 public:
  explicit EdgeFile(const std::string& content)
      : path_(std::filesystem::temp_directory_path() /
              ("gibbsite-edges-" + std::to_string(::getpid()) + ".txt")) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~EdgeFile() { std::filesystem::remove(path_); }
  EdgeFile(const EdgeFile&) = delete;
  EdgeFile& operator=(const EdgeFile&) = delete;
  Lattice read() const { return read_edges(path_.string()); }
  std::string refusal() const {
    const std::string text = error_of([&] { read(); });
    return text.starts_with(path_.string()) ? text.substr(path_.string().size()) : text;
  }

 private:
  std::filesystem::path path_;
};

std::string refusal(const std::string& content) { return EdgeFile(content).refusal(); }

}  // namespace

TEST_CASE("a torus has the coordination number of its lattice at every site") {
  CHECK(degrees(make_lattice("chain", {5}, true)) == alike(5, 2));
  CHECK(degrees(make_lattice("square", {3, 5}, true)) == alike(15, 4));
  CHECK(degrees(make_lattice("triangular", {4, 3}, true)) == alike(12, 6));
  CHECK(degrees(make_lattice("cubic", {3, 4, 5}, true)) == alike(60, 6));
}

TEST_CASE("open lattices have the bonds that their sides leave") {
  CHECK(make_lattice("chain", {5}, false).bonds.size() == 4);
  CHECK(make_lattice("square", {3, 5}, false).bonds.size() == 2 * 5 + 3 * 4);
  CHECK(make_lattice("triangular", {3, 5}, false).bonds.size() == 2 * 5 + 3 * 4 + 2 * 4);
  CHECK(make_lattice("cubic", {2, 3, 4}, false).bonds.size() == 12 + 2 * 2 * 4 + 2 * 3 * 3);
  CHECK(degrees(make_lattice("square", {2, 2}, false)) == alike(4, 2));
}

TEST_CASE("sites are numbered row by row and bonds lead to the next site along each axis") {
  CHECK(make_lattice("square", {2, 3}, false).bonds ==
        std::vector<Bond>{{0, 1}, {0, 3}, {1, 2}, {1, 4}, {2, 5}, {3, 4}, {4, 5}});
  CHECK(make_lattice("triangular", {2, 2}, false).bonds ==
        std::vector<Bond>{{0, 1}, {0, 2}, {0, 3}, {1, 3}, {2, 3}});
  CHECK(make_lattice("cubic", {2, 1, 2}, false).bonds ==
        std::vector<Bond>{{0, 1}, {0, 2}, {1, 3}, {2, 3}});
}

TEST_CASE("a torus has double bonds along a side of 2 and none along a side of 1") {
  CHECK(make_lattice("chain", {2}, true).bonds == std::vector<Bond>{{0, 1}, {1, 0}});
  CHECK(make_lattice("chain", {1}, true).bonds.empty());
  CHECK(make_lattice("square", {1, 4}, true).bonds.size() == 4);
  CHECK(degrees(make_lattice("square", {2, 2}, true)) == alike(4, 4));
}

TEST_CASE("only the square torus with equal sides is marked as one") {
  CHECK(make_lattice("square", {4, 4}, true).square_torus == 4);
  CHECK(make_lattice("square", {4, 4}, false).square_torus == 0);
  CHECK(make_lattice("square", {4, 5}, true).square_torus == 0);
  CHECK(make_lattice("square", {1, 1}, true).square_torus == 0);
  CHECK(make_lattice("triangular", {4, 4}, true).square_torus == 0);
}

TEST_CASE("sides that do not make a lattice are refused") {
  CHECK(error_of([] { make_lattice("square", {4}, true); }) ==
        "sides: must have 2 values for the square lattice, got 1");
  CHECK(error_of([] { make_lattice("chain", {0}, true); }) ==
        "sides: must be at least 1 each and 10^7 sites in all, got 0");
  CHECK(error_of([] {
          make_lattice("cubic", {4000, 4000, 4000000000}, true);
        }) == "sides: must be at least 1 each and 10^7 sites in all, got 4000");
}

TEST_CASE("a complete graph has every pair once, row by row") {
  CHECK(complete_graph(4).bonds ==
        std::vector<Bond>{{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}});
}

TEST_CASE("independent sets partition the sites without a bond inside a set") {
  for (const auto& [lattice, most] : {std::pair{make_lattice("square", {5, 7}, true), 5},
                                      {make_lattice("cubic", {3, 3, 3}, true), 7},
                                      {make_lattice("triangular", {6, 6}, true), 7},
                                      {make_lattice("chain", {7}, true), 3}}) {
    const auto sets = independent_sets(neighbors(lattice));
    CHECK(int(sets.size()) <= most);  // greedily at most one more than the neighbors
    std::vector<int> set_of(std::size_t(lattice.sites), -1);
    for (std::size_t k = 0; k < sets.size(); ++k)
      for (const Index i : sets[k]) {
        CHECK(set_of[std::size_t(i)] == -1);
        set_of[std::size_t(i)] = int(k);
      }
    CHECK(std::count(set_of.begin(), set_of.end(), -1) == 0);
    for (const Bond& bond : lattice.bonds)
      CHECK(set_of[std::size_t(bond.first)] != set_of[std::size_t(bond.second)]);
  }
}

TEST_CASE("a bipartite lattice falls into the two sets of a checkerboard") {
  const auto sets = independent_sets(neighbors(make_lattice("square", {4, 6}, true)));
  REQUIRE(sets.size() == 2);
  for (std::size_t k = 0; k < 2; ++k)
    for (const Index i : sets[k]) CHECK((i / 6 + i % 6) % 2 == Index(k));
  CHECK(independent_sets(neighbors(make_lattice("square", {5, 7}, false))).size() == 2);
  CHECK(independent_sets(neighbors(make_lattice("cubic", {4, 2, 6}, true))).size() == 2);
  CHECK(independent_sets(neighbors(complete_graph(6))).empty());
}

TEST_CASE("edge lists take spaces, tabs, commas, comments and a factor") {
  const Lattice lattice =
      EdgeFile("\xEF\xBB\xBF# a triangle and a tail\n0 1\r\n1,2, -0.5\n\n 2\t0 2e-1 # last\n3 , 5")
          .read();
  CHECK(lattice.sites == 6);
  CHECK(lattice.bonds == std::vector<Bond>{{0, 1}, {1, 2, -.5}, {2, 0, .2}, {3, 5}});
  CHECK(lattice.square_torus == 0);
}

TEST_CASE("edge lists are refused with file, line and value") {
  CHECK(refusal("0 1\n2\n") == ":2: must have two sites and perhaps a factor, got 1 value");
  CHECK(refusal("0 1 2 3") == ":1: must have two sites and perhaps a factor, got 4 values");
  CHECK(refusal("0 -1") == ":1: a site must be an integer in [0, 10^7), got '-1'");
  CHECK(refusal("0 1.5") == ":1: a site must be an integer in [0, 10^7), got '1.5'");
  CHECK(refusal("0,,1") == ":1: a site must be an integer in [0, 10^7), got ''");
  CHECK(refusal("0,1,") == ":1: the factor must be a finite number, got ''");
  CHECK(refusal("10000000 1") == ":1: a site must be an integer in [0, 10^7), got '10000000'");
  CHECK(refusal("# bonds\n3 3") == ":2: a bond must join two different sites, got '3' twice");
  CHECK(refusal("0 1 nan") == ":1: the factor must be a finite number, got 'nan'");
  CHECK(refusal("0 1 1e999") == ":1: the factor must be a finite number, got '1e999'");
  CHECK(refusal("0 1\n1 2\n1 0 .5\n") ==
        ":3: sites 1 and 0 were joined before, on line 1 (each bond once)");
  CHECK(refusal("# nothing\n") == ": must have at least one bond, got none");
  CHECK(error_of([] { read_edges("/nowhere/edges.txt"); }) == "/nowhere/edges.txt: no such file");
  CHECK(error_of([] { read_edges("/tmp"); }) == "/tmp: must be a regular file");
}
