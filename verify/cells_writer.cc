// SPDX-License-Identifier: Apache-2.0
#include "verify/cells_writer.h"

#include "core/base/bytes.h"
#include "core/crypto/sha256.h"

namespace trucewatch {

CellsWriter::CellsWriter(const CoverageBook& book, const Agreement& agreement) {
  for (v1::CoverageGrid& grid : book.Grids()) {
    if (agreement.coverage_floor) grid.set_coverage_floor(*agreement.coverage_floor);
    grid.set_agreement_hash(agreement.hash);
    if (grid.side() != "NEITHER")
      grid.set_side_name(grid.side() == "A" ? agreement.side_a_name : agreement.side_b_name);
    // From content: the same zone under the same agreement has the same number in every run.
    const Digest digest = Sha256(grid.SerializeAsString());
    grid.set_grid(ReadBe64(digest));
    numbers_[grid.zone()] = grid.grid();
    v1::CoverageEnvelope envelope;
    *envelope.mutable_coverage_grid() = std::move(grid);
    grids_.push_back(envelope.SerializeAsString());
  }
}

std::string CellsWriter::Cells(const std::string& zone, std::string record) const {
  v1::CoverageEnvelope envelope;
  envelope.mutable_coverage_cells()->set_grid(numbers_.at(zone));
  envelope.mutable_coverage_cells()->set_record(std::move(record));
  return envelope.SerializeAsString();
}

}  // namespace trucewatch
