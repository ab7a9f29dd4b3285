// Packed cells: read by every command as before, and never lost on the way.
#include <doctest/doctest.h>

#include <gibbsite/io/hdf5.hpp>
#include <gibbsite/run/pack.hpp>
#include <gibbsite/run/result.hpp>

#include "support/program.hpp"
#include "support/results.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const char* const spec =
    "gibbsite: 1\n"
    "name: small\n"
    "data: {name: bars_and_stripes, side: 2}\n"
    "model: {name: rbm, hidden: 2}\n"
    "train: {gradient: contrastive_divergence, batch: 6, updates: 20}\n"
    "sample: {chains: 2, warmup: 2, draws: 5}\n"
    "evaluate: [exact_log_partition]\n"
    "grid: {seed: [1, 2, 3]}\n";

class Lab {
 public:
  Lab() : file_(folder.write("s.yaml", spec)) {}
  fs::path out() const { return folder / "out"; }
  Ending run(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {"run", file_.string(), "--out", out().string()};
    all.insert(all.end(), more.begin(), more.end());
    return invoke(all);
  }
  Ending on(const std::string& command, const std::vector<std::string>& more = {},
            const Environment& environment = {}) const {
    std::vector<std::string> all = {command, out().string()};
    all.insert(all.end(), more.begin(), more.end());
    return invoke(all, environment);
  }
  std::vector<std::string> cells() const {
    std::vector<std::string> names;
    for (const auto& item : fs::directory_iterator(out() / "cells"))
      names.push_back(item.path().filename().string());
    return names;
  }

  TemporaryFolder folder;

 private:
  fs::path file_;
};

// What the datasets of the packed cells hold, named as in the folders that they were.
std::map<std::string, std::string> packed_parts(const fs::path& out) {
  std::map<std::string, std::string> parts;
  for (const auto& [name, value] : reproducible_part(out / "packed.h5"))
    if (!name.starts_with("cells/")) parts[name] = value;
  return parts;
}

// Every result of a run folder, packed or not, as the program itself finds it.
std::map<std::string, std::vector<double>> energies(const Lab& lab) {
  std::map<std::string, std::vector<double>> all;
  for (const PlannedCell& cell : read_plan(lab.out()).cells) {
    const fs::path own = lab.out() / "cells" / cell.id;
    REQUIRE_FALSE(result_path(own).empty());
    all[cell.id] = Hdf5Reader(result_path(own)).read("/sample_stats/energy");
    CHECK(read_status(own).status == "complete");
  }
  return all;
}

}  // namespace

TEST_CASE("every command reads packed cells as it read them before") {
  const Lab lab;
  REQUIRE(lab.run().code == 0);
  const auto status = lab.on("status").out, compared = lab.on("compare").out,
             diagnosed = lab.on("diagnose").out, rows = lab.on("status", {"--json"}).out;
  const auto before = energies(lab);
  const Ending packed = lab.on("pack");
  CAPTURE(packed.err);
  CHECK(packed.code == 0);
  CHECK(packed.out.starts_with("3 cells packed, 3 in "));
  CHECK(lab.cells().empty());
  CHECK(energies(lab) == before);
  CHECK(lab.on("status").out == status);
  CHECK(lab.on("status", {"--json"}).out == rows);
  CHECK(lab.on("compare").out == compared);
  CHECK(lab.on("diagnose").out == diagnosed);
  const Ending again = lab.run();
  CHECK(again.code == 0);
  CHECK(occurrences(again.err, "nothing to do: every cell is done") == 1);
  CHECK(lab.cells().empty());
  CHECK(lab.on("pack").out.starts_with("0 cells packed, 3 in "));
  const Hdf5Reader grid(lab.out() / "grid.h5");
  CHECK(grid.read_texts("/cells/file")[0].starts_with("packed.h5:/"));
}

TEST_CASE("a pack takes in what is finished later, and gives back what is run afresh") {
  const Lab lab;
  REQUIRE(lab.run({"--only", "seed=1"}).code == 0);
  REQUIRE(lab.on("pack").code == 0);
  REQUIRE(lab.run().code == 0);
  CHECK(lab.cells().size() == 2);
  const auto before = energies(lab);
  CHECK(lab.on("pack").out.starts_with("2 cells packed, 3 in "));
  CHECK(energies(lab) == before);
  const Ending fresh = lab.run({"--fresh", "--only", "seed=2"});
  CHECK(fresh.code == 0);
  CHECK(occurrences(fresh.err, ": complete in ") == 1);
  CHECK(lab.cells().size() == 1);
  CHECK(energies(lab) == before);
}

TEST_CASE("large results and folders with files of others stay as they are") {
  const Lab lab;
  REQUIRE(lab.run().code == 0);
  CHECK(lab.on("pack", {"--largest", "0.001"}).out.find("3 left as they are: above") !=
        std::string::npos);
  CHECK(lab.cells().size() == 3);
  lab.folder.write("out/cells/" + lab.cells()[0] + "/notes.txt", "mine");
  CHECK(lab.on("pack").out.find("1 left as they are: files of others") != std::string::npos);
  CHECK(lab.cells().size() == 1);
  CHECK(lab.on("pack", {"--largest", "-1"}).code == 2);
  CHECK(invoke({"pack", (lab.folder / "none").string()}).code == 2);
}

TEST_CASE("a pack holds the same bits, with scales and dimension numbers of its own") {
  const Lab lab;
  REQUIRE(lab.run().code == 0);
  auto before = reproducible_parts(lab.out());
  REQUIRE(lab.on("pack").code == 0);
  CHECK(differences(before, packed_parts(lab.out())) == std::vector<std::string>{});
  const std::string check =
      "import sys, h5py, xarray\n"
      "p = sys.argv[1]; f = h5py.File(p, 'r'); ids = []\n"
      "f.visititems(lambda n, o: ids.append(int(o.attrs['_Netcdf4Dimid'])) if '_Netcdf4Dimid' in "
      "o.attrs and not n.startswith('cells') else None)\n"
      "assert len(ids) > 20 and len(set(ids)) == len(ids), ids\n"
      "for cell in [c for c in f if c != 'cells']:\n"
      "  for engine in ('netcdf4', 'h5netcdf'):\n"
      "    d = xarray.open_dataset(p, group=cell + '/posterior', engine=engine)\n"
      "    assert d['x'].dims == ('chain', 'draw', 'x_dim'), d\n"
      "    assert d['x'].shape == (2, 5, 4), d\n"
      "    assert (d['x'].values == f[cell + '/posterior/x'][...]).all()\n"
      "print('good')\n";
  const Ending seen =
      run_program({"/usr/bin/python3", "-c", check, (lab.out() / "packed.h5").string()});
  if (occurrences(seen.err, "ModuleNotFoundError") > 0 || seen.code == 127) {
    skip("there is no xarray with h5py to read a pack with");
    return;
  }
  CAPTURE(seen.err);
  CHECK(seen.out == "good\n");
}

TEST_CASE("a pack that is stopped at any call that changes files loses and doubles nothing") {
  const Lab lab;
  REQUIRE(lab.run().code == 0);
  const auto before = energies(lab);
  const std::string operations = "write,pwrite,fsync,rename,unlink,ftruncate";
  int killed = 0;
  for (int nth = 1; nth < 400; nth += nth < 12 ? 1 : 17) {
    CAPTURE(nth);
    const Ending ending = lab.on("pack", {},
                                 {{"LD_PRELOAD", GIBBSITE_BUILD "/tests/fixtures/faultio.so"},
                                  {"FAULT_OP", operations},
                                  {"FAULT_PATH", "out/"},
                                  {"FAULT_NTH", std::to_string(nth)},
                                  {"FAULT_KILL", "1"}});
    killed += ending.code != 0 ? 1 : 0;
    CHECK(energies(lab) == before);
    if (ending.code == 0) break;
  }
  CHECK(killed >= 10);
  CHECK(lab.on("pack").code == 0);
  CHECK(energies(lab) == before);
  CHECK(lab.cells().empty());
  for (const std::string& name : files_below(lab.out())) {
    CAPTURE(name);
    CHECK_FALSE(name.starts_with("cells/"));
    CHECK_FALSE(name.starts_with("packed.h5."));
  }
}

TEST_CASE("a full disk ends packing with exit code 3, and nothing is lost") {
  const Lab lab;
  REQUIRE(lab.run().code == 0);
  const auto before = energies(lab);
  for (const int nth : {1, 5, 20}) {
    CAPTURE(nth);
    const Ending ending = lab.on("pack", {},
                                 {{"LD_PRELOAD", GIBBSITE_BUILD "/tests/fixtures/faultio.so"},
                                  {"FAULT_OP", "write,pwrite"},
                                  {"FAULT_PATH", "packed"},
                                  {"FAULT_NTH", std::to_string(nth)},
                                  {"FAULT_ERRNO", "28"},
                                  {"FAULT_STICKY", "1"}});
    CAPTURE(ending.err);
    CHECK(ending.code == 3);
    CHECK(lab.cells().size() == 3);
    CHECK(energies(lab) == before);
  }
  CHECK(lab.on("pack").code == 0);
  CHECK(energies(lab) == before);
}
