#include "gibbsite/io/huffman.hpp"

#include <algorithm>
#include <functional>
#include <queue>

namespace gibbsite {
namespace {

// How deep each symbol lies in the tree that joins the two rarest again and again.
std::vector<int> depths(const std::vector<std::uint64_t>& counts) {
  using Node = std::pair<std::uint64_t, std::size_t>;
  std::priority_queue<Node, std::vector<Node>, std::greater<>> rarest;
  for (std::size_t s = 0; s < counts.size(); ++s)
    if (counts[s] > 0) rarest.emplace(counts[s], s);
  std::vector<std::size_t> parent(2 * counts.size());
  std::size_t made = counts.size();
  while (rarest.size() > 1) {
    const Node a = rarest.top();
    rarest.pop();
    const Node b = rarest.top();
    rarest.pop();
    parent[a.second] = parent[b.second] = made;
    rarest.emplace(a.first + b.first, made++);
  }
  std::vector<int> depth(made, 0);
  for (std::size_t node = made - 1; node-- > 0;)
    if (node >= counts.size() || counts[node] > 0) depth[node] = depth[parent[node]] + 1;
  depth.resize(counts.size());
  return depth;
}

}  // namespace

std::vector<Code> huffman_code(std::vector<std::uint64_t> counts, int limit) {
  std::vector<int> length = depths(counts);
  while (*std::max_element(length.begin(), length.end()) > limit) {
    for (std::uint64_t& n : counts)
      if (n > 0) n = n / 2 + 1;
    length = depths(counts);
  }
  std::vector<Code> code(counts.size());
  std::uint64_t next = 0;
  for (int bits = 1; bits <= limit; ++bits, next <<= 1)
    for (std::size_t s = 0; s < counts.size(); ++s) {
      if (length[s] != bits) continue;
      code[s].length = bits;
      for (int k = 0; k < bits; ++k) code[s].bits |= (next >> k & 1) << (bits - 1 - k);
      ++next;
    }
  return code;
}

}  // namespace gibbsite
