#include "support/torchscript.hpp"

#include <gibbsite/io/yaml.hpp>

#include "support/make.hpp"
#include "support/program.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Asked first in every test: where it is false, the reason has been printed.
bool available() { return torchscript_files().has_value(); }

std::string spec(const std::string& file, const std::string& more = ", units: 2") {
  return "{name: torchscript, file: " + (*torchscript_files() / file).string() + more + "}";
}

// What the model is refused with, behind the file's name.
std::string refusal(const std::string& file, const std::string& more = ", units: 2") {
  const std::string text = error_of([&] { make_model(spec(file, more)); });
  const std::string place = "model torchscript: " + (*torchscript_files() / file).string() + ": ";
  CHECK(text.find('\n') == std::string::npos);
  return text.starts_with(place) ? text.substr(place.size()) : text;
}

Parameters numbers(const Node& list) {
  Parameters all(Index(list.items.size()));
  for (Index k = 0; k < all.size(); ++k) all(k) = list.items[std::size_t(k)].as_real().value();
  return all;
}

// Energies and both gradients at `x`, one after the other.
Parameters everything(const EnergyModel& model, const Batch& x, const Row& weights) {
  Row energy;
  Batch gradient;
  model.capability<Differentiable>()->energy_and_gradient(x, energy, gradient);
  CHECK((energy == energies(model, x)).all());
  const auto& parametric = *model.capability<Parametric>();
  Parameters by_theta = Parameters::Zero(parametric.parameters().size()),
             all(energy.size() + gradient.size() + by_theta.size());
  parametric.parameter_gradient(x, weights, by_theta);
  all << energy.matrix().transpose(), gradient.cast<double>().reshaped(), by_theta;
  return all;
}

struct Case {
  Batch x = Batch(2, 3);
  Row weights = Row(3);
  Case() {
    x << Real(0.3), 2, Real(-0.7), Real(-1.2), Real(0.4), Real(-0.1);
    weights << 1, -0.4, 2.5;
  }
};

}  // namespace

TEST_CASE("torchscript computes what PyTorch computes, to 1e-12") {
  if (!available()) return;
  const Node truth =
      parse_yaml(text_of(*torchscript_files() / "truth.json"), "truth", trusted_yaml);
  const Case at;
  for (const std::string name : {"mlp", "mixed"}) {
    CAPTURE(name);
    const Node& theirs = *truth.find(name);
    const auto ours = make_model(spec(name + ".pt"));
    const auto& parametric = *ours->capability<Parametric>();
    CHECK(parametric.parameters() == numbers(*theirs.find("theta")));
    std::vector<std::string> names;
    for (const Node& item : theirs.find("names")->items) names.push_back(item.text);
    std::vector<std::string> found;
    for (const ParameterBlock& block : parametric.blocks()) found.push_back(block.name);
    CHECK(found == names);
    Parameters expected(3 + 6 + parametric.parameters().size());
    expected << numbers(*theirs.find("energy")), numbers(*theirs.find("gradient")),
        numbers(*theirs.find("parameter_gradient"));
    CHECK(distance(everything(*ours, at.x, at.weights), expected) < 1e-12);
  }
}

TEST_CASE("torchscript and mlp are one energy on the same weights, to 1e-12") {
  if (!available()) return;
  const auto own = make_model("{name: mlp, units: 2, hidden: [16, 16]}");
  Batch x(2, 200);
  Stream(5).normal(x);
  const Row weights = Row::LinSpaced(x.cols(), -1, 2);
  for (const char* file : {"mlp.pt", "traced.pt"}) {
    const auto theirs = make_model(spec(file));
    auto& parametric = *theirs->capability<Parametric>();
    for (const double factor : {1.0, 3.0}) {
      parametric.set_parameters(factor * parametric.parameters());
      own->capability<Parametric>()->set_parameters(parametric.parameters());
      CHECK(distance(everything(*theirs, x, weights), everything(*own, x, weights)) < 1e-12);
    }
  }
}

TEST_CASE("torchscript gives the same bits at the first call and at the tenth") {
  if (!available()) return;
  const auto model = make_model(spec("mlp.pt"));
  const Case at;
  const Parameters first = everything(*model, at.x, at.weights);
  for (int call = 2; call <= 10; ++call) CHECK(everything(*model, at.x, at.weights) == first);
}

TEST_CASE("torchscript learns what requires a gradient, tied weights once, under PyTorch's names") {
  if (!available()) return;
  const auto model = make_model(spec("mixed.pt"));
  const auto blocks = model->capability<Parametric>()->blocks();
  const auto find = [&](const std::string& name) {
    return std::find_if(blocks.begin(), blocks.end(),
                        [&](const ParameterBlock& block) { return block.name == name; });
  };
  REQUIRE(find("tied.weight") != blocks.end());
  CHECK(find("tied.weight")->shape == std::vector<Index>{3, 2});
  CHECK(find("tied.weight")->dimensions ==
        std::vector<std::string>{"tied.weight.axis0", "tied.weight.axis1"});
  REQUIRE(find("scale") != blocks.end());
  CHECK(find("scale")->shape.empty());
  CHECK(find("unused") != blocks.end());
  CHECK(find("again.weight") == blocks.end());
  CHECK(find("frozen") == blocks.end());
}

TEST_CASE("torchscript offers what its file allows") {
  if (!available()) return;
  using Names = std::vector<std::string>;
  const auto offered = [](const std::string& yaml) { return capabilities_of(*make_model(yaml)); };
  CHECK(offered(spec("mlp.pt")) == Names{"gradient", "parameters"});
  CHECK(offered(spec("no_parameters.pt")) == Names{"gradient"});
  CHECK(offered(spec("flat.pt")).empty());
  CHECK(offered(spec("discrete.pt", ", units: 5, domain: spin")) ==
        Names{"conditional", "parameters"});
}

TEST_CASE("torchscript refuses files that hold no energy of that many coordinates") {
  if (!available()) return;
  CHECK(refusal("none.pt") == "no such file");
  CHECK(refusal(".") == "must be a regular file");
  CHECK(refusal("truth.json") ==
        "PytorchStreamReader failed reading zip archive: failed finding central directory");
  CHECK(refusal("weights.pt") ==
        "PytorchStreamReader failed locating file constants.pkl: file not found");
  CHECK(refusal("mlp.pt", ", units: 3") ==
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied (16x3 and 2x16)");
  CHECK(refusal("two.pt").starts_with("forward() is missing value for argument 'y'."));
  CHECK(refusal("constants.pt") == "RuntimeError: mat1 and mat2 must have the same dtype");
  const std::string shape =
      "forward must return shape [16] or [16, 1] for x of shape [16, 2], got ";
  CHECK(refusal("total.pt") == shape + "[]");
  CHECK(refusal("vector.pt") == shape + "[16, 4]");
  CHECK(refusal("pair.pt") == shape + "[2]");
  // By chance two calls of dropout agree on 16 rows with probability 4^-16.
  for (const char* file : {"noise.pt", "dropout.pt"})
    CHECK(refusal(file) == "forward must be deterministic in eval mode: two calls on one x differ");
  CHECK(refusal("centred.pt") == "the energy of a row must not depend on the rows beside it");
  CHECK(error_of([&] { make_model(spec("mlp.pt", "")); }) ==
        "model torchscript: needs a data section");
  const auto model = make_model(spec("mlp.pt"));
  Parameters theta = model->capability<Parametric>()->parameters();
  theta(7) = std::numeric_limits<double>::infinity();
  CHECK(error_of([&] {
          model->capability<Parametric>()->set_parameters(theta);
        }).ends_with("mlp.pt: parameters must be finite"));
}

TEST_CASE("a build without libtorch says what to install") {
  const auto names = registry().names(Kind::model);
  if (std::find(names.begin(), names.end(), "torchscript") != names.end()) return;
  CHECK(error_of([] { make_model("{name: torchscript, file: energy.pt}"); }) ==
        "test:1:8: model: model 'torchscript' is not in this build: it needs libtorch (Debian: "
        "apt-get install libtorch-dev, then build again)");
}

TEST_CASE("torchscript is trained and sampled by the program, known by what its file holds") {
  if (!available()) return;
  const TemporaryFolder folder;
  const auto run = [&](const std::string& network, const std::string& name) {
    fs::copy_file(*torchscript_files() / network, folder / name,
                  fs::copy_options::overwrite_existing);
    folder.write("moons.yaml",
                 "gibbsite: 1\nname: moons\ndata: {name: two_moons, size: 200}\n"
                 "model: {name: torchscript, file: " +
                     name +
                     "}\n"
                     "train:\n"
                     "  gradient: {name: contrastive_divergence, steps: 2, persistent: true,\n"
                     "             sampler: {name: mala, step_size: 0.2}}\n"
                     "  optimizer: {name: adam, step_size: 0.01}\n"
                     "  batch: 20\n"
                     "  updates: 10\n"
                     "sample: {sampler: nuts, chains: 2, warmup: 20, draws: 20}\n");
    const Ending ran =
        invoke({"run", (folder / "moons.yaml").string(), "--out", (folder / "out").string()});
    CAPTURE(ran.err);
    CHECK(ran.code == 0);
    return occurrences(ran.err, ": complete in ");
  };
  CHECK(run("mlp.pt", "energy.pt") == 1);
  CHECK(run("mlp.pt", "renamed.pt") == 0);
  CHECK(run("wide.pt", "renamed.pt") == 1);
}
