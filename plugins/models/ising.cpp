// Ising model (Ising 1925, Zeitschrift für Physik 31).
//   E(s) = -Σ_bonds K_ij s_i s_j - Σ_i h_i s_i,  s ∈ {-1,+1}^N, each bond once
// Codes that write xᵀJx with a symmetric adjacency J = σA count each bond twice: K = 2σ there.
// On the L x L torus with one K for all bonds and h = 0 (Kaufman 1949, Physical Review 76):
//   Z = (2 sinh 2K)^{N/2} [Π_r 2cosh(Lγ_{2r+1}/2) + Π_r 2sinh(Lγ_{2r+1}/2)
//                          + Π_r 2cosh(Lγ_{2r}/2) + Π_r 2sinh(Lγ_{2r}/2)] / 2,  r = 0 … L-1
//   cosh γ_k = cosh²2K / sinh 2K - cos(πk/L), γ_k > 0 but γ_0 = 2K + ln tanh K, negative below K_c
// and Z(-K) = Z(K) where L is even.
#include <cmath>
#include <gibbsite/api/swept_spins.hpp>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

// A number and its derivative.
struct Dual {
  double value = 0, slope = 0;
};

// With s = sinh 2K and w = min(s, 1/s), A = 1 + w² - w cos(πk/L) and R = √(A² - w²) give
// e^{|γ|} = (A + R)/w, and nothing overflows or cancels for small or large K. In these terms
// Z is (s/w)^{N/2}/2 times the sum over both parities of k of
//   Π_k (2(A + R))^{L/2} [Π_k (1 + q_k) ± Π_k (1 - q_k)],  q_k = e^{-L|γ_k|},
// with the sign of γ_0 where k is even. Derivatives are by w.
struct Parity {
  Dual log_factor;  ///< ln Π_k (2(A + R))^{L/2}
  Dual plus{1}, minus{1};

  Parity(Index L, double w, Index parity) {
    for (Index k = parity; k < 2 * L; k += 2) {
      const double phi = std::numbers::pi * double(k) / double(L);
      const double A = 1 + w * w - w * std::cos(phi), by_A = 2 * w - std::cos(phi);
      const double sine = std::sin(phi / 2), root = std::sqrt(1 + w * w);
      // A² - w² is (1 - w)²(1 + w²) for k = 0.
      const double R =
          k == 0 ? (1 - w) * root : std::sqrt(((1 - w) * (1 - w) + 2 * w * sine * sine) * (A + w));
      const double by_R = k == 0 ? (1 - w) * w / root - root : (A * by_A - w) / R;
      log_factor.value += .5 * double(L) * std::log(2 * (A + R));
      log_factor.slope += .5 * double(L) * (by_A + by_R) / (A + R);
      const double ratio = w / (A + R), power = std::pow(ratio, double(L - 1));
      const double q = power * ratio;
      const double by_q = double(L) * power * (1 - ratio * (by_A + by_R)) / (A + R);
      plus = {plus.value * (1 + q), plus.slope * (1 + q) + plus.value * by_q};
      minus = {minus.value * (1 - q), minus.slope * (1 - q) - minus.value * by_q};
    }
  }
};

// ln Z of the L x L torus and its derivative by K, for K >= 0.
Dual log_partition_of_torus(Index L, double K) {
  const double s = std::sinh(2 * K), sites = double(L * L);
  const bool ordered = s > 1;
  const double w = ordered ? 1 / s : s;
  const double by_w = ordered ? -2 / (std::tanh(2 * K) * s) : 2 * std::cosh(2 * K);
  const Parity odd(L, w, 1), even(L, w, 0);
  const double sign = ordered ? 1 : -1;
  const Dual odd_sum{odd.plus.value + odd.minus.value, odd.plus.slope + odd.minus.slope};
  const Dual even_sum{even.plus.value + sign * even.minus.value,
                      even.plus.slope + sign * even.minus.slope};
  const double weight = std::exp(even.log_factor.value - odd.log_factor.value);
  const double sum = odd_sum.value + weight * even_sum.value;
  const double slope = odd_sum.slope + odd.log_factor.slope * odd_sum.value +
                       weight * (even_sum.slope + even.log_factor.slope * even_sum.value);
  Dual out{odd.log_factor.value + std::log(sum / 2), slope / sum * by_w};
  if (ordered) {  // ln(s/w) = 2 ln s
    out.value += sites * (2 * K - std::numbers::ln2 + std::log1p(-std::exp(-4 * K)));
    out.slope += sites * 2 / std::tanh(2 * K);
  }
  return out;
}

class Ising final : public SweptSpins, public Normalized {
 public:
  struct Params {
    LatticeFields lattice;
    double coupling = 0;
    std::vector<double> field = {0};

    void fields(Fields& f) {
      lattice.declare(f);
      f.real("coupling", coupling,
             "K of each bond, counted once (ferromagnetic where > 0), times the factor in edges",
             {.required = true});
      f.reals("field", field, "h: one value for all units or one per unit");
    }
  };

  Ising(const Params& p, const Context& c)
      : SweptSpins(c, p.lattice.build(c.subject), p.coupling, p.field) {}

  bool offers(std::string_view ability) const override {
    return ability != Normalized::name || closed_form(1).has_value();
  }

  std::optional<double> log_partition(double beta) const override {
    const auto found = closed_form(beta);
    return found ? std::optional(found->value) : std::nullopt;
  }

  // All bonds of the torus are alike.
  bool expected_parameter_gradient(double beta, Parameters& out) const override {
    const auto found = closed_form(beta);
    if (found) out.head(couplings().size()).array() -= found->slope / double(couplings().size());
    return found.has_value();
  }

 private:
  // ln Z at β and its derivative by βK, where the present parameters have a closed form.
  std::optional<Dual> closed_form(double beta) const {
    const Index L = lattice().square_torus;
    if (L == 0 || !fields().isZero(0) || (couplings().array() != couplings()(0)).any()) return {};
    const double K = beta * double(couplings()(0));
    if (!std::isfinite(K) || (K < 0 && L % 2 == 1)) return {};
    Dual out = log_partition_of_torus(L, std::abs(K));
    if (K < 0) out.slope = -out.slope;
    return out;
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Ising>("ising", "Ising model on a lattice or a list of edges",
                      "Kaufman 1949, Physical Review 76:1232-1243");
}
