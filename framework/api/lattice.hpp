// Which sites interact: regular lattices and edge lists.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/api/fields.hpp"

namespace gibbsite {

/// Two different sites that interact; a model's coupling is multiplied by `factor`.
struct Bond {
  Index first = 0;
  Index second = 0;
  double factor = 1;
  bool operator==(const Bond&) const = default;
};

/// Sites 0 … sites - 1 and their bonds, each listed once.
struct GIBBSITE_API Lattice {
  Index sites = 0;
  std::vector<Bond> bonds;
  /// L of an L x L torus of the square lattice with L >= 2, else 0.
  Index square_torus = 0;
};

/// The lattice `kind` with the given number of sites along each axis; sites are numbered row by
/// row (the last axis fastest), and bonds lead to the next site along each axis:
/// `chain` 1 side, `square` 2, `cubic` 3, `triangular` 2 with a further bond along (+1, +1).
/// A torus wraps around: its sides of 2 have two bonds between the same sites, and its sides of 1
/// none (a site does not interact with itself). Throws Error for another number of sides, a side
/// below 1 or more than 10^7 sites.
GIBBSITE_API Lattice make_lattice(const std::string& kind, const std::vector<Index>& sides,
                                  bool torus);

/// Every pair i < j of `sites` sites, row by row: (0, 1), (0, 2) … (1, 2) ….
GIBBSITE_API Lattice complete_graph(Index sites);

/// Reads a text file with a bond `i j` or `i j factor` per line, separated by spaces, tabs or
/// commas; sites count from 0, and there is one more than the largest number. Empty lines and what
/// follows a # are skipped. Throws Error `file:line: …` for anything else, and for a pair that was
/// given before, in whatever order.
GIBBSITE_API Lattice read_edges(const std::string& path);

/// One end of a bond as seen from the other.
struct Neighbor {
  Index site = 0;
  Index bond = 0;
};
/// For each site the other ends of its bonds, in the order of the bonds.
GIBBSITE_API std::vector<std::vector<Neighbor>> neighbors(const Lattice& lattice);

/// Sites without bonds among each other, greedily (breadth first, least free colour): two sets
/// where the lattice is bipartite, a checkerboard. Empty where no set has two sites.
GIBBSITE_API std::vector<std::vector<Index>> independent_sets(
    const std::vector<std::vector<Neighbor>>& neighbors);

/// The fields by which a spec chooses a lattice.
struct GIBBSITE_API LatticeFields {
  std::string lattice = "square", boundary = "torus", edges;
  std::vector<Index> sides;

  void declare(Fields& f);
  /// Throws Error, beginning with `subject`, where the fields do not name one lattice.
  Lattice build(const std::string& subject) const;
};

}  // namespace gibbsite
