#include "gibbsite/api/network_layers.hpp"

#include "gibbsite/api/network_weights.hpp"

namespace gibbsite {
namespace {

class Dense final : public Layer {
 public:
  Dense(Index inputs, Index outputs, bool spectral) : weights_(outputs, inputs, spectral) {}
  void forward(const Real* x, Real* y, Index count, Real*) const override {
    weights_.apply(x, y, count);
  }
  void backward(const Real*, const Real*, const Real* dy, Real* dx, Index count,
                Real*) const override {
    Batch by_x(weights_.inputs(), count);
    weights_.apply_transposed(dy, by_x.data(), count);
    Eigen::Map<Batch>(dx, weights_.inputs(), count) += by_x;
  }
  std::vector<ParameterBlock> blocks(const std::string& number) const override {
    const std::string output = "output_" + number;
    return {
        {"weight_" + number, {output, "input_" + number}, {weights_.outputs(), weights_.inputs()}},
        {"bias_" + number, {output}, {weights_.outputs()}}};
  }
  std::pair<Index, Index> fan() const override { return {weights_.inputs(), weights_.outputs()}; }
  bool accepts(const double* theta) const override { return weights_.accepts(theta); }
  void set_parameters(const double* theta) override { weights_.set(theta); }
  void parameter_gradient(const Real* x, const Real* y, const Real* dy, const Row& weights,
                          double* out, Real*) const override {
    weights_.accumulate(x, y, dy, weights, out);
  }

 private:
  Weights weights_;
};

// Calls visit(number within the window, index within the input) for what of the window at output
// position `at` lies inside the image, one channel after the other from `first` on.
template <class Visit>
void each_inside(const Window& window, Index at, Index first, Index channels, Visit visit) {
  const Shape& image = window.input;
  const Index across = window.output(1).width;
  const Index top = at / across * window.stride - window.padding;
  const Index left = at % across * window.stride - window.padding;
  for (Index c = 0; c < channels; ++c)
    for (Index i = std::max<Index>(0, -top); i < std::min(window.rows, image.height - top); ++i)
      for (Index j = std::max<Index>(0, -left); j < std::min(window.columns, image.width - left);
           ++j)
        visit((c * window.rows + i) * window.columns + j,
              ((first + c) * image.height + top + i) * image.width + left + j);
}

// The dense layer of a window, at every position at once.
class Convolution final : public Layer {
 public:
  Convolution(const Window& window, Index channels, bool spectral)
      : window_(window),
        positions_(window.output(1).size()),
        weights_(channels, window.input.channels * window.rows * window.columns, spectral) {}
  Index work() const override { return (weights_.inputs() + 2 * weights_.outputs()) * positions_; }

  void forward(const Real* x, Real* y, Index count, Real* work) const override {
    Real* sums = work + weights_.inputs() * positions_;
    for (Index n = 0; n < count; ++n) {
      gather(x + n * window_.input.size(), work);
      weights_.apply(work, sums, positions_);
      channels(y, n) = positions(sums).transpose();
    }
  }
  void backward(const Real*, const Real*, const Real* dy, Real* dx, Index count,
                Real* work) const override {
    Real* slopes = work + weights_.inputs() * positions_;
    for (Index n = 0; n < count; ++n) {
      positions(slopes) = channels(dy, n).transpose();
      weights_.apply_transposed(slopes, work, positions_);
      Real* by_x = dx + n * window_.input.size();
      for (Index at = 0; at < positions_; ++at)
        each_inside(window_, at, 0, window_.input.channels,
                    [&](Index k, Index i) { by_x[i] += work[at * weights_.inputs() + k]; });
    }
  }

  std::vector<ParameterBlock> blocks(const std::string& number) const override {
    const std::string output = "output_" + number;
    return {{"weight_" + number,
             {output, "channel_" + number, "row_" + number, "column_" + number},
             {weights_.outputs(), window_.input.channels, window_.rows, window_.columns}},
            {"bias_" + number, {output}, {weights_.outputs()}}};
  }
  std::pair<Index, Index> fan() const override {
    return {weights_.inputs(), weights_.outputs() * window_.rows * window_.columns};
  }
  bool accepts(const double* theta) const override { return weights_.accepts(theta); }
  void set_parameters(const double* theta) override { weights_.set(theta); }
  void parameter_gradient(const Real* x, const Real* y, const Real* dy, const Row& weights,
                          double* out, Real* work) const override {
    Real* slopes = work + weights_.inputs() * positions_;
    Real* sums = slopes + weights_.outputs() * positions_;
    for (Index n = 0; n < weights.size(); ++n) {
      gather(x + n * window_.input.size(), work);
      positions(slopes) = channels(dy, n).transpose();
      positions(sums) = channels(y, n).transpose();
      weights_.accumulate(work, sums, slopes, Row::Constant(positions_, weights(n)), out);
    }
  }

 private:
  // An image of outputs of configuration n: positions x channels.
  Eigen::Map<const Batch> channels(const Real* images, Index n) const {
    return {images + n * positions_ * weights_.outputs(), positions_, weights_.outputs()};
  }
  Eigen::Map<Batch> channels(Real* images, Index n) const {
    return {images + n * positions_ * weights_.outputs(), positions_, weights_.outputs()};
  }
  // The same numbers position by position: channels x positions.
  Eigen::Map<Batch> positions(Real* sums) const { return {sums, weights_.outputs(), positions_}; }
  // The windows at all positions, one after the other.
  void gather(const Real* x, Real* windows) const {
    std::fill_n(windows, weights_.inputs() * positions_, Real(0));
    for (Index at = 0; at < positions_; ++at)
      each_inside(window_, at, 0, window_.input.channels,
                  [&](Index k, Index i) { windows[at * weights_.inputs() + k] = x[i]; });
  }

  Window window_;
  Index positions_;
  Weights weights_;
};

class AveragePool final : public Layer {
 public:
  explicit AveragePool(const Window& window)
      : window_(window), positions_(window.output(1).size()) {}
  void forward(const Real* x, Real* y, Index count, Real*) const override {
    each(count, [&](Index n, Index c, Index at) {
      const Real* image = x + n * window_.input.size();
      double sum = 0;
      each_inside(window_, at, c, 1, [&](Index, Index i) { sum += double(image[i]); });
      y[output(n, c, at)] = Real(sum / double(window_.rows * window_.columns));
    });
  }
  void backward(const Real*, const Real*, const Real* dy, Real* dx, Index count,
                Real*) const override {
    each(count, [&](Index n, Index c, Index at) {
      Real* image = dx + n * window_.input.size();
      const Real share = dy[output(n, c, at)] / Real(window_.rows * window_.columns);
      each_inside(window_, at, c, 1, [&](Index, Index i) { image[i] += share; });
    });
  }

 private:
  template <class Visit>
  void each(Index count, Visit visit) const {
    for (Index n = 0; n < count; ++n)
      for (Index c = 0; c < window_.input.channels; ++c)
        for (Index at = 0; at < positions_; ++at) visit(n, c, at);
  }
  Index output(Index n, Index c, Index at) const {
    return (n * window_.input.channels + c) * positions_ + at;
  }

  Window window_;
  Index positions_;
};

}  // namespace

std::vector<ParameterBlock> Layer::blocks(const std::string&) const { return {}; }
bool Layer::accepts(const double*) const { return true; }
void Layer::set_parameters(const double*) {}
void Layer::parameter_gradient(const Real*, const Real*, const Real*, const Row&, double*,
                               Real*) const {}

Shape Window::output(Index channels) const {
  const auto along = [&](Index size, Index window) {
    const Index room = size + 2 * padding - window;
    return room < 0 ? 0 : room / stride + 1;
  };
  return {channels, along(input.height, rows), along(input.width, columns)};
}

std::unique_ptr<Layer> dense_layer(Index inputs, Index outputs, bool spectral) {
  return std::make_unique<Dense>(inputs, outputs, spectral);
}
std::unique_ptr<Layer> convolution_layer(const Window& window, Index channels, bool spectral) {
  return std::make_unique<Convolution>(window, channels, spectral);
}
std::unique_ptr<Layer> average_pool_layer(const Window& window) {
  return std::make_unique<AveragePool>(window);
}

}  // namespace gibbsite
