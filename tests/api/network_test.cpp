#include <Eigen/SVD>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Network network(Shape input, Index outputs, std::vector<std::string> layers,
                bool spectral = false) {
  NetworkSettings settings;
  settings.layers = std::move(layers);
  settings.spectral_normalisation = spectral;
  return Network(input, outputs, settings, Stream(5), "network");
}

Eigen::VectorXd output(const Network& f, const Vector& x) {
  Network::Tape tape;
  return f.forward(x, tape).cast<double>();
}

Vector normals(Index size, std::uint64_t seed) {
  Batch x(size, 1);
  Stream random(seed);
  random.normal(x);
  return x;
}

// The network with its last dense layer the identity, so that what comes before is its output.
Network bare(Shape input, std::vector<std::string> layers, Index size) {
  Network f = network(input, size, std::move(layers));
  Parameters theta = f.parameters();
  theta.tail(size * size + size).setZero();
  for (Index k = 0; k < size; ++k) theta(theta.size() - size * size - size + k * (size + 1)) = 1;
  f.set_parameters(theta);
  return f;
}

// What the columns of `x` give in one batch and alone, by x, and by θ with weights.
void compare_batch(const Network& f, const Batch& x, const Batch& slope, const Row& weights) {
  Network::Tape together, alone;
  const Batch values = f.forward(x, together);
  Parameters by_theta = Parameters::Zero(f.parameters().size()), sum = by_theta;
  const Batch by_x = f.backward(slope, weights, together, by_theta.data());
  for (Index n = 0; n < x.cols(); ++n) {
    CHECK(f.forward(x.col(n), alone) == values.col(n));
    CHECK(f.backward(slope.col(n), weights.segment(n, 1), alone, sum.data()) == by_x.col(n));
  }
  CHECK((sum - by_theta).cwiseAbs().maxCoeff() <
        tolerance(1e-13, 1e-5) * (1 + sum.cwiseAbs().maxCoeff()));
}

std::string fault(Shape input, const std::string& layer) {
  return error_of([&] { network(input, 1, {layer}); });
}

}  // namespace

TEST_CASE("every layer has the derivatives of its function by x and θ, against differences") {
  struct Case {
    Shape input;
    std::vector<std::string> layers;
  };
  const Shape image{2, 5, 4};
  for (const Case& each :
       {Case{{4}, {}}, Case{{4}, {"dense 3"}}, Case{{4}, {"dense 5", "relu"}},
        Case{{4}, {"dense 5", "elu"}}, Case{{4}, {"dense 5", "swish"}},
        Case{{4}, {"dense 5", "softplus"}}, Case{{4}, {"dense 5", "tanh"}},
        Case{image, {"conv 3 3x2"}}, Case{image, {"conv 3 3x2 stride 2 padding 1", "tanh"}},
        Case{image, {"conv 2 5x4 stride 3 padding 3"}}, Case{image, {"average_pool 2x2"}},
        Case{image, {"average_pool 3x2 stride 1", "swish"}},
        Case{image, {"residual (conv 4 3x3 padding 1, swish, conv 2 3x3 padding 1)", "tanh"}},
        Case{{4}, {"residual (tanh, residual (dense 4, swish), dense 4)"}}})
    for (const bool spectral : {false, true}) {
      CAPTURE(join(each.layers, "; "));
      CAPTURE(spectral);
      Network f = network(each.input, 3, each.layers, spectral);
      Vector x = normals(f.inputs(), 6), slope(3);
      slope << Real(1), Real(-.5), Real(.7);
      Network::Tape tape;
      f.forward(x, tape);
      Parameters theta = f.parameters(), by_theta = Parameters::Zero(theta.size());
      const Vector by_x = f.backward(slope, Row::Constant(1, 2), tape, by_theta.data());
      const auto value = [&] { return slope.cast<double>().dot(output(f, x)); };
      const double h = tolerance(1e-5, 1e-2), bound = tolerance(1e-9, 1e-2);
      for (Index i = 0; i < x.size(); ++i) {
        const Real at = x(i);
        x(i) = Real(double(at) + h);
        const double up = value();
        x(i) = Real(double(at) - h);
        CHECK(near(double(by_x(i)), (up - value()) / (2 * h), bound));
        x(i) = at;
      }
      for (Index i = 0; i < theta.size(); ++i) {
        Parameters moved = theta;
        moved(i) += h;
        f.set_parameters(moved);
        const double up = value();
        moved(i) -= 2 * h;
        f.set_parameters(moved);
        CHECK(near(by_theta(i), 2 * (up - value()) / (2 * h), bound));
      }
    }
}

TEST_CASE("a convolution is the sum over its window, written out, zeros around the image") {
  const Index C = 2, H = 5, W = 4, K = 3, rows = 3, columns = 2, stride = 2, padding = 1;
  const Index height = 3, width = 3;  // (5 + 2 - 3)/2 + 1, (4 + 2 - 2)/2 + 1
  const Network f = bare({C, H, W}, {"conv 3 3x2 stride 2 padding 1"}, K * height * width);
  const Vector x = normals(C * H * W, 7);
  Parameters theta = f.parameters();
  for (Index k = 0; k < K; ++k) theta(K * C * rows * columns + k) = double(k) - .5;
  Network biased = bare({C, H, W}, {"conv 3 3x2 stride 2 padding 1"}, K * height * width);
  biased.set_parameters(theta);
  const Eigen::VectorXd y = output(biased, x);
  for (Index k = 0; k < K; ++k)
    for (Index i = 0; i < height; ++i)
      for (Index j = 0; j < width; ++j) {
        double sum = double(k) - .5;
        for (Index c = 0; c < C; ++c)
          for (Index a = 0; a < rows; ++a)
            for (Index b = 0; b < columns; ++b) {
              const Index row = i * stride - padding + a, column = j * stride - padding + b;
              if (row < 0 || row >= H || column < 0 || column >= W) continue;
              sum += theta(((k * C + c) * rows + a) * columns + b) *
                     double(x((c * H + row) * W + column));
            }
        CHECK(near(y((k * height + i) * width + j), sum, tolerance(1e-14, 1e-5)));
      }
}

TEST_CASE("average pooling takes means of windows within a channel") {
  Vector x(16);
  for (Index i = 0; i < 16; ++i) x(i) = Real(i);
  const Eigen::VectorXd halves = output(bare({2, 2, 4}, {"average_pool 2x2"}, 4), x);
  CHECK(halves == Eigen::Vector4d(2.5, 4.5, 10.5, 12.5));
  const Eigen::VectorXd moving = output(bare({2, 2, 4}, {"average_pool 2x3 stride 1"}, 4), x);
  CHECK(distance(moving, Eigen::Vector4d(3, 4, 11, 12)) < tolerance(1e-15, 1e-6));
}

TEST_CASE("activations have their textbook values, far out too") {
  Vector x(4);
  x << Real(-2), Real(0), Real(1.5), Real(40);
  const auto values = [&](const std::string& name) { return output(bare({4}, {name}, 4), x); };
  const auto truth = [&](auto function) {
    return Eigen::VectorXd(x.cast<double>().unaryExpr(function));
  };
  const double bound = tolerance(1e-15, 1e-6);
  CHECK(values("relu") == Eigen::Vector4d(0, 0, 1.5, 40));
  CHECK(distance(values("elu"), truth([](double t) { return t > 0 ? t : std::exp(t) - 1; })) <
        bound);
  CHECK(distance(values("swish"), truth([](double t) { return t / (1 + std::exp(-t)); })) < bound);
  CHECK(distance(values("softplus"), truth([](double t) { return std::log1p(std::exp(t)); })) <
        bound);
  CHECK(distance(values("tanh"), truth([](double t) { return std::tanh(t); })) < bound);
}

TEST_CASE("a residual block adds its input to its function") {
  Vector x(2);
  x << Real(3), Real(-1);
  const Eigen::VectorXd y = output(bare({2}, {"residual (relu)"}, 2), x);
  CHECK(y == Eigen::Vector2d(6, -1));
}

TEST_CASE("spectral normalisation divides a weight matrix by its largest singular value") {
  Network f = network({4}, 3, {}, true);
  const Parameters theta = f.parameters();
  const Eigen::MatrixXd W = theta.head(12).reshaped(4, 3).transpose();
  const double largest = Eigen::JacobiSVD<Eigen::MatrixXd>(W).singularValues()(0);
  const Vector x = normals(4, 8);
  CHECK(distance(output(f, x), W * x.cast<double>() / largest) < tolerance(1e-13, 1e-5));
  Parameters scaled = theta;
  scaled *= 7;
  f.set_parameters(scaled);
  CHECK(distance(output(f, x), W * x.cast<double>() / largest) < tolerance(1e-13, 1e-5));
  scaled.setZero();
  CHECK(error_of([&] { f.set_parameters(scaled); }) ==
        "network: a weight matrix of zeros cannot be normalised");
  CHECK(f.parameters() == 7 * theta);
}

TEST_CASE("initial weights have the variance asked for, to five standard errors; biases are 0") {
  const auto variance = [](const std::string& initialisation) {
    NetworkSettings settings;
    settings.initialisation = initialisation;
    settings.weight_scale = 3;
    settings.layers = {"conv 50 5x4"};  // 40 inputs and 1000 outputs of a unit
    const Parameters theta = Network({2, 5, 4}, 1, settings, Stream(9), "network").parameters();
    CHECK(theta.segment(2000, 50).isZero(0));
    return theta.head(2000).squaredNorm() / 2000 / 9;
  };
  const double error = 5 * std::sqrt(2. / 2000);
  CHECK(std::abs(variance("lecun") * 40 - 1) < error);
  CHECK(std::abs(variance("he") * 40 / 2 - 1) < error);
  CHECK(std::abs(variance("glorot") * (40 + 1000) / 2 - 1) < error);
}

TEST_CASE("parameters stand in named blocks of PyTorch's shapes") {
  const Network f = network({2, 5, 4}, 2, {"conv 3 3x2", "swish", "dense 4"});
  const auto blocks = f.blocks();
  REQUIRE(blocks.size() == 6);
  CHECK(blocks[0].name == "weight_1");
  CHECK(blocks[0].shape == std::vector<Index>{3, 2, 3, 2});
  CHECK(blocks[1].name == "bias_1");
  CHECK(blocks[2].shape == std::vector<Index>{4, 27});
  CHECK(blocks[4].name == "weight_3");
  CHECK(blocks[4].dimensions == std::vector<std::string>{"output_3", "input_3"});
}

TEST_CASE("layers that cannot be read or do not fit are refused by name") {
  const Shape image{2, 5, 4};
  CHECK(fault(image, "conf 3 3x3") ==
        "network: layers: 'conf 3 3x3': unknown layer 'conf' (did you mean 'conv'; known: "
        "average_pool, conv, dense, elu, relu, residual, softplus, swish, tanh)");
  CHECK(fault(image, "dense") ==
        "network: layers: 'dense': number of units must be an integer in [1, 1000000], got ''");
  CHECK(fault(image, "dense 0").find("got '0'") != std::string::npos);
  CHECK(fault(image, "dense 3x") ==
        "network: layers: 'dense 3x': number of units must be an integer in [1, 1000000], got "
        "'3x'");
  CHECK(fault(image, "conv 3 3") ==
        "network: layers: 'conv 3 3': window must be two integers such as 3x3, got '3'");
  CHECK(fault(image, "conv 3 3x3 padding 1 stride 2") ==
        "network: layers: 'conv 3 3x3 padding 1 stride 2': does not take 'stride'");
  CHECK(fault(image, "conv 3 6x3") ==
        "network: layers: 'conv 3 6x3': its window or padding does not fit an input of 2x5x4");
  CHECK(fault(image, "conv 3 3x3 padding 3").find("does not fit") != std::string::npos);
  CHECK(fault({7}, "conv 3 3x3").find("does not fit an input of 7") != std::string::npos);
  CHECK(fault(image, "average_pool 2x3").find("needs a stride") != std::string::npos);
  CHECK(fault(image, "swish 3") == "network: layers: 'swish 3': does not take '3'");
  CHECK(fault(image, "residual conv 2 3x3") ==
        "network: layers: 'residual conv 2 3x3': must be written residual (layer, layer, ...)");
  CHECK(fault(image, "residual (conv 2 3x3)") ==
        "network: layers: 'residual (conv 2 3x3)': must lead from 2x5x4 to the same, got 2x3x2");
  CHECK(fault(image, "residual (dense 2, swich)").find("'swich'") != std::string::npos);
  CHECK(fault(image, "relu (tanh)") ==
        "network: layers: 'relu (tanh)': only residual takes parentheses");
}

TEST_CASE("a batch gives every column the bits that it has alone, and θ the sum over columns") {
  const Shape image{2, 5, 4};
  const std::vector<std::pair<Shape, std::vector<std::string>>> cases = {
      {{40}, {"dense 70", "relu", "dense 20", "tanh"}},
      {image, {"conv 3 3x2 stride 2 padding 1", "swish", "average_pool 2x2"}},
      {image, {"residual (conv 4 3x3 padding 1, elu, conv 2 3x3 padding 1)", "softplus"}}};
  for (const auto& [input, layers] : cases)
    for (const bool spectral : {false, true})
      for (const Index columns : {1, 2, 5, 33}) {
        const Network f = network(input, 3, layers, spectral);
        Batch x(f.inputs(), columns), slope(3, columns);
        Stream random(8);
        random.normal(x);
        random.normal(slope);
        compare_batch(f, x, slope, Row::LinSpaced(columns, -1, 2));
      }
}
