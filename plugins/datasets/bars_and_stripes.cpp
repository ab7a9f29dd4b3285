// Bars and stripes (MacKay 2003, Information Theory, Inference, and Learning Algorithms, ch. 43).
//   x_ij = r_i for every r ∈ {0,1}^n, then x_ij = c_j for every c ∈ {0,1}^n:  2^(n+1) images of
//   n x n pixels, the empty and the full one twice (Fischer & Igel 2010 train on these);
//   best mean ln p = -(n_1 ln N + 4 ln(N/2)) / N,  N = 2^(n+1), n_1 = N - 4 images that come once
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class BarsAndStripes final : public Dataset {
 public:
  struct Params {
    Index side = 3;
    void fields(Fields& f) {
      f.integer("side", side, "side n of the images, in pixels", {.minimum = 1, .maximum = 20});
    }
  };

  BarsAndStripes(const Params& p, const Context&) : side_(p.side) {}

  Index size() const override { return Index{2} << side_; }
  Index dim() const override { return side_ * side_; }

  void columns(std::span<const Index> indices, Stream, Eigen::Ref<Batch> out) const override {
    for (Index k = 0; k < out.cols(); ++k) {
      const Index number = indices[std::size_t(k)];
      const bool by_rows = number < size() / 2;
      for (Index i = 0; i < dim(); ++i)
        out(i, k) = Real((number >> (by_rows ? i / side_ : i % side_)) & 1);
    }
  }

 private:
  Index side_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<BarsAndStripes>(
      "bars_and_stripes", "images with constant rows or constant columns",
      "MacKay 2003, Information Theory, Inference, and Learning Algorithms, chapter 43");
}
