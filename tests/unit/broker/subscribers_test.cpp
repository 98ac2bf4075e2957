// The ledger of subscriptions.
#include "broker/subscribers.h"

#include <catch2/catch.hpp>

using namespace lifesign::broker;
using Edge = Subscribers::Edge;

namespace {

const int a = 0, b = 0, c = 0;  // connections are known by address

}  // namespace

TEST_CASE("a topic begins with its first holder and ends with its last", "[broker][topics]") {
  Subscribers subscribers(10, 100);
  subscribers.add(&a, 5, nullptr);
  subscribers.add(&b, 6, nullptr);
  CHECK(subscribers.said(&a, true, "t/") == Edge::first);
  CHECK(subscribers.said(&b, true, "t/") == Edge::none);
  CHECK(subscribers.said(&b, true, "t/") == Edge::none);  // twice is once
  CHECK(subscribers.size() == 2);
  CHECK(subscribers.said(&a, false, "t/") == Edge::none);
  CHECK(subscribers.left("t/") == Edge::last);  // b's connection closed
  CHECK(subscribers.left("t/") == Edge::none);
  CHECK(subscribers.size() == 0);
}

TEST_CASE("an end of what a connection never began ends nothing", "[broker][topics]") {
  Subscribers subscribers(10, 100);
  subscribers.add(&a, 5, nullptr);
  subscribers.add(&b, 6, nullptr);
  CHECK(subscribers.said(&a, true, "t/") == Edge::first);
  CHECK(subscribers.said(&b, false, "t/") == Edge::none);
  CHECK(subscribers.size() == 1);
}

TEST_CASE("who holds more than one may is over, and of all together only who holds more than a few",
          "[broker][topics]") {
  Subscribers subscribers(100, 150);
  subscribers.add(&a, 5, nullptr);
  subscribers.add(&b, 6, nullptr);
  subscribers.add(&c, 7, nullptr);
  for (int i = 0; i < 100; ++i) subscribers.said(&a, true, std::to_string(i));
  CHECK_FALSE(subscribers.over(&a));
  for (int i = 0; i < 100; ++i) subscribers.said(&b, true, std::to_string(i));
  subscribers.said(&c, true, "x");
  CHECK(subscribers.over(&b));
  CHECK_FALSE(subscribers.over(&c));
  CHECK(subscribers.cut(&b));
  CHECK_FALSE(subscribers.cut(&b));
  for (int i = 0; i < 100; ++i) subscribers.left(std::to_string(i));
  CHECK_FALSE(subscribers.over(&a));
  subscribers.said(&a, true, "100");
  CHECK(subscribers.over(&a));
}

TEST_CASE("a closed connection is forgotten when what it said before has been read", "[broker][topics]") {
  Subscribers subscribers(10, 100);
  auto pin = std::make_shared<int>();
  const std::weak_ptr<int> pinned = pin;
  subscribers.add(&a, 5, std::move(pin));
  subscribers.closed(99);
  subscribers.closed(5);
  subscribers.drained();
  CHECK(subscribers.knows(&a));
  subscribers.drained();
  CHECK_FALSE(subscribers.knows(&a));
  CHECK(pinned.expired());
  // One on the same descriptor takes the place of an older.
  subscribers.add(&b, 6, nullptr);
  subscribers.add(&c, 6, nullptr);
  CHECK_FALSE(subscribers.knows(&b));
  subscribers.closed(6);
  subscribers.drained();
  subscribers.drained();
  CHECK_FALSE(subscribers.knows(&c));
}
