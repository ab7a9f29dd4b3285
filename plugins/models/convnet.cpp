// Energy by a convolutional network (Du & Mordatch 2019, Implicit Generation and Modeling with
// Energy-Based Models, arXiv 1903.08689).
//   E(x) = f_θ(x) + λ|x|²/2,  x an image of channels x height x width, f a chain of layers that
//   ends in one dense unit
// The network of the deep energy-based models tutorial of the University of Amsterdam for 28 x 28
// images (Lippe 2020; the swish is its own):
//   shape: [1, 28, 28]
//   layers: [conv 16 5x5 stride 2 padding 4, swish, conv 32 3x3 stride 2 padding 1, swish,
//            conv 64 3x3 stride 2 padding 1, swish, conv 64 3x3 stride 2 padding 1, swish,
//            dense 64, swish]
// Pre-training from coarse to fine (Zhao, Xie & Li 2021, Learning Energy-Based Generative Models
// via Coarse-to-Fine Expanding and Sampling, ICLR): leading layers that lead from an image to one
// of the same channels at 1/c of its size may be left out at first. What is left is an energy of
// images of that size, trained on means of c x c pixels, whose weights the whole network then
// starts from. Where the last layer inside a leading `residual (...)` is dense or conv, it starts
// at 0: before an average_pool this makes the wider network's f the narrower one's f of the coarser
// image at first.
#include <gibbsite/api/mapped_data.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Convnet final : public NetworkEnergy, public Parted {
 public:
  struct Params {
    std::vector<Index> shape, coarse;
    double reference_precision = 1;
    NetworkSettings network;

    Params() {
      network.layers = {"conv 16 3x3 padding 1", "swish", "average_pool 2x2", "dense 64", "swish"};
    }
    void fields(Fields& f) {
      NetworkEnergy::shape_field(f, shape, true);
      network.layer_fields(f);
      NetworkEnergy::precision_field(f, reference_precision);
      network.weight_fields(f);
      f.integers("coarse", coarse,
                 "for train.pretrain: numbers of leading layers that its parts leave out, falling",
                 {.minimum = 1, .unset = "none, the network is trained as a whole"});
    }
  };

  Convnet(const Params& p, const Context& c)
      : NetworkEnergy(Domain::real(image(p, c).size()),
                      Network(image(p, c), 1, p.network, c.random, c.subject),
                      p.reference_precision),
        params_(p),
        subject_(c.subject),
        image_(image(p, c)) {
    for (std::size_t k = 0; k < p.coarse.size(); ++k) {
      if (p.coarse[k] > Index(p.network.layers.size()) || (k > 0 && p.coarse[k] >= p.coarse[k - 1]))
        throw Error(subject_ + ": coarse: must fall, from at most the number of layers, got " +
                    std::to_string(p.coarse[k]));
      factor(Index(k));
    }
    if (!p.coarse.empty()) close_branches();
  }

  bool offers(std::string_view capability) const override {
    return capability == Parted::name ? parts() > 0 : NetworkEnergy::offers(capability);
  }

  Index parts() const override { return Index(params_.coarse.size()); }

  Part part(Index k, const Dataset& data) const override {
    const Index c = factor(k);
    const Shape small = coarse_shape(k);
    Params own = params_;
    own.shape = {small.channels, small.height, small.width};
    own.coarse.clear();
    own.network.layers.erase(own.network.layers.begin(),
                             own.network.layers.begin() + params_.coarse[std::size_t(k)]);
    Context context;
    context.subject = subject_;
    const auto map = [c, large = image_](const Batch& x, const Stream&) {
      return pooled(x, large, c);
    };
    return {std::make_unique<Convnet>(own, context),
            std::make_unique<MappedData>(data, small.size(), map)};
  }

  // The layers that a part keeps are the last ones, and so are their θ.
  Parameters part_parameters(Index k) const override { return parameters().tail(part_size(k)); }
  void take_part(Index k, const Parameters& theta) override {
    Parameters all = parameters();
    all.tail(part_size(k)) = theta;
    set_parameters(all);
  }

 private:
  static Shape image(const Params& p, const Context& c) { return input_shape(p.shape, c); }

  std::vector<std::string> leading(Index count) const {
    const auto& layers = params_.network.layers;
    return {layers.begin(), layers.begin() + count};
  }
  Shape coarse_shape(Index k) const {
    return Network::shape_after(image_, leading(params_.coarse[std::size_t(k)]), subject_);
  }

  // How many pixels of the image a pixel of part k stands for, each way.
  Index factor(Index k) const {
    const Shape small = coarse_shape(k);
    const Index c = small.height > 0 ? image_.height / small.height : 0;
    if (small.channels != image_.channels || c < 2 || c * small.height != image_.height ||
        c * small.width != image_.width)
      throw Error(subject_ + ": coarse: " + std::to_string(params_.coarse[std::size_t(k)]) +
                  " layers must lead from " + image_.text() +
                  " to as many channels and a whole part of its height and width, got " +
                  small.text());
    return c;
  }

  static Index weighted_layers(const std::string& text) {
    Index count = 0;
    for (const std::string word : {"conv ", "dense "})
      for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
    return count;
  }

  Index part_size(Index k) const {
    Index dropped = 0, size = parameters().size();
    for (const std::string& text : leading(params_.coarse[std::size_t(k)]))
      dropped += weighted_layers(text);
    const auto all = blocks();
    for (Index block = 0; block < 2 * dropped; ++block) size -= all[std::size_t(block)].size();
    return size;
  }

  void close_branches() {
    if (params_.network.spectral_normalisation)
      throw Error(subject_ + ": coarse: must not stand beside spectral_normalisation");
    Parameters theta = parameters();
    const auto all = blocks();
    std::size_t block = 0;
    Index first = 0;
    for (const std::string& text : leading(params_.coarse[0])) {
      const Index weighted = weighted_layers(text);
      const bool branch = text.find("residual") != text.npos;
      for (Index n = 0; n < 2 * weighted; first += all[block++].size(), ++n)
        if (branch && n == 2 * weighted - 2) theta.segment(first, all[block].size()).setZero();
    }
    set_parameters(theta);
  }

  static Batch pooled(const Batch& x, const Shape& large, Index c) {
    const Index height = large.height / c, width = large.width / c;
    Batch out = Batch::Zero(large.channels * height * width, x.cols());
    for (Index row = 0, i = 0; row < large.channels * large.height; ++row)
      for (Index column = 0; column < large.width; ++column, ++i)
        out.row(row / c * width + column / c) += x.row(i) / Real(c * c);
    return out;
  }

  double energy_of(const Vector& outputs, const Real*, Vector& slope) const override {
    slope(0) = 1;
    return double(outputs(0));
  }

  Params params_;
  std::string subject_;
  Shape image_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Convnet>("convnet", "convolutional network as the energy of an image",
                        "Du & Mordatch 2019, arXiv 1903.08689");
}
