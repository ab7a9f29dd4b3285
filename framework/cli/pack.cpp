#include "gibbsite/run/pack.hpp"

#include <cstdio>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/cli/table.hpp"
#include "gibbsite/run/schedule.hpp"

namespace gibbsite {

int pack_command(const Command& self, const Arguments& arguments) {
  namespace po = boost::program_options;
  po::options_description options("options");
  options.add_options()("largest", po::value<double>()->default_value(1),
                        "megabytes of the largest result that is packed");
  const auto values = parse_arguments(self, arguments, options, 1, 1);
  if (!values) return 0;
  const std::filesystem::path folder = words(*values)[0];
  const double largest = (*values)["largest"].as<double>();
  if (!(largest >= 0 && largest <= 1e9))
    throw Error("--largest: must be in [0, 1e9], got " + short_number(largest));
  const Packed packed = pack_cells(folder, std::uintmax_t(largest * 1e6));
  write_grid_file(folder, read_plan(folder));
  std::printf("%zu cell%s packed, %zu in %s (%s MB)\n", packed.added, packed.added == 1 ? "" : "s",
              packed.all, (folder / "packed.h5").c_str(),
              short_number(double(packed.now) / 1e6).c_str());
  if (packed.large > 0)
    std::printf("%zu left as they are: above %s MB (--largest)\n", packed.large,
                short_number(largest).c_str());
  if (packed.other > 0)
    std::printf("%zu left as they are: files of others lie in their folders\n", packed.other);
  return 0;
}

}  // namespace gibbsite
