#include "sim/weather.h"

namespace lifesign::sim {

bool Weather::begins(double per_second, Micros passed) {
  const bool yes = random_.chance(per_second * static_cast<double>(passed.count()) / 1e6);
  w_.tally_.faults += yes;
  return yes;
}

Micros Weather::end(Micros least, Micros most) {
  return std::min(w_.timeline_.now() + random_.between(least, most), until_);
}

void Weather::step(Micros passed) {
  service(passed);
  machine(passed);
  network(passed);
  agents(passed);
}

void Weather::crash_broker(bool halt, Micros back) {
  if (!w_.broker_->up()) return;
  if (!halt && random_.chance(0.3))
    w_.broker_->stop();
  else
    w_.broker_->crash(halt);
  w_.timeline_.at(back, [&w = w_] {
    if (w.broker_->up()) return;
    w.broker_->start();
    w.naive_->restart();
  });
}

void Weather::crash_recorder(bool halt, Micros back) {
  if (!w_.recorder_->up()) return;
  w_.recorder_->crash(halt);
  w_.timeline_.at(back, [&w = w_] {
    if (!w.recorder_->up()) w.start_recorder();
  });
}

void Weather::crash_watchdog(bool halt, Micros back) {
  if (!w_.watchdog_->up()) return;
  w_.watchdog_->crash(halt);
  w_.timeline_.at(back, [&w = w_] {
    if (!w.watchdog_->up()) w.watchdog_->start();
  });
}

void Weather::service(Micros passed) {
  const Storm& s = *w_.options_.storm;
  if (w_.timeline_.now() < w_.suspended_until_) return;
  if (begins(s.broker_crash, passed)) crash_broker(false, end(50ms, 3s));
  if (begins(s.broker_pause, passed)) w_.broker_->pause(end(random_.chance(0.5) ? 35ms : 1s, 1200ms));
  if (begins(s.broker_slow, passed)) w_.broker_->slow_down(end(500ms, 4s));
  if (begins(s.recorder_crash, passed)) crash_recorder(false, end(50ms, 5s));
  if (begins(s.recorder_pause, passed)) w_.recorder_->pause(end(100ms, 5s));
  if (begins(s.watchdog_crash, passed)) crash_watchdog(false, end(50ms, 2s));
  if (begins(s.watchdog_pause, passed)) w_.watchdog_->pause(end(100ms, 8s));
  if (begins(s.watchdog_away, passed)) {
    const Micros back = end(5s, 40s);
    crash_watchdog(false, back);
    w_.naive_away_until_ = back;  // there the judge is the process that hears
    w_.timeline_.at(back, [&w = w_] { w.naive_->restart(); });
  }
}

void Weather::suspend() {
  Machine& m = w_.machine_;
  const Micros now = w_.timeline_.now();
  const Micros until = end(500ms, 20s);
  w_.suspended_until_ = std::max(w_.suspended_until_, until);
  m.slept += until - now;
  w_.broker_->pause(until);
  w_.recorder_->pause(until);
  w_.watchdog_->pause(until);
}

void Weather::machine(Micros passed) {
  const Storm& s = *w_.options_.storm;
  const Micros now = w_.timeline_.now();
  if (now < w_.suspended_until_) return;
  if (begins(s.suspend, passed)) return suspend();
  if (begins(s.power, passed)) {
    const Micros back = end(1s, 6s);
    crash_broker(true, back);
    crash_recorder(true, back + random_.between(0ms, 2s));
    crash_watchdog(true, back + random_.between(0ms, 2s));
    w_.machine_.reboot(now);
    if (random_.chance(0.3)) w_.machine_.wall_off += random_.between(-20s, 20s);  // its clock's battery is old
  }
  if (begins(s.clock_step, passed)) {
    const bool far = random_.chance(0.3);
    w_.machine_.wall_off += far ? random_.between(-3600s, 3600s) : random_.between(-5s, 5s);
  }
  if (begins(s.disk_slow, passed)) {
    const bool very = random_.chance(0.3);
    w_.disk_.least = 20ms;
    w_.disk_.most = very ? 3s : 500ms;
    w_.timeline_.at(end(1s, 10s), [&d = w_.disk_] { d.least = 500us, d.most = 5ms; });
  }
  if (begins(s.disk_full, passed)) {
    w_.disk_.full = true;
    w_.timeline_.at(end(1s, 15s), [&d = w_.disk_] { d.full = false; });
  }
}

// Either side may find out late: the other end is gone, and nobody said so.
void Weather::cut(const LinkPtr& link) {
  if (!link) return;
  const auto notice = [&] { return random_.chance(0.3) ? random_.between(1s, 5s) : random_.between(1ms, 50ms); };
  link->cut(link, notice(), notice());
}

void Weather::partition() {
  const std::size_t count = 1 + random_.below(w_.hosts_.size() / 2);
  const Micros until = end(200ms, 15s);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t host = some_host();
    w_.cut_off_until_[host] = std::max(w_.cut_off_until_[host], until);
    cut(w_.hosts_[host]->link());
  }
}

void Weather::network(Micros passed) {
  const Storm& s = *w_.options_.storm;
  if (begins(s.cut_service, passed)) {
    switch (random_.below(3)) {
      case 0:
        cut(w_.recorder_->link());
        break;
      case 1:
        cut(w_.watchdog_->link());
        break;
      default:
        cut(w_.subscriber_->link());
        break;
    }
  }
  if (begins(s.partition, passed)) partition();
  if (begins(s.slow_network, passed)) {
    const Micros slow = random_.between(20ms, 400ms);
    for (const auto& host : w_.hosts_)
      if (host->link() && random_.chance(0.5)) host->link()->set_delay(slow);
    w_.timeline_.at(end(1s, 10s), [&w = w_] {
      for (const auto& host : w.hosts_)
        if (host->link()) host->link()->set_delay(w.delay_);
    });
  }
  if (begins(s.lose_events, passed)) {
    w_.broker_->lose_events(0.3);
    w_.timeline_.at(end(1s, 10s), [&w = w_] { w.broker_->lose_events(0); });
  }
}

void Weather::agents(Micros passed) {
  const Storm& s = *w_.options_.storm;
  World& w = w_;
  const auto die = [&](std::size_t host, Micros back) {  // back 0: for good
    if (!w.hosts_[host]->up()) return;
    w.hosts_[host]->crash(random_.chance(0.3));
    if (back == Micros(0)) return;
    w.timeline_.at(back, [&w, host] {
      if (!w.hosts_[host]->up()) w.hosts_[host]->start();
    });
  };
  if (begins(s.die, passed)) die(some_host(), Micros(0));
  if (begins(s.restart, passed)) die(some_host(), end(20ms, 12s));
  if (begins(s.stop, passed)) w.hosts_[some_host()]->pause(end(100ms, 10s));
  if (begins(s.agent_clock, passed)) w.hosts_[some_host()]->step_clock(random_.between(-600s, 600s));
  if (begins(s.mass_death, passed)) {
    const bool returns = random_.chance(0.7);
    for (std::size_t i = 0; i < w.hosts_.size(); ++i)
      if (random_.chance(0.6)) die(i, returns ? end(1s, 20s) : Micros(0));
  }
  const std::size_t at = some_host();
  Host& host = *w.hosts_[at];
  const std::size_t member = random_.below(host.size());
  if (begins(s.hang, passed) && host.up()) {
    host.hang(member, true);
    if (random_.chance(0.9))
      w.timeline_.at(end(100ms, 15s), [&host, member] {
        if (host.up()) host.hang(member, false);
      });
  }
  if (begins(s.goodbye, passed) && host.up()) {
    host.say_goodbye(member);
    if (random_.chance(0.7))
      w.timeline_.at(end(10ms, 10s), [&host, member] {
        if (host.up()) host.come_back(member);
      });
  }
}

void Weather::clear() {
  w_.disk_.full = false;
  w_.disk_.least = 500us;
  w_.disk_.most = 5ms;
  w_.broker_->lose_events(0);
}

}  // namespace lifesign::sim
