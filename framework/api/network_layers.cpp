#include "gibbsite/api/network_layers.hpp"

#include "gibbsite/api/network_weights.hpp"

namespace gibbsite {
namespace {

class Dense final : public Layer {
 public:
  Dense(Index inputs, Index outputs, bool spectral) : weights_(outputs, inputs, spectral) {}
  Index work() const override { return weights_.inputs(); }
  void forward(const Real* x, Real* y, Real*) const override { weights_.apply(x, y); }
  void backward(const Real*, const Real*, const Real* dy, Real* dx, Real* work) const override {
    weights_.apply_transposed(dy, work);
    for (Index k = 0; k < weights_.inputs(); ++k) dx[k] += work[k];
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
  void parameter_gradient(const Real* x, const Real* y, const Real* dy, double scale, double* out,
                          Real*) const override {
    weights_.accumulate(x, y, dy, scale, out);
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

// The dense layer of a window, at every position.
class Convolution final : public Layer {
 public:
  Convolution(const Window& window, Index channels, bool spectral)
      : window_(window),
        positions_(window.output(1).size()),
        weights_(channels, window.input.channels * window.rows * window.columns, spectral) {}
  Index work() const override { return weights_.inputs() + 2 * weights_.outputs(); }

  void forward(const Real* x, Real* y, Real* work) const override {
    Real* sums = work + weights_.inputs();
    for (Index at = 0; at < positions_; ++at) {
      gather(x, at, work);
      weights_.apply(work, sums);
      for (Index c = 0; c < weights_.outputs(); ++c) y[c * positions_ + at] = sums[c];
    }
  }
  void backward(const Real*, const Real*, const Real* dy, Real* dx, Real* work) const override {
    Real* slope = work + weights_.inputs();
    for (Index at = 0; at < positions_; ++at) {
      pick(dy, at, slope);
      weights_.apply_transposed(slope, work);
      each_inside(window_, at, 0, window_.input.channels,
                  [&](Index k, Index i) { dx[i] += work[k]; });
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
  void parameter_gradient(const Real* x, const Real* y, const Real* dy, double scale, double* out,
                          Real* work) const override {
    Real* slope = work + weights_.inputs();
    Real* sums = slope + weights_.outputs();
    for (Index at = 0; at < positions_; ++at) {
      gather(x, at, work);
      pick(dy, at, slope);
      pick(y, at, sums);
      weights_.accumulate(work, sums, slope, scale, out);
    }
  }

 private:
  void gather(const Real* x, Index at, Real* window) const {
    std::fill_n(window, weights_.inputs(), Real(0));
    each_inside(window_, at, 0, window_.input.channels,
                [&](Index k, Index i) { window[k] = x[i]; });
  }
  void pick(const Real* image, Index at, Real* channels) const {
    for (Index c = 0; c < weights_.outputs(); ++c) channels[c] = image[c * positions_ + at];
  }

  Window window_;
  Index positions_;
  Weights weights_;
};

class AveragePool final : public Layer {
 public:
  explicit AveragePool(const Window& window)
      : window_(window), positions_(window.output(1).size()) {}
  void forward(const Real* x, Real* y, Real*) const override {
    for (Index c = 0; c < window_.input.channels; ++c)
      for (Index at = 0; at < positions_; ++at) {
        double sum = 0;
        each_inside(window_, at, c, 1, [&](Index, Index i) { sum += double(x[i]); });
        y[c * positions_ + at] = Real(sum / double(window_.rows * window_.columns));
      }
  }
  void backward(const Real*, const Real*, const Real* dy, Real* dx, Real*) const override {
    for (Index c = 0; c < window_.input.channels; ++c)
      for (Index at = 0; at < positions_; ++at) {
        const Real share = dy[c * positions_ + at] / Real(window_.rows * window_.columns);
        each_inside(window_, at, c, 1, [&](Index, Index i) { dx[i] += share; });
      }
  }

 private:
  Window window_;
  Index positions_;
};

}  // namespace

std::vector<ParameterBlock> Layer::blocks(const std::string&) const { return {}; }
bool Layer::accepts(const double*) const { return true; }
void Layer::set_parameters(const double*) {}
void Layer::parameter_gradient(const Real*, const Real*, const Real*, double, double*,
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
