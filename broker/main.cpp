#include "broker/broker_process.h"
#include "launch/launch.h"

int main(int argc, char** argv) {
  using namespace lifesign;
  return launch::run<broker::BrokerProcess, broker::BrokerSettings>(
      "broker", "Sequences heartbeats and events and fans them out.", argc, argv);
}
