// A child process that cannot outlive this one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "cli/restart_policy.h"

namespace lifesign::cli {

class Child {
 public:
  // Starts `command[0]` with the rest as arguments: its own process group, so that Ctrl-C comes to us alone, stdin
  // from /dev/null, stdout and stderr as ours. It is killed when this thread ends, so start it on the main thread.
  static base::Result<Child> start(std::string name, const std::vector<std::string>& command);
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  ~Child();  // kills it where it still runs

  const std::string& name() const { return name_; }
  pid_t pid() const { return pid_; }
  int fd() const { return fd_; }  // readable once it died
  void signal(int number) const;
  // How it died; nothing while it runs. The first answer is kept.
  const std::optional<Death>& death();
  // Waits for its death, at most so long.
  bool wait(base::Micros timeout);

 private:
  Child(std::string name, pid_t pid, int fd);
  std::string name_;
  pid_t pid_;
  int fd_;
  base::Micros started_;
  std::optional<Death> death_;
};

// The folder of this program: its processes are beside it.
std::string program_folder();

}  // namespace lifesign::cli
