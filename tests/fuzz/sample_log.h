// A short log with something of every kind in it, made by the broker's own sequencer: what targets begin from.
#pragma once

#include <string>
#include <vector>

#include "wire/log.h"

namespace lifesign::fuzz {

struct SampleBatch {
  wire::BatchHeader header;
  std::string payload;
};

// Batches that follow one another from seq 1 on; the last one is to be applied after whatever a target did with the
// rest.
std::vector<SampleBatch> sample_log();

}  // namespace lifesign::fuzz
