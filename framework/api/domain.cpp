#include "gibbsite/api/domain.hpp"

#include <cmath>
#include <limits>

#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

using Kind = Domain::Kind;

bool is_inside(const Domain::Part& part, double x) {
  switch (part.kind) {
    case Kind::real:
      return std::isfinite(x);
    case Kind::rectified:
      return std::isfinite(x) && x >= 0;
    case Kind::binary:
      return x == 0 || x == 1;
    case Kind::spin:
      return x == -1 || x == 1;
    case Kind::categorical:
      break;
  }
  return x >= 0 && x < double(part.levels) && x == std::floor(x);
}

std::string part_text(const Domain::Part& part) {
  static const char* const names[] = {"real", "binary", "spin", "categorical", "rectified"};
  std::string text = std::to_string(part.count) + " " + names[int(part.kind)];
  if (part.kind == Kind::categorical) text += "(" + std::to_string(part.levels) + ")";
  return text;
}

}  // namespace

Index Domain::dim() const {
  Index sum = 0;
  for (const Part& part : parts) sum += part.count;
  return sum;
}

bool Domain::all(Kind kind) const {
  for (const Part& part : parts)
    if (part.kind != kind) return false;
  return true;
}

bool Domain::is_discrete() const {
  for (const Part& part : parts)
    if (!part.is_discrete()) return false;
  return true;
}

double Domain::log_states() const {
  if (!is_discrete()) return std::numeric_limits<double>::infinity();
  double sum = 0;
  for (const Part& part : parts) sum += double(part.count) * std::log(double(part.levels));
  return sum;
}

Domain::Part Domain::site(Index site) const {
  for (const Part& part : parts) {
    if (site < part.count) return {part.kind, 1, part.levels};
    site -= part.count;
  }
  throw Error("coordinate " + std::to_string(site) + " is outside the domain " + text());
}

Domain Domain::select(std::span<const Index> sites) const {
  Domain out;
  for (const Index i : sites) {
    const Part one = site(i);
    if (!out.parts.empty() && out.parts.back().kind == one.kind &&
        out.parts.back().levels == one.levels)
      ++out.parts.back().count;
    else
      out.parts.push_back(one);
  }
  return out;
}

std::string Domain::text() const {
  std::vector<std::string> texts;
  for (const Part& part : parts) texts.push_back(part_text(part));
  return join(texts, " + ");
}

void require_inside(const Domain& domain, const BatchView& x) {
  if (x.rows() != domain.dim())
    throw Error("needs " + std::to_string(domain.dim()) + " values per configuration, got " +
                std::to_string(x.rows()));
  // Without a branch per entry: x (x - 1) is 0 at 0 and 1 alone.
  if (domain.all(Domain::Kind::binary) && (x.array() * (x.array() - 1)).abs().sum() == 0) return;
  for (Index c = 0; c < x.cols(); ++c) {
    Index site = 0;
    for (const auto& part : domain.parts)
      for (const Index end = site + part.count; site < end; ++site)
        if (!is_inside(part, double(x(site, c))))
          throw Error("value " + number_text(double(x(site, c))) + " at coordinate " +
                      std::to_string(site) + " of configuration " + std::to_string(c) +
                      " is outside the model's domain (" + domain.text() + ")");
  }
}

}  // namespace gibbsite
