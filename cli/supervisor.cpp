#include "cli/supervisor.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <csignal>

#include "base/text.h"

namespace lifesign::cli {

Supervisor::Supervisor(std::vector<Service> services, Say say) : say_(std::move(say)) {
  for (auto& service : services) slots_.push_back({.service = std::move(service)});
}

base::Status Supervisor::start() {
  for (auto& slot : slots_) {
    if (auto launched = launch(slot); !launched) return launched;
  }
  return {};
}

base::Status Supervisor::launch(Slot& slot) {
  slot.started_wall = base::wall_now();
  auto child = Child::start(slot.service.name, slot.service.command);
  if (!child) return child.error();
  slot.child.emplace(std::move(*child));
  return {};
}

void Supervisor::mourn(Slot& slot, const Death& death) {
  slot.child.reset();
  const auto wait = slot.policy.on_death(death);
  if (wait) {
    slot.due = base::monotonic_now() + *wait;
    say_(fmt::format("{} died: {}. Starting it again in {}.", slot.service.name, death_text(death),
                     base::format_duration(*wait)));
    return;
  }
  if (is_final(death)) {
    say_(fmt::format("{} cannot run: {}. Its own message is above.", slot.service.name, death_text(death)));
    gave_up_ = death.code == 127 ? failed : static_cast<ExitCode>(death.code);
  } else {
    say_(
        fmt::format("{} died {} times in a row within {} of its start, the last time with {}. Giving up; its own "
                    "messages are above, and --log-level debug makes it say more.",
                    slot.service.name, slot.policy.quick_deaths(), base::format_duration(RestartPolicy::long_life),
                    death_text(death)));
    gave_up_ = failed;
  }
}

base::Micros Supervisor::until_next(base::Micros timeout) const {
  for (const auto& slot : slots_) {
    if (!slot.child) timeout = std::min(timeout, std::max(base::Micros(0), slot.due - base::monotonic_now()));
  }
  return timeout;
}

void Supervisor::step(base::StopSignal& stop, base::Micros timeout) {
  std::vector<pollfd> items{{stop.fd(), POLLIN, 0}};
  for (const auto& slot : slots_) {
    if (slot.child) items.push_back({slot.child->fd(), POLLIN, 0});
  }
  ::poll(items.data(), items.size(), static_cast<int>(std::chrono::ceil<base::Millis>(until_next(timeout)).count()));
  if (stop.raised()) return;
  for (auto& slot : slots_) {
    if (gave_up_) return;
    if (slot.child) {
      if (const auto death = slot.child->death()) mourn(slot, *death);
    } else if (base::monotonic_now() >= slot.due) {
      if (auto launched = launch(slot); !launched) {
        say_(launched.error().message);
        gave_up_ = failed;
      }
    }
  }
}

bool Supervisor::all_running() const {
  return std::all_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.child.has_value(); });
}

std::optional<base::Micros> Supervisor::started(const std::string& name) const {
  for (const auto& slot : slots_) {
    if (slot.service.name == name && slot.child) return slot.started_wall;
  }
  return std::nullopt;
}

void Supervisor::stop(base::StopSignal& stop, const std::vector<std::string>& order, base::Micros patience) {
  bool impatient = false;
  for (const auto& name : order) {
    for (auto& slot : slots_) {
      if (slot.service.name != name || !slot.child) continue;
      slot.child->signal(impatient ? SIGKILL : SIGTERM);
      const auto until = base::monotonic_now() + patience;
      while (!slot.child->death()) {
        pollfd items[] = {{slot.child->fd(), POLLIN, 0}, {stop.fd(), POLLIN, 0}};
        const auto left = std::chrono::ceil<base::Millis>(until - base::monotonic_now()).count();
        ::poll(items, 2, static_cast<int>(std::max<long>(0, left)));
        const bool again = (items[1].revents & POLLIN) != 0 && stop.raised();
        if (!impatient && again) say_("told to stop a second time: killing what still runs");
        impatient = impatient || again;
        if (!impatient && base::monotonic_now() < until) continue;
        if (!impatient)
          say_(fmt::format("{} did not stop within {}: killing it", name, base::format_duration(patience)));
        slot.child->signal(SIGKILL);
        slot.child->wait(std::chrono::seconds(1));
      }
      // SIGTERM itself ends a process that had not come far enough to handle it.
      const auto death = slot.child->death();
      const bool as_told = death && (death->signalled ? death->code == SIGTERM : death->code == ok);
      if (death && !as_told && !impatient) {
        say_(fmt::format("{} stopped with {}", name, death_text(*death)));
      }
      slot.child.reset();
    }
  }
}

}  // namespace lifesign::cli
