// Bars and stripes (MacKay 2003, Information Theory, Inference, and Learning Algorithms, ch. 43).
// Every image of n x n binary pixels whose rows are constant, then every one whose columns are:
// 2^(n+1) images, the empty and the full one twice (Fischer & Igel 2010 train on these).
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
