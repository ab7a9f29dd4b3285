#include "gibbsite/api/lattice.hpp"

#include <algorithm>
#include <map>

namespace gibbsite {
namespace {

constexpr Index most_sites = 10'000'000;

struct Shape {
  std::size_t axes;
  std::vector<std::vector<Index>> steps;  ///< from a site to the next, one per bond
};

const std::map<std::string, Shape>& shapes() {
  static const std::map<std::string, Shape> all = {
      {"chain", {1, {{1}}}},
      {"square", {2, {{0, 1}, {1, 0}}}},
      {"triangular", {2, {{0, 1}, {1, 0}, {1, 1}}}},
      {"cubic", {3, {{0, 0, 1}, {0, 1, 0}, {1, 0, 0}}}},
  };
  return all;
}

// The number of the site one step on; -1 beyond an open edge.
Index next_site(Index site, const std::vector<Index>& sides, const std::vector<Index>& step,
                bool torus) {
  Index next = 0, stride = 1;
  for (std::size_t axis = sides.size(); axis-- > 0;) {
    Index at = site % sides[axis] + step[axis];
    site /= sides[axis];
    if (at == sides[axis]) {
      if (!torus) return -1;
      at = 0;
    }
    next += at * stride;
    stride *= sides[axis];
  }
  return next;
}

}  // namespace

Lattice make_lattice(const std::string& kind, const std::vector<Index>& sides, bool torus) {
  const auto found = shapes().find(kind);
  if (found == shapes().end()) throw Error("unknown lattice '" + kind + "'");
  const Shape& shape = found->second;
  if (sides.size() != shape.axes)
    throw Error("sides: must have " + std::to_string(shape.axes) + " values for the " + kind +
                " lattice, got " + std::to_string(sides.size()));
  Lattice lattice{.sites = 1, .bonds = {}};
  for (const Index side : sides) {
    if (side < 1 || side > most_sites / lattice.sites)
      throw Error("sides: must be at least 1 each and 10^7 sites in all, got " +
                  std::to_string(side));
    lattice.sites *= side;
  }
  for (Index site = 0; site < lattice.sites; ++site)
    for (const auto& step : shape.steps) {
      const Index next = next_site(site, sides, step, torus);
      if (next >= 0 && next != site) lattice.bonds.push_back({site, next});
    }
  if (kind == "square" && torus && sides[0] == sides[1] && sides[0] > 1)
    lattice.square_torus = sides[0];
  return lattice;
}

Lattice complete_graph(Index sites) {
  Lattice lattice{.sites = sites, .bonds = {}};
  for (Index i = 0; i < sites; ++i)
    for (Index j = i + 1; j < sites; ++j) lattice.bonds.push_back({i, j});
  return lattice;
}

std::vector<std::vector<Neighbor>> neighbors(const Lattice& lattice) {
  std::vector<std::vector<Neighbor>> all(std::size_t(lattice.sites));
  for (std::size_t b = 0; b < lattice.bonds.size(); ++b) {
    const Bond& bond = lattice.bonds[b];
    all[std::size_t(bond.first)].push_back({bond.second, Index(b)});
    all[std::size_t(bond.second)].push_back({bond.first, Index(b)});
  }
  return all;
}

std::vector<std::vector<Index>> independent_sets(
    const std::vector<std::vector<Neighbor>>& neighbors) {
  const std::size_t sites = neighbors.size();
  std::vector<Index> color(sites, -1), queue;
  std::vector<bool> reached(sites, false);
  Index colors = 0;
  for (std::size_t start = 0; start < sites; ++start) {
    if (reached[start]) continue;
    queue.assign(1, Index(start));
    reached[start] = true;
    for (std::size_t at = 0; at < queue.size(); ++at) {
      const auto& around = neighbors[std::size_t(queue[at])];
      std::vector<bool> taken(around.size() + 1, false);
      for (const Neighbor& other : around) {
        const Index c = color[std::size_t(other.site)];
        if (c >= 0 && c < Index(taken.size())) taken[std::size_t(c)] = true;
        if (!reached[std::size_t(other.site)]) queue.push_back(other.site);
        reached[std::size_t(other.site)] = true;
      }
      const Index free = std::find(taken.begin(), taken.end(), false) - taken.begin();
      color[std::size_t(queue[at])] = free;
      colors = std::max(colors, free + 1);
    }
  }
  if (colors == Index(sites)) return {};
  std::vector<std::vector<Index>> sets(static_cast<std::size_t>(colors));
  for (std::size_t i = 0; i < sites; ++i) sets[std::size_t(color[i])].push_back(Index(i));
  return sets;
}

void LatticeFields::declare(Fields& f) {
  f.choice("lattice", lattice, {"square", "triangular", "cubic", "chain"},
           "the regular lattice; triangular is square with a further bond along (+1, +1)");
  f.integers("sides", sides, "number of sites along each axis; 1 value serves for all",
             {.minimum = 1, .maximum = 1e7, .unset = "given by edges"});
  f.choice("boundary", boundary, {"torus", "open"},
           "torus wraps around (a side of 2 then has two bonds per pair), open ends");
  f.file("edges", edges,
         "instead of sides: a text file with a bond 'i j' or 'i j factor' per line, each pair "
         "once, sites counted from 0",
         {.unset = "a regular lattice"});
}

Lattice LatticeFields::build(const std::string& subject) const {
  if (sides.empty() == edges.empty())
    throw Error(subject + ": sides: must be given, or else edges, not both");
  if (sides.empty()) return read_edges(edges);
  std::vector<Index> all = sides;
  if (all.size() == 1) all.resize(shapes().at(lattice).axes, all[0]);
  try {
    return make_lattice(lattice, all, boundary == "torus");
  } catch (const Error& error) {
    throw Error(subject + ": " + error.what());
  }
}

}  // namespace gibbsite
