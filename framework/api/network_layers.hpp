// The layers of a Network.
#pragma once

#include "gibbsite/api/network.hpp"

namespace gibbsite {

/// One step y = g(x) of a network, for `count` configurations: x, y and gradients have one after
/// the other without gaps. `work` has work() numbers of room.
class Layer {
 public:
  virtual ~Layer() = default;
  virtual Index work() const { return 0; }
  virtual void forward(const Real* x, Real* y, Index count, Real* work) const = 0;
  /// dx += ∇ₓ dy·g(x), given y = g(x).
  virtual void backward(const Real* x, const Real* y, const Real* dy, Real* dx, Index count,
                        Real* work) const = 0;

  /// Weight and bias, with `number` at the end of every name; none by default.
  virtual std::vector<ParameterBlock> blocks(const std::string& number) const;
  /// Numbers that go into one output and outputs that one number goes into.
  virtual std::pair<Index, Index> fan() const { return {0, 0}; }
  /// Whether `theta` can be set.
  virtual bool accepts(const double* theta) const;
  virtual void set_parameters(const double* theta);
  /// out += Σ_n w_n ∂(dy_n·g(x_n))/∂θ over the configurations, given y = g(x).
  virtual void parameter_gradient(const Real* x, const Real* y, const Real* dy, const Row& weights,
                                  double* out, Real* work) const;
};

/// Layers for checked shapes. `spectral`: weights are divided by their largest singular value.
std::unique_ptr<Layer> dense_layer(Index inputs, Index outputs, bool spectral);
/// A window of `rows` x `columns` moved over an image in steps of `stride`.
struct Window {
  Shape input;
  Index rows = 1, columns = 1, stride = 1, padding = 0;
  /// Height and width of what comes out, with `channels`; not positive where the window is larger
  /// than the padded image.
  Shape output(Index channels) const;
};
std::unique_ptr<Layer> convolution_layer(const Window& window, Index channels, bool spectral);
std::unique_ptr<Layer> average_pool_layer(const Window& window);
/// relu, elu, swish, softplus or tanh of `size` numbers; null for another name.
std::unique_ptr<Layer> activation_layer(const std::string& name, Index size);

}  // namespace gibbsite
