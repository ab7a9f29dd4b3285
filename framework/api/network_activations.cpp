#include <cmath>

#include "gibbsite/api/network_layers.hpp"
#include "gibbsite/core/kernels.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

// Functions of single numbers: value and derivative, the latter from x and y = g(x).
struct Relu {
  static Real value(Real x) { return x > 0 ? x : Real(0); }
  static Real slope(Real x, Real) { return Real(x > 0 ? 1 : 0); }
};
struct Elu {
  static Real value(Real x) { return x > 0 ? x : std::expm1(x); }
  static Real slope(Real x, Real y) { return x > 0 ? Real(1) : y + 1; }
};
struct Softplus {
  static Real value(Real x) { return Real(softplus(double(x))); }
  static Real slope(Real x, Real) { return Real(sigmoid(double(x))); }
};
struct Tanh {
  static Real value(Real x) { return std::tanh(x); }
  static Real slope(Real, Real y) { return 1 - y * y; }
};

template <class Function>
class Activation final : public Layer {
 public:
  explicit Activation(Index size) : size_(size) {}
  void forward(const Real* x, Real* y, Index count, Real*) const override {
    for (Index k = 0; k < count * size_; ++k) y[k] = Function::value(x[k]);
  }
  void backward(const Real* x, const Real* y, const Real* dy, Real* dx, Index count,
                Real*) const override {
    for (Index k = 0; k < count * size_; ++k) dx[k] += dy[k] * Function::slope(x[k], y[k]);
  }

 private:
  Index size_;
};

// x σ(x) (Ramachandran, Zoph & Le 2017).
class Swish final : public Layer {
 public:
  explicit Swish(Index size) : size_(size) {}
  Index work() const override { return size_; }
  void forward(const Real* x, Real* y, Index count, Real* work) const override {
    for (Index n = 0; n < count; ++n, x += size_, y += size_) {
      kernels<Real>().sigmoid(x, work, size_);
      for (Index k = 0; k < size_; ++k) y[k] = x[k] * work[k];
    }
  }
  void backward(const Real* x, const Real* y, const Real* dy, Real* dx, Index count,
                Real* work) const override {
    for (Index n = 0; n < count; ++n, x += size_, y += size_, dy += size_, dx += size_) {
      kernels<Real>().sigmoid(x, work, size_);
      for (Index k = 0; k < size_; ++k) dx[k] += dy[k] * (work[k] + y[k] * (1 - work[k]));
    }
  }

 private:
  Index size_;
};

}  // namespace

std::unique_ptr<Layer> activation_layer(const std::string& name, Index size) {
  if (name == "relu") return std::make_unique<Activation<Relu>>(size);
  if (name == "elu") return std::make_unique<Activation<Elu>>(size);
  if (name == "swish") return std::make_unique<Swish>(size);
  if (name == "softplus") return std::make_unique<Activation<Softplus>>(size);
  if (name == "tanh") return std::make_unique<Activation<Tanh>>(size);
  return nullptr;
}

}  // namespace gibbsite
