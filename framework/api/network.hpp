// Feed-forward networks, the functions that neural energies are made of. Order of numbers, shapes
// of weights and meaning of layers are those of PyTorch, so weights can be carried over.
#pragma once

#include <memory>

#include "gibbsite/api/energy_model.hpp"
#include "gibbsite/api/fields.hpp"

namespace gibbsite {

/// The shape of an array whose numbers stand column by column of a row, row by row of a channel,
/// channel by channel. A plain vector has one row and one column.
struct GIBBSITE_API Shape {
  Index channels = 0, height = 1, width = 1;
  Index size() const { return channels * height * width; }
  bool operator==(const Shape&) const = default;
  /// "64" or "16x14x14".
  std::string text() const;
  /// From {units} or {channels, height, width}; throws Error starting with `subject` for another
  /// number of sizes.
  static Shape of(const std::vector<Index>& sizes, const std::string& subject);
};

/// How a network is made; the fields that all neural energies share.
struct GIBBSITE_API NetworkSettings {
  /// What comes before the last dense layer; empty: nothing, the network is affine. One text each:
  ///   dense N                             N sums W x + b
  ///   conv C HxW [stride S] [padding P]   C channels, window of H rows and W columns, zeros around
  ///   average_pool HxW [stride S]         means of windows; S is by default the window's size
  ///   residual (layer, layer, ...)        x + f(x)
  ///   relu, elu, swish, softplus, tanh    of each number
  std::vector<std::string> layers;
  std::string initialisation = "lecun";
  double weight_scale = 1;
  bool spectral_normalisation = false;

  /// Declares `layers`.
  void layer_fields(Fields& f);
  /// Declares the rest.
  void weight_fields(Fields& f);
};

class Layer;

/// f_θ: a chain of layers that ends in a dense one. The numbers of a configuration do not depend on
/// the batch it is in. Const calls are thread-safe.
class GIBBSITE_API Network {
 public:
  /// What configurations leave on their way forward, for the way back; to be used again for others.
  struct Tape {
    std::vector<Batch> values;     ///< x, then the output of each layer; a column each
    std::vector<Batch> gradients;  ///< by each of `values`
    Vector work;                   ///< of the layer at hand
  };

  /// Weights are normal with mean 0 and the variance of `settings`, biases 0. Throws Error starting
  /// with `subject` for a layer that cannot be read or does not fit.
  Network(Shape input, Index outputs, const NetworkSettings& settings, Stream random,
          std::string subject);
  Network(Network&&) noexcept;
  ~Network();

  /// The shape of what `layers` make of an `input`; throws Error as the constructor does.
  static Shape shape_after(const Shape& input, const std::vector<std::string>& layers,
                           const std::string& subject);

  Index inputs() const;
  Index outputs() const;
  /// weight_1, bias_1, weight_2, ...: dense (outputs, inputs), convolution (outputs, channels,
  /// rows, columns).
  std::vector<ParameterBlock> blocks() const;
  const Parameters& parameters() const { return theta_; }
  /// Throws Error where a parameter is not finite, or a weight to be normalised is 0.
  void set_parameters(const Parameters& theta);

  /// f of the first inputs() rows of each column of `x`, outputs() x columns; valid while the tape
  /// is not used again.
  const Batch& forward(const BatchView& x, Tape& tape) const;
  /// After forward on the same tape: ∇ₓ Σ_k slope_k f_k(x) of each column, inputs() x columns,
  /// valid as above; `slope` is outputs() x columns. Unless `out` is null, *out += Σ_n w_n ∂(Σ_k
  /// slope_k,n f_k(x_n))/∂θ for the first parameters().size() entries; else `weights` may be empty.
  ///
  /// With spectral normalisation f uses W / σ(W). σ is the largest singular value, by power
  /// iteration from a fixed start for each θ anew (to 1e-13, at most 1000 rounds), so f is a
  /// function of θ alone; the derivative is that of the whole of it, σ(W) included.
  const Batch& backward(const Batch& slope, const Row& weights, Tape& tape, double* out) const;

 private:
  struct Step {
    std::unique_ptr<Layer> layer;  ///< null: adds values[skip]
    Index skip = -1;
    Index first = 0;  ///< of its parameters in θ
  };
  class Builder;

  Network() = default;

  std::string subject_;
  Index inputs_ = 0, work_ = 0;
  std::vector<Step> steps_;
  std::vector<Index> sizes_;  ///< of each of Tape::values
  Parameters theta_;
};

}  // namespace gibbsite
