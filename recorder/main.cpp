#include "launch/launch.h"
#include "recorder/recorder_process.h"

int main(int argc, char** argv) {
  using namespace lifesign;
  return launch::run<recorder::RecorderProcess, recorder::RecorderSettings>(
      "recorder", "Records the log durably and answers queries.", argc, argv);
}
