// Hamming ball sampler (Titsias & Yau 2017, J. Am. Stat. Assoc. 112:1598).
//   B: b coordinates drawn at random;  H_m(x): every x' that differs from x in at most m of the
//   coordinates of B and nowhere else;
//   u ~ uniform on H_m(x),  x' ~ π restricted to H_m(u).
// As u ∈ H_m(x) and x ∈ H_m(u) are one condition and all balls of one B are of one size, this is
// a Gibbs step of π(x) / |H_m| on {(x, u)}: exact, whatever π. With m = b it draws the block B from
// its law given the rest. It needs energies alone, |H_m| = Σ_{j<=m} C(b, j) (K - 1)^j per update
// where all coordinates have K states.
#include <cmath>
#include <gibbsite/api/single_changes.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

constexpr double most_points = 1 << 20;
constexpr double most_numbers = 1 << 24;
constexpr Index slice = 1024;  // configurations whose energies are asked for at once

class HammingBall final : public Sampler {
 public:
  struct Params {
    std::optional<Index> block;
    Index radius = 1;
    Index updates = 1;

    void fields(Fields& f) {
      f.integer("block", block, "number b of coordinates drawn for an update",
                {.minimum = 1, .maximum = 1e6, .unset = "10, or all where there are fewer"});
      f.count("radius", radius, "radius m of the balls, in coordinates; at most the block");
      f.count("updates", updates, "balls per step, each at the cost of its size in energies");
    }
  };

  HammingBall(const Params& p, const Context& c)
      : model_(*c.model),
        changes_(model_.domain(), c.subject),
        block_(p.block.value_or(std::min<Index>(10, model_.dim()))),
        radius_(p.radius),
        updates_(p.updates) {
    if (block_ > model_.dim())
      throw Error(c.subject + ": block: must be at most the number of coordinates, " +
                  std::to_string(model_.dim()) + ", got " + std::to_string(block_));
    if (radius_ > block_)
      throw Error(c.subject + ": radius: must be at most block, " + std::to_string(block_) +
                  ", got " + std::to_string(radius_));
    if (const double size = largest_ball(); size > most_points)
      throw Error(c.subject + ": radius: must give balls of at most 2^20 states, got " +
                  number_text(size));
    else if (size * double(block_) > most_numbers)
      throw Error(c.subject + ": radius: must give balls of at most 2^24 numbers, states times " +
                  "block, got " + number_text(size * double(block_)));
  }

  std::vector<Statistic> statistics() const override { return {{"hop_distance"}}; }
  bool is_reversible() const override { return true; }

 private:
  double largest_ball() const {
    Index levels = 2;
    for (Index i = 0; i < changes_.sites(); ++i) levels = std::max(levels, changes_.levels(i));
    double size = 0, shell = 1;  // shell: C(b, j) (K - 1)^j
    for (Index j = 0; j <= radius_; ++j) {
      size += shell;
      shell *= double(block_ - j) / double(j + 1) * double(levels - 1);
    }
    return size;
  }

  void do_step(Chains& now, Stream random) const override {
    const Batch before = now.x;
    for (Index c = 0; c < now.x.cols(); ++c) {
      Stream own = random.chains_from(c);
      for (Index n = 0; n < updates_; ++n) update(now.x.col(c), own);
    }
    now.statistics.row(0) = hop_distance(before, now.x);
  }

  void update(Eigen::Ref<Vector> x, Stream& random) const {
    const std::vector<Index> sites = draw_block(random);
    const Batch around_x = ball(x(sites), sites);
    const Vector u = around_x.col(random.below(around_x.cols(), 1)(0));
    const Batch around_u = ball(u, sites);
    Eigen::ArrayXd log_weights = log_probabilities(x, sites, around_u);
    if (!any_weight(log_weights)) return;
    const Index chosen = choose(log_weights, random);
    x(sites) = around_u.col(chosen);
  }

  // The first b of a shuffle.
  std::vector<Index> draw_block(Stream& random) const {
    std::vector<Index> sites = all_sites(changes_.sites());
    if (block_ == changes_.sites()) return sites;
    for (Index k = 0; k < block_; ++k)
      std::swap(sites[std::size_t(k)],
                sites[std::size_t(k + random.below(changes_.sites() - k, 1)(0))]);
    sites.resize(std::size_t(block_));
    return sites;
  }

  // Every point of the ball around `centre`, in the coordinates of the block alone: b x points.
  Batch ball(const Vector& centre, const std::vector<Index>& sites) const {
    std::vector<Vector> points = {centre};
    std::vector<Index> changed = {0}, next = {0};  // per point: changes made, coordinate to be next
    for (std::size_t p = 0; p < points.size(); ++p) {
      if (changed[p] == radius_) continue;
      for (Index k = next[p]; k < block_; ++k)
        for (Index s = 0; s < changes_.levels(sites[std::size_t(k)]); ++s) {
          const Real value = changes_.value(changes_.first(sites[std::size_t(k)]) + s);
          if (value == points[p](k)) continue;
          points.push_back(points[p]);
          points.back()(k) = value;
          changed.push_back(changed[p] + 1);
          next.push_back(k + 1);
        }
    }
    Batch all(block_, Index(points.size()));
    for (std::size_t p = 0; p < points.size(); ++p) all.col(Index(p)) = points[p];
    return all;
  }

  // -E of x with the block at each point; -∞ where E is not finite.
  Eigen::ArrayXd log_probabilities(const Eigen::Ref<const Vector>& x,
                                   const std::vector<Index>& sites, const Batch& points) const {
    Eigen::ArrayXd out(points.cols());
    Row energy;
    for (Index first = 0; first < points.cols(); first += slice) {
      const Index count = std::min(slice, points.cols() - first);
      Batch all = x.replicate(1, count);
      for (std::size_t k = 0; k < sites.size(); ++k)
        all.row(sites[k]) = points.row(Index(k)).segment(first, count);
      model_.energy(all, energy);
      out.segment(first, count) =
          energy.isFinite().select(-energy, -std::numeric_limits<double>::infinity()).transpose();
    }
    return out;
  }

  const EnergyModel& model_;
  SingleChanges changes_;
  Index block_, radius_, updates_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<HammingBall>("hamming_ball",
                            "draw a point of a Hamming ball; needs the energy alone",
                            "Titsias & Yau 2017, J. Am. Stat. Assoc. 112(520):1598-1611");
}
